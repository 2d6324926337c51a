// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "targets.hpp"

namespace hardened::fuzz {

std::optional<Json> document_of(Input input, Json (*generate)(property::Choices&)) {
  if (input.empty() || input[0] != '{') {
    property::Choices choices(input);
    return generate(choices);
  }
  try {
    return parse_document(text_of(input));
  } catch (const Error&) {
    return std::nullopt;
  }
}

void fail(std::string_view what) { throw std::logic_error(std::string(what)); }

void require_whole(const property::Outcome& outcome) {
  std::string all;
  for (const property::Broken& broken : outcome.broken) {
    all += broken.invariant + ": " + broken.what + "\n";
  }
  if (!all.empty()) fail(all);
}

const Profile& standard() {
  static const Profile kStandard = Policy::builtin().profile("standard");
  return kStandard;
}

const Facts& usual_facts() {
  static const Facts kFacts = [] {
    property::Choices simplest{Input()};
    return property::facts_of(property::config(simplest), simplest);
  }();
  return kFacts;
}

const Json& container() {
  static const Json kContainer = [] {
    property::Choices simplest{Input()};
    const property::Outcome outcome =
        property::rewrite({property::config(simplest), standard(), usual_facts()});
    if (!outcome.accepted) fail("the plainest document is refused");
    return outcome.result;
  }();
  return kContainer;
}

}  // namespace hardened::fuzz
