// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/sight.hpp"

#include <algorithm>
#include <set>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

constexpr std::size_t kMostProcesses = 10'000;  // of one container
constexpr std::size_t kMostViews = 100;
constexpr std::uint64_t kPause = 100000;  // microseconds between two attempts
constexpr int kAttempts = 3;
constexpr std::uint64_t kStep = 20000;  // microseconds between two looks at an exec on its way in
constexpr int kSteps = 100;             // of one attempt, for all of them together

bool is_within(const CgroupPlace& place, const CgroupPlace& own) {
  return place.controllers == own.controllers && at_or_below(place.path, own.path);
}

bool is_within(const Inhabitant& process, const CgroupPlace& own) {
  return std::any_of(process.cgroups.begin(), process.cgroups.end(),
                     [&](const CgroupPlace& place) { return is_within(place, own); });
}

// An exec's process is the runtime itself at first, with all that root has. Whoever is called so in
// the container gains two seconds, and is judged after them.
bool is_starting(const ProcessSighting& process) {
  std::string_view program = process.executable;
  if (program.ends_with(" (deleted)")) program.remove_suffix(std::string_view(" (deleted)").size());
  return process.name.starts_with("runc:[") || program.ends_with("/runc") ||
         program.ends_with("/crun") || program.find("memfd:runc_cloned") != program.npos;
}

// One attempt to see every process of a container.
class Look {
 public:
  Look(Kernel& kernel, const Candidate& candidate) : kernel_(kernel), candidate_(candidate) {
    seen_.id = candidate.id;
    seen_.name = candidate.name;
    seen_.runtime = candidate.runtime;
    seen_.init = candidate.init;
    seen_.rootfs = candidate.rootfs;
  }

  // Whether it stood still: nothing ended while it was looked at.
  bool run() {
    const ProcessTable table = list_processes(kernel_);
    const Inhabitant* init = find_process(table, candidate_.init);
    if (init == nullptr) throw Error(ErrorKind::refused, "the container has ended");
    const Membership membership(table, *init, candidate_.id);
    if (table.closed != 0) {
      seen_.unseen.push_back("processes: " + std::to_string(table.closed) +
                             " of the host are closed to this user, some may be in here");
    }
    if (table.cut) seen_.unseen.push_back("processes: the host has too many to look at all");
    look_at(*init, membership);
    for (const Inhabitant& process : table.processes) {
      if (process.pid != init->pid && membership.has(process)) look_at(process, membership);
    }
    if (left_out_ != 0) {
      seen_.unseen.push_back("processes: " + std::to_string(left_out_) + " over " +
                             std::to_string(kMostProcesses) + " were left out");
    }
    sight_limits(kernel_, membership.cgroups(), seen_);
    return ended_.empty();
  }

  ContainerSighting take() {
    for (const int pid : ended_) {
      seen_.unseen.push_back("process " + std::to_string(pid) + " ended while it was looked at");
    }
    return std::move(seen_);
  }

 private:
  void look_at(const Inhabitant& listed, const Membership& membership) {
    if (seen_.processes.size() >= kMostProcesses) return static_cast<void>(++left_out_);
    const std::optional<Descriptor> held = hold_process(kernel_, listed.pid);
    if (!held) return ended_.push_back(listed.pid);
    std::optional<ProcessSighting> process = sight_started(*held);
    // The number may be another's since the list was made.
    const auto now = process ? find_inhabitant(kernel_, listed.pid, *held) : std::nullopt;
    if (!now || !membership.has(*now)) return ended_.push_back(listed.pid);
    process->in_cgroup = membership.by_cgroup(*now);
    if (!process->in_cgroup && !membership.by_mounts(*now) && is_elsewhere(*now)) {
      return seen_.neighbours.push_back("pid " + std::to_string(process->pid) + " (" +
                                        process->name + ") of " + container_id(now->cgroups));
    }
    look_at_mounts(*held, *now);
    seen_.processes.push_back(*std::move(process));
  }

