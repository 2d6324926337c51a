// SPDX-License-Identifier: Apache-2.0
// The checks by name, for the lists of judge.cpp. Each looks at one thing.
#pragma once

#include <functional>
#include <string>

#include "hardened/core/judge.hpp"

namespace hardened::judging {

// "pid 4711 (nginx)"
std::string describe(const ProcessSighting& process);
// The container's first process; nullptr: it is not among those that were seen.
const ProcessSighting* init_of(const ContainerSighting& container);

// Runs `look` for every process whose `part` of /proc ("status") could be read. Where one could
// not, where a process ended meanwhile or none was seen, the finding is no pass.
void each_process(const Scene& scene, Finding& finding, std::string_view part,
                  const std::function<void(const ProcessSighting&)>& look);

// "CAP_CHOWN CAP_KILL"; "none"
std::string capability_list(std::uint64_t mask);
std::uint64_t capability_mask(const std::vector<std::string>& names);

// Of processes.
void apparmor(const Scene& scene, Finding& finding);
void selinux(const Scene& scene, Finding& finding);
void capabilities(const Scene& scene, Finding& finding);
void ssh_server(const Scene& scene, Finding& finding);
void seccomp(const Scene& scene, Finding& finding);
void entered_with_more(const Scene& scene, Finding& finding);
void entered_as_root(const Scene& scene, Finding& finding);
void no_new_privileges(const Scene& scene, Finding& finding);
void oom_score(const Scene& scene, Finding& finding);
void resource_limits(const Scene& scene, Finding& finding);
void host_root(const Scene& scene, Finding& finding);

// Of namespaces.
void network_namespace(const Scene& scene, Finding& finding);
void pid_namespace(const Scene& scene, Finding& finding);
void ipc_namespace(const Scene& scene, Finding& finding);
void uts_namespace(const Scene& scene, Finding& finding);
void user_namespace(const Scene& scene, Finding& finding);

// Of cgroups.
void memory_limit(const Scene& scene, Finding& finding);
void cpu_priority(const Scene& scene, Finding& finding);
void pids_limit(const Scene& scene, Finding& finding);
void own_cgroup(const Scene& scene, Finding& finding);

// Of mounts and devices.
void read_only_rootfs(const Scene& scene, Finding& finding);
void sensitive_directories(const Scene& scene, Finding& finding);
void engine_socket(const Scene& scene, Finding& finding);
void propagation(const Scene& scene, Finding& finding);
void host_paths(const Scene& scene, Finding& finding);
void mount_flags(const Scene& scene, Finding& finding);
void masked_paths(const Scene& scene, Finding& finding);
void proc_mount_type(const Scene& scene, Finding& finding);
void devices(const Scene& scene, Finding& finding);
void privileged(const Scene& scene, Finding& finding);

}  // namespace hardened::judging
