// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/seccomp.hpp"

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

// The kernel's own holes are reached through syscalls: what the container's programs do not need,
// they cannot misuse. Works on the final capabilities, so it comes last.
void apply(Draft& draft, const RuleInput& input) {
  const Json* given = find(draft.document(), "/linux/seccomp");
  SeccompTightening tightened =
      tighten_seccomp(given == nullptr ? Json() : *given, input.settings,
                      find_strings(draft.document(), "/process/capabilities/bounding"),
                      input.facts.host.architecture);
  std::string reason = "fewer ways into the kernel";
  for (const std::string& note : tightened.notes) reason += "; " + note;
  draft.set("/linux/seccomp", std::move(tightened.profile), reason);
}

}  // namespace

extern const Rule seccomp_rule;
const Rule seccomp_rule{"seccomp", "exploits of kernel code that servers never call", "CIS 5.22",
                        apply};

}  // namespace hardened
