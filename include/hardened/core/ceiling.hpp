// SPDX-License-Identifier: Apache-2.0
// The most that a process may ever have in a container: its own rewritten document, as kept in its record. exec
// documents and flags come down to it; update documents and flags come down to the profile.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/invocation.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

// JSON so that a record holds it as it is:
// {"capabilities": [...], "noNewPrivileges": true, "apparmorProfile": "..", "selinuxLabel": "..",
//  "rlimits": [...], "oomScoreAdj": 0, "uidMappings": [...], "gidMappings": [...], "enforced": ["capabilities", ...]}
// `enforced` names the rules that were in enforce mode: what the policy left alone at create is left alone at exec.
struct Ceiling {
  Json json;
};

// Of a rewritten config.
Ceiling ceiling_of(const Json& config, const Profile& profile);

// A container without a record: what /proc/PID/status and /proc/PID/{uid_map,gid_map,limits,attr/current,oom_score_adj}
// of its init say, intersected with `profile`. Throws Error(refused) where something is not readable.
struct InitStatus {
  std::string status, uid_map, gid_map, limits, apparmor_label, selinux_label, oom_score_adj;
};
Ceiling ceiling_of(const InitStatus& init, const Profile& profile);

// A process document brought down to the ceiling.
Plan plan_exec(const Json& process, const Ceiling& ceiling);
// The flags of `exec` edited in place.
void lower_exec_flags(Invocation& invocation, const Ceiling& ceiling);

// A resources document brought down to the profile's limits, and the flags of `update` edited in place.
Plan plan_update(const Json& resources, const Profile& profile, const HostFacts& host);
void lower_update_flags(Invocation& invocation, const Profile& profile, const HostFacts& host);

}  // namespace hardened
