// SPDX-License-Identifier: Apache-2.0
// The whole rewrite: a document as text under the standard profile, or a world of the generator's.
#include "targets.hpp"

namespace hardened::fuzz {

void rewrite(Input input) {
  if (input.empty() || input[0] != '{') {
    property::Choices choices(input);
    return require_whole(property::rewrite(property::world(choices)));
  }
  const auto given = document_of(input, nullptr);
  if (!given) return;
  property::Choices simplest{Input()};
  Facts facts = property::facts_of(*given, simplest);
  require_whole(property::rewrite({*given, standard(), std::move(facts)}));
}

}  // namespace hardened::fuzz
