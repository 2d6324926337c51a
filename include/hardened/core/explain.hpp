// SPDX-License-Identifier: Apache-2.0
// One decision for whoever wonders why a container is as it is: every change by its rule, with the
// attack that the rule stops and the one setting that would change it.
#pragma once

#include <string>

#include "hardened/core/json.hpp"
#include "hardened/core/table.hpp"

namespace hardened {

struct ExplainStyle {
  Colour colour = Colour::no;
  std::size_t columns = 0;  // of the terminal; 0: none
};

// `decision` as decision_json() and the audit trail have it.
std::string explain(const Json& decision, const ExplainStyle& style);
// The same for machines: each change and refusal with `stops` and `setting` beside it.
Json explained(const Json& decision);

}  // namespace hardened
