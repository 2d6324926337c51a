// SPDX-License-Identifier: Apache-2.0
// Which containers run: by the state that runtimes keep, and by what the kernel shows of those that
// nobody told of.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <map>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/mount_origins.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/runtime_state.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

constexpr std::size_t kTriedForInit = 64;

// --root of runc and crun, as engines give it.
constexpr std::array<std::string_view, 8> kRoots{"/run/docker/runtime-*/*",
                                                 "/run/containerd/runc/*",
                                                 "/run/runc",
                                                 "/run/crun",
                                                 "/run/user/*/runc",
                                                 "/run/user/*/crun",
                                                 "/run/user/*/docker/runtime-*/*",
                                                 "/run/user/*/containerd/runc/*"};

std::vector<std::string> names_in(Kernel& kernel, const std::string& directory) try {
  const Descriptor opened =
      kernel.open(kWorkingDirectory, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Walk::follow);
  std::vector<std::string> names = kernel.list(opened.number());
  std::sort(names.begin(), names.end());
  return names;
} catch (const Error&) {
  return {};  // no such engine, or not for us to see: the kernel tells of its containers
}

// A "*" ends its component and stands for any rest.
std::vector<std::string> expand(Kernel& kernel, std::string_view pattern) {
  std::vector<std::string> found{""};
  for (const std::string& part : path_components(pattern)) {
    std::vector<std::string> next;
    for (const std::string& base : found) {
      if (!part.ends_with('*')) {
        next.push_back(base + '/' + part);
        continue;
      }
      for (const std::string& name : names_in(kernel, base)) {
        if (name.starts_with(part.substr(0, part.size() - 1))) next.push_back(base + '/' + name);
      }
    }
    found = std::move(next);
  }
  return found;
}

std::vector<std::string> usual_roots(Kernel& kernel) {
  std::vector<std::string> roots;
  for (const std::string_view pattern : kRoots) {
    for (std::string& root : expand(kernel, pattern)) roots.push_back(std::move(root));
  }
  return roots;
}

std::string rootfs_of(Kernel& kernel, const std::string& bundle) try {
  const Descriptor file =
      kernel.open(kWorkingDirectory, bundle + "/config.json", O_RDONLY | O_NOFOLLOW, Walk::follow);
  const Json document = parse_document(kernel.read_all(file.number(), kLongestProcFile));
  const std::string path = find_string(document, "/root/path").value_or("");
  return path.starts_with('/') || path.empty() ? path : bundle + '/' + path;
} catch (const Error&) {
  return {};  // said where it is missed
}

// Those of which the first process runs: its number may be another's by now.
std::vector<Candidate> kept_in(Kernel& kernel, const std::string& root) {
  std::vector<Candidate> found;
  for (const std::string& id : names_in(kernel, root)) {
    try {
      const RuntimeState state = runtime_state(kernel, {root, id});
      const int init = static_cast<int>(state.init);
      if (init > 0 && runs(kernel, {init, state.start})) {
        found.push_back({id, "", root, init, rootfs_of(kernel, state.bundle)});
      }
    } catch (const Error&) {
      continue;  // no state of a container, or none to read: the kernel tells of it
    }
  }
  return found;
}

// A service with a mount namespace of its own still has the host's root; a container has another.
bool has_root_of_its_own(Kernel& kernel, int pid, const Mount* host_root) try {
  const std::optional<Descriptor> process = hold_process(kernel, pid);
  if (!process || host_root == nullptr) return false;
  // A thread of the kernel runs no program: kdevtmpfs has a mount namespace of its own.
  if (!kernel.read_link(process->number(), "exe")) return false;
  const MountView view{pid, mounts_of(kernel, *process)};
  const Mount* root = root_mount(view);
  return root == nullptr || root->device != host_root->device || root->root != host_root->root;
} catch (const Error&) {
  return false;
}

// What the processes of one container have in common; empty: nothing tells that it is in one.
class Groups {
 public:
  Groups(Kernel& kernel, const ProcessTable& table) : kernel_(kernel), table_(table) {
    const std::optional<Descriptor> self =
        kernel.open(kWorkingDirectory, "/proc/self", O_PATH | O_DIRECTORY, Walk::follow);
    host_.mounts = mounts_of(kernel, *self);
  }

  std::string of(const Inhabitant& process) {
    if (std::string id = container_id(process.cgroups); !id.empty()) return id;
    if (!process.pid_namespace.empty() &&
        !table_.host_pid_namespaces.contains(process.pid_namespace)) {
      return process.pid_namespace;
    }
    const std::string& mounts = process.mount_namespace;
    if (mounts.empty() || table_.host_mount_namespaces.contains(mounts)) return {};
    const auto known = other_root_.find(mounts);
    if (known != other_root_.end()) return known->second ? mounts : "";
    other_root_[mounts] = has_root_of_its_own(kernel_, process.pid, root_mount(host_));
    return other_root_[mounts] ? mounts : "";
  }

