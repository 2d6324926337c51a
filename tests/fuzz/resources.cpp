// SPDX-License-Identifier: Apache-2.0
// update's document.
#include "targets.hpp"

namespace hardened::fuzz {

void resources(Input input) {
  const auto given = document_of(input, property::resources_document);
  if (given) require_whole(property::update(*given, standard(), usual_facts().host));
}

}  // namespace hardened::fuzz
