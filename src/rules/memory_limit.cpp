// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/limits.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

void apply(Draft& draft, const RuleInput& input) {
  limit_memory(draft, created(draft, input.facts.host, "memory"), input.settings, input.facts.host);
}

}  // namespace

extern const Rule memory_limit_rule;
const Rule memory_limit_rule{"memory-limit", "the host's memory taken by one container", "CIS 5.11",
                             apply, "host_percent"};

}  // namespace hardened