  const std::vector<Mount>& host_mounts() const { return host_.mounts; }

 private:
  Kernel& kernel_;
  const ProcessTable& table_;
  MountView host_;
  std::map<std::string, bool> other_root_;  // by mount namespace
};

// Process 1 of its pid namespace, else the first.
int init_among(Kernel& kernel, const std::vector<int>& pids) {
  for (std::size_t at = 0; at < std::min(pids.size(), kTriedForInit); ++at) {
    const std::optional<Descriptor> process = hold_process(kernel, pids[at]);
    const auto seen = process ? sight_process(kernel, *process) : std::nullopt;
    if (seen && seen->inner_pid == 1) return pids[at];
  }
  return pids.front();
}

void add_untold(Kernel& kernel, const ProcessTable& table, Groups& groups,
                std::vector<Candidate>& found) {
  std::vector<Membership> known;
  for (const Candidate& candidate : found) {
    const Inhabitant* init = find_process(table, candidate.init);
    if (init != nullptr) known.emplace_back(table, *init, candidate.id);
  }
  std::map<std::string, std::vector<int>> untold;
  for (const Inhabitant& process : table.processes) {
    const std::string group = groups.of(process);
    if (group.empty() || std::any_of(known.begin(), known.end(), [&](const Membership& container) {
          return container.has(process);
        })) {
      continue;
    }
    untold[group].push_back(process.pid);
  }
  for (const auto& [group, pids] : untold) {
    const bool is_id = group.find(':') == std::string::npos;
    found.push_back({is_id ? group : "", "", "", init_among(kernel, pids)});
  }
}

std::string describe(const Candidate& candidate) {
  std::string text =
      candidate.id.empty() ? "pid " + std::to_string(candidate.init) : candidate.id.substr(0, 12);
  return candidate.name.empty() ? text : text + " (" + candidate.name + ")";
}

}  // namespace

std::vector<Candidate> find_containers(Kernel& kernel, const ProcessTable& table,
                                       const std::vector<std::string>& roots) {
  std::vector<Candidate> found;
  for (const std::string& root : roots.empty() ? usual_roots(kernel) : roots) {
    if (!roots.empty() && !exists(kernel, root)) {
      throw Error(ErrorKind::usage, "--root " + printable(root) + ": there is no such directory");
    }
    for (Candidate& candidate : kept_in(kernel, root)) found.push_back(std::move(candidate));
  }
  Groups groups(kernel, table);
  add_untold(kernel, table, groups, found);
  for (Candidate& candidate : found) {
    try {
      const std::optional<Descriptor> process = hold_process(kernel, candidate.init);
      if (!process) continue;
      candidate.name =
          docker_name(kernel, candidate.id, mounts_of(kernel, *process), groups.host_mounts());
    } catch (const Error&) {
      continue;  // looked at again, and said, when it is judged
    }
  }
  return found;
}

const Candidate& choose_container(const std::vector<Candidate>& candidates,
                                  const std::string& wanted) {
  std::vector<const Candidate*> fitting;
  for (const Candidate& candidate : candidates) {
    if (wanted.empty()) break;  // as nameless containers are called
    if (candidate.id == wanted || candidate.name == wanted) return candidate;
    if (candidate.id.starts_with(wanted)) fitting.push_back(&candidate);
  }
  if (fitting.size() == 1) return *fitting.front();
  std::string names;
  const auto add = [&](const Candidate& candidate) {
    names += (names.empty() ? "" : ", ") + printable(describe(candidate), 80);
  };
  const std::string quoted = '"' + printable(wanted, 80) + '"';
  if (fitting.empty()) {
    std::for_each(candidates.begin(), candidates.end(), add);
    throw Error(ErrorKind::usage, "no running container has the id or name " + quoted +
                                      (names.empty() ? "; none runs here" : "; running: " + names));
  }
  for (const Candidate* candidate : fitting) add(*candidate);
  throw Error(ErrorKind::usage, "the id " + quoted + " begins that of several: " + names);
}

Candidate container_of(const ProcessTable& table, const std::vector<Candidate>& candidates,
                       int pid) {
  const Inhabitant* process = find_process(table, pid);
  if (process == nullptr) {
    throw Error(ErrorKind::usage, "there is no process " + std::to_string(pid) +
                                      ", or it is not for this user to look at");
  }
  for (const Candidate& candidate : candidates) {
    const Inhabitant* init = find_process(table, candidate.init);
    if (init != nullptr && Membership(table, *init, candidate.id).has(*process)) return candidate;
  }
  throw Error(ErrorKind::usage, "pid " + std::to_string(pid) +
                                    " is in no container: its pid and mount namespaces are the "
                                    "host's, and its cgroup is no container's");
}

}  // namespace hardened
