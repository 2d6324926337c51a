// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/document.hpp"
#include "hardened/core/limits.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

void apply(Draft& draft, const RuleInput& input) {
  limit_memory(draft, {"/linux/resources", LeftOut::bounded}, input.settings, input.facts.host);
  constexpr std::string_view kNoKiller = "/linux/resources/memory/disableOOMKiller";
  // Processes at the limit would sleep in the kernel for good, holding its locks, and cannot be
  // killed.
  if (find_boolean(draft.document(), kNoKiller).value_or(false)) {
    draft.set(kNoKiller, false, "a container at its limit must not hang in the kernel");
  }
}

}  // namespace

extern const Rule memory_limit_rule;
const Rule memory_limit_rule{"memory-limit", "the host's memory taken by one container", "CIS 5.11",
                             apply};

}  // namespace hardened
