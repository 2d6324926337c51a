// SPDX-License-Identifier: Apache-2.0
// Whose files a container's mounts show: its own rootfs, the engine's files for it, memory, a
// window into the kernel, or the host's. By device and place inside the file system, as mountinfo
// has them; names prove nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardened/core/policy.hpp"
#include "hardened/core/sighting.hpp"

namespace hardened {

enum class Origin {
  rootfs,    // "/" itself, and binds of what lies in it
  own,       // a file system that the host does not have mounted: memory, or the container's pid
             // namespace in /proc
  kernel,    // one of the kernel's own file systems, where containers have it
  device,    // a node in /dev: judged with the devices
  engine,    // resolv.conf, volumes, secrets: what engines keep for each container
  host,      // any other place of the host
  sensitive  // one that the policy gives to no container
};

struct MountOrigin {
  Mount mount;
  Origin origin = Origin::own;
  std::string host_path;  // where the host has it; empty: nowhere
  std::string reaches;    // of `sensitive`: which place
  bool unplaced = false;  // an overlay whose layers nothing names
  std::string socket;     // the engine's socket that can be reached through it; empty: none
};

std::vector<MountOrigin> mount_origins(const MountView& view, const ContainerSighting& container,
                                       const HostSighting& host, const Profile& profile);

// Where the host has what the mount shows, by the name nearest to the file system's own root;
// empty: nowhere.
std::string path_on_host(const Mount& mount, const std::vector<Mount>& host);

// "/" as processes see it: the last that was mounted there.
const Mount* root_mount(const MountView& view);

bool is_read_only(const Mount& mount);  // the mount, or its file system

// proc, sysfs and the like: windows into the kernel, not files.
bool is_kernel_file_system(std::string_view type);

}  // namespace hardened
