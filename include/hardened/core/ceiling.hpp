// SPDX-License-Identifier: Apache-2.0
// The most that a process may ever have in a container: its own rewritten document, as kept in its
// record. exec documents and flags come down to it; update documents and flags come down to the
// profile. Refuses what cannot be lowered: users outside the mapping, working directories through a
// descriptor, cgroups that are not the container's.
#pragma once

#include <string>
#include <string_view>

#include "hardened/core/facts.hpp"
#include "hardened/core/invocation.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

// JSON so that a record holds it as it is; absent members are the container's too (no AppArmor
// profile, no mapping):
// {"capabilities": [...], "inheritable": [...], "ambient": [...], "noNewPrivileges": true, "apparmorProfile": "..", "selinuxLabel": "..",
//  "rlimits": [...], "oomScoreAdj": 0, "uidMappings": [...], "gidMappings": [...],
//  "rootUser": "refuse", "realtime": "refuse", "ioPriority": "refuse", "unlistedFields": "refuse",
//  "enforced": ["capabilities", ...], "reported": [...]}
// `enforced` names the rules that were in enforce mode: what the policy left alone at create is
// left alone at exec. `reported` likewise those in report mode.
struct Ceiling {
  Json json;
};

// Of a rewritten config.
Ceiling ceiling_of(const Json& config, const Profile& profile);

// A container without a record: what /proc/PID/status and
// /proc/PID/{uid_map,gid_map,limits,attr/current,oom_score_adj} of its init say, intersected with
// `profile`. The labels are empty where the host has no such module. Throws Error(refused) where
// something is missing or not understood.
struct InitStatus {
  std::string status, uid_map, gid_map, limits, apparmor_label, selinux_label, oom_score_adj;
};
Ceiling ceiling_of(const InitStatus& init, const Profile& profile);

// A process document brought down to the ceiling.
Plan plan_exec(const Json& process, const Ceiling& ceiling);
// What `exec` without --process starts, for every runtime as runc reads it: the container's own
// process, the flags and the command line laid over it. To be lowered like any other. Throws
// Error(usage).
Json process_of_flags(const Json& own, const Invocation& invocation);
// What a process document says is taken off the command line: beside --process runtimes ignore it.
// Throws Error(refused) for a cgroup that is not the container's.
void settle_exec_flags(Invocation& invocation);

// Whether a working directory leads into /proc or to an open descriptor, by its text
// (CVE-2024-21626).
bool through_descriptor(std::string_view cwd);

// A resources document brought down to the profile's limits.
Plan plan_update(const Json& resources, const Profile& profile, const HostFacts& host);
// The flags of `update` as such a document. Throws Error(usage) where runc and crun would read a
// number differently.
Json resources_of_flags(const Invocation& invocation);
// That brought down, with what flags alone can ask for; and the flags edited to say so.
Plan plan_update_flags(const Invocation& invocation, const Profile& profile, const HostFacts& host);
void set_update_flags(Invocation& invocation, const Plan& plan);

}  // namespace hardened
