// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

// A set-user-ID binary in the image, or one that an attacker drops, would raise its caller to
// container root and to every capability of the bounding set.
void apply(Draft& draft, const RuleInput&) {
  draft.set("/process/noNewPrivileges", true, "set-user-ID binaries must not raise privileges");
}

}  // namespace

extern const Rule no_new_privileges_rule;
const Rule no_new_privileges_rule{"no-new-privileges",
                                  "privilege escalation through set-user-ID and file capabilities",
                                  "CIS 5.26", apply};

}  // namespace hardened
