// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/limits.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

void apply(Draft& draft, const RuleInput& input) {
  limit_pids(draft, created(draft, input.facts.host, "pids"), input.settings);
}

}  // namespace

extern const Rule pids_limit_rule;
const Rule pids_limit_rule{"pids-limit", "fork bombs", "CIS 5.29", apply, "limit"};

}  // namespace hardened
