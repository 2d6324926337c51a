// SPDX-License-Identifier: Apache-2.0
// exec's document, for a container of the standard profile.
#include "targets.hpp"

namespace hardened::fuzz {

void process(Input input) {
  const auto given = document_of(input, property::process_document);
  if (given) require_whole(property::enter(*given, container(), standard()));
}

}  // namespace hardened::fuzz
