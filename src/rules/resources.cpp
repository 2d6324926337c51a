// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/limits.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

void apply(Draft& draft, const RuleInput& input) {
  limit_others(draft, {"/linux/resources", LeftOut::bounded}, input.settings);
}

}  // namespace

extern const Rule resources_rule;
const Rule resources_rule{"resources",
                          "other containers' share of the disks, and cgroup files by their name",
                          "CIS 5.25", apply, "block_io_weight"};

}  // namespace hardened