  std::optional<ProcessSighting> sight_started(const Descriptor& held) {
    std::optional<ProcessSighting> process = sight(held);
    while (process && is_starting(*process) && steps_ != 0) {
      --steps_;
      kernel_.sleep(kStep);
      process = sight(held);
    }
    return process;
  }

  std::optional<ProcessSighting> sight(const Descriptor& held) {
    try {
      return sight_process(kernel_, held);
    } catch (const Error& error) {
      seen_.unseen.push_back(std::string("process: ") + error.what());
      return std::nullopt;
    }
  }

  // Another container that shares the pid namespace (`--pid container:X`) is judged by itself.
  bool is_elsewhere(const Inhabitant& process) const {
    const std::string id = container_id(process.cgroups);
    return !id.empty() && id != candidate_.id;
  }

  // Once for each mount namespace and root in it: a process may have a narrower view than others.
  void look_at_mounts(const Descriptor& held, const Inhabitant& process) {
    std::string root;
    try {
      root = kernel_.read_link(held.number(), "root").value_or("");
    } catch (const Error&) {
      // Said when its mounts cannot be read either.
    }
    if (!looked_.insert(process.mount_namespace + ' ' + root).second) return;
    if (looked_.size() > kMostViews) {
      if (looked_.size() == kMostViews + 1) {
        seen_.unseen.push_back("mounts: more than " + std::to_string(kMostViews) +
                               " different views, the rest was left out");
      }
      return;
    }
    const bool first = seen_.views.empty();
    sight_mounts(kernel_, held, process.pid, seen_);
    if (first) sight_devices(kernel_, held, seen_);
  }

  Kernel& kernel_;
  const Candidate& candidate_;
  ContainerSighting seen_;
  std::vector<int> ended_;
  int steps_ = kSteps;
  std::set<std::string> looked_;
  std::size_t left_out_ = 0;
};

}  // namespace

Membership::Membership(const ProcessTable& table, const Inhabitant& init, const std::string& id)
    : cgroups_(own_cgroups(init.cgroups, id)) {
  if (!table.host_pid_namespaces.contains(init.pid_namespace)) {
    pid_namespace_ = init.pid_namespace;
  }
  if (!table.host_mount_namespaces.contains(init.mount_namespace)) {
    mount_namespace_ = init.mount_namespace;
  }
  // A cgroup that is not called after the container may be a user's session or a service.
  for (const CgroupPlace& own : cgroups_) {
    const bool named = !id.empty() && own.path.find(id) != std::string::npos;
    const bool shared =
        std::any_of(table.processes.begin(), table.processes.end(), [&](const Inhabitant& process) {
          return is_within(process, own) && !by_pids(process) && !by_mounts(process);
        });
    if (own.path == "/" || (!named && shared)) shared_.push_back(own);
  }
}

bool Membership::by_cgroup(const Inhabitant& process) const {
  const auto is_shared = [&](const CgroupPlace& own) {
    return std::any_of(shared_.begin(), shared_.end(), [&](const CgroupPlace& place) {
      return place.controllers == own.controllers && place.path == own.path;
    });
  };
  return std::any_of(cgroups_.begin(), cgroups_.end(), [&](const CgroupPlace& own) {
    return !is_shared(own) && is_within(process, own);
  });
}

bool Membership::by_mounts(const Inhabitant& process) const {
  return !mount_namespace_.empty() && process.mount_namespace == mount_namespace_;
}

bool Membership::by_pids(const Inhabitant& process) const {
  return !pid_namespace_.empty() && process.pid_namespace == pid_namespace_;
}

const Inhabitant* find_process(const ProcessTable& table, int pid) {
  const auto found = std::find_if(table.processes.begin(), table.processes.end(),
                                  [&](const Inhabitant& process) { return process.pid == pid; });
  return found == table.processes.end() ? nullptr : &*found;
}

ContainerSighting sight(Kernel& kernel, const Candidate& candidate) {
  for (int attempt = 1;; ++attempt) {
    Look look(kernel, candidate);
    if (look.run() || attempt == kAttempts) return look.take();
    kernel.sleep(kPause);
  }
}

}  // namespace hardened
