// SPDX-License-Identifier: Apache-2.0
// Looks at running containers, from the kernel alone: changes nothing, asks no engine, follows no
// link inside a container and opens none of its devices. What cannot be looked at is said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardened/core/policy.hpp"
#include "hardened/core/sighting.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/liveness.hpp"

namespace hardened {

// One line of /proc/PID/cgroup.
struct CgroupPlace {
  std::string controllers;  // "memory", "cpu,cpuacct", "name=systemd"; empty: cgroup v2
  std::string path;
};

// What tells which container a process is in.
struct Inhabitant {
  int pid = 0;
  std::vector<CgroupPlace> cgroups;
  std::string pid_namespace;    // "pid:[4026531836]"
  std::string mount_namespace;  // empty: not shown
};

struct ProcessTable {
  std::vector<Inhabitant> processes;
  std::size_t closed = 0;  // not ours to look at
  bool cut = false;        // more than is looked at
  std::set<std::string> host_pid_namespaces;
  std::set<std::string> host_mount_namespaces;
};

ProcessTable list_processes(Kernel& kernel);

// By its cgroup, if engines' names for cgroups tell it: "docker-<id>.scope", "/docker/<id>".
std::string container_id(const std::vector<CgroupPlace>& cgroups);
// "9:memory:/docker/3f2a"
std::vector<CgroupPlace> parse_cgroups(std::string_view text);

// A container that runs, before it is looked at.
struct Candidate {
  std::string id;       // empty: none known
  std::string name;     // Docker's; empty: none known
  std::string runtime;  // the state directory that has it; empty: known from the kernel alone
  int init = 0;
  std::string rootfs = {};  // root.path of its bundle; empty: not told
};

// Those that a runtime keeps below one of `roots` (empty: every place that engines use), then those
// that only cgroups and namespaces tell of.
std::vector<Candidate> find_containers(Kernel& kernel, const ProcessTable& table,
                                       const std::vector<std::string>& roots);

// The one with that id, beginning of an id, or name. Throws Error(usage): none, or several.
const Candidate& choose_container(const std::vector<Candidate>& candidates,
                                  const std::string& wanted);
// The one that process is in. Throws Error(usage): it is in none.
Candidate container_of(const ProcessTable& table, const std::vector<Candidate>& candidates,
                       int pid);

// Every process that is in the container by its cgroup, or by its pid or mount namespace.
ContainerSighting sight(Kernel& kernel, const Candidate& candidate);

// After the containers: only sockets that one of them could reach are asked for whose they are.
HostSighting sight_host(Kernel& kernel, const Profile& profile,
                        const std::vector<ContainerSighting>& containers);

}  // namespace hardened
