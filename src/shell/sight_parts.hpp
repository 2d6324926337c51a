// SPDX-License-Identifier: Apache-2.0
// The parts of looking at a container. A process is held by a descriptor of its /proc/PID: once it
// has ended nothing can be read through that, whoever has its number then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardened/shell/sight.hpp"

namespace hardened {

constexpr std::size_t kLongestProcFile = 16U << 20;

// nullopt: it has ended.
std::optional<Descriptor> hold_process(Kernel& kernel, int pid);
bool has_ended(const Error& error);

// "not permitted": in a few words, for a line of `unseen`.
std::string reason_of(const Error& error);

// What tells of it where it is; nullopt: it has ended. Throws where it may not be looked at.
std::optional<Inhabitant> find_inhabitant(Kernel& kernel, int pid, const Descriptor& process);

// nullopt: it has ended, or is a zombie, which runs nothing any more.
std::optional<ProcessSighting> sight_process(Kernel& kernel, const Descriptor& process);

// Which processes are in the container of one of them.
class Membership {
 public:
  Membership(const ProcessTable& table, const Inhabitant& init, const std::string& id);

  const std::vector<CgroupPlace>& cgroups() const { return cgroups_; }
  bool by_cgroup(const Inhabitant& process) const;
  // The host's own namespaces tell nothing.
  bool by_mounts(const Inhabitant& process) const;
  bool by_pids(const Inhabitant& process) const;
  bool has(const Inhabitant& process) const {
    return by_cgroup(process) || by_mounts(process) || by_pids(process);
  }

 private:
  std::vector<CgroupPlace> cgroups_;  // its own
  std::vector<CgroupPlace> shared_;   // of these: those with processes from outside
  std::string pid_namespace_;         // empty: the host's
  std::string mount_namespace_;
};

const Inhabitant* find_process(const ProcessTable& table, int pid);

// The container's own cgroups out of those that its init is in: up to the component that has its
// id.
std::vector<CgroupPlace> own_cgroups(const std::vector<CgroupPlace>& of_init,
                                     const std::string& id);
void sight_limits(Kernel& kernel, const std::vector<CgroupPlace>& own, ContainerSighting& seen);

// The mounts that the process sees.
void sight_mounts(Kernel& kernel, const Descriptor& process, int pid, ContainerSighting& seen);
// The nodes in the /dev of the process, whose mounts are the first view.
void sight_devices(Kernel& kernel, const Descriptor& process, ContainerSighting& seen);

// As Docker keeps it beside its own files for the container, which the mounts tell of.
std::string docker_name(Kernel& kernel, const std::string& id, const std::vector<Mount>& mounts,
                        const std::vector<Mount>& host);

std::vector<Mount> mounts_of(Kernel& kernel, const Descriptor& process);

}  // namespace hardened
