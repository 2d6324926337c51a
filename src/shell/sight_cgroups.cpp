// SPDX-License-Identifier: Apache-2.0
// The limits of a container's cgroup and of those above it, in every hierarchy.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

const std::map<std::string_view, std::vector<std::string>>& files_by_controller() {
  static const std::map<std::string_view, std::vector<std::string>> kFiles{
      {"", {"memory.max", "pids.max", "cpu.weight", "cpu.max"}},
      {"memory", {"memory.limit_in_bytes"}},
      {"pids", {"pids.max"}},
      {"cpu", {"cpu.shares", "cpu.cfs_quota_us", "cpu.rt_runtime_us"}},
      {"devices", {"devices.list"}}};
  return kFiles;
}

bool has_option(const Mount& mount, std::string_view option) {
  const auto options = split_options(mount.super_options);
  return std::find(options.begin(), options.end(), option) != options.end();
}

const Mount* hierarchy_of(const std::vector<Mount>& mounts, std::string_view controller) {
  const auto found = std::find_if(mounts.begin(), mounts.end(), [&](const Mount& mount) {
    return controller.empty() ? mount.file_system == "cgroup2"
                              : mount.file_system == "cgroup" && has_option(mount, controller);
  });
  return found == mounts.end() ? nullptr : &*found;
}

void read_limit(Kernel& kernel, const std::string& directory, const std::string& cgroup,
                const std::string& name, ContainerSighting& seen) {
  try {
    const Descriptor file =
        kernel.open(kWorkingDirectory, path_below(directory, '/' + name), O_RDONLY, Walk::no_links);
    seen.limits.push_back({cgroup, name, kernel.read_all(file.number(), kLongestProcFile)});
  } catch (const Error& error) {
    // A controller that is not on has no files, and the topmost cgroup has no limits.
    if (error.number() == ENOENT) return;
    seen.unseen.push_back("cgroup: " + name + " of " + cgroup + ": " + reason_of(error));
  }
}

// Where that cgroup is in the host's file system; empty: not in what is mounted.
std::string directory_of(const Mount& hierarchy, const std::string& cgroup) {
  if (!lies_in(cgroup, hierarchy.root) || climbs(cgroup)) return {};
  const std::string rest = hierarchy.root == "/" ? cgroup : cgroup.substr(hierarchy.root.size());
  return rest == "/" || rest.empty() ? hierarchy.mount_point
                                     : path_below(hierarchy.mount_point, rest);
}

void climb(Kernel& kernel, const Mount& hierarchy, const std::string& cgroup,
           const std::vector<std::string>& files, ContainerSighting& seen) {
  for (std::string at = cgroup;; at = parent_of(at)) {
    const std::string directory = directory_of(hierarchy, at);
    if (directory.empty()) {
      if (at == cgroup) seen.unseen.push_back("cgroup: " + at + " is outside what is mounted here");
      return;
    }
    for (const std::string& file : files) read_limit(kernel, directory, at, file, seen);
    if (at == "/") return;
  }
}

}  // namespace

void sight_limits(Kernel& kernel, const std::vector<CgroupPlace>& own, ContainerSighting& seen) {
  const Descriptor self =
      kernel.open(kWorkingDirectory, "/proc/self", O_PATH | O_DIRECTORY, Walk::follow);
  const std::vector<Mount> mounts = mounts_of(kernel, self);
  for (const CgroupPlace& place : own) {
    for (const std::string& controller : split(place.controllers, ',')) {
      const auto files = files_by_controller().find(controller);
      if (files == files_by_controller().end()) continue;
      const Mount* hierarchy = hierarchy_of(mounts, controller);
      if (hierarchy == nullptr) {
        if (!controller.empty()) {
          seen.unseen.push_back("cgroup: the controller " + controller + " is not mounted");
        }
        continue;
      }
      climb(kernel, *hierarchy, place.path, files->second, seen);
    }
    const auto& known = seen.cgroups;
    if (std::find(known.begin(), known.end(), place.path) == known.end()) {
      seen.cgroups.push_back(place.path);
    }
  }
}

}  // namespace hardened
