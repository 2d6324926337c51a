// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/limits.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

void apply(Draft& draft, const RuleInput& input) {
  limit_cpu(draft, created(draft, input.facts.host, "cpu"), input.settings, input.facts.host);
}

}  // namespace

extern const Rule cpu_rule;
const Rule cpu_rule{"cpu", "the host's processors taken by one container", "CIS 5.12", apply};

}  // namespace hardened
