// SPDX-License-Identifier: Apache-2.0
#include "shell/stage_objects.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "hardened/shell/standard_streams.hpp"

namespace hardened {

Descriptor StageObjects::make_node(const StageDirectory& stage, const std::string& name,
                                   const DeviceNode& device) {
  const Descriptor nodes =
      memory(stage, "nodes", MS_NOSUID | MS_NOEXEC, "mode=0711,size=1m", nodes_mounted_);
  const mode_t type = device.type == 'b' ? S_IFBLK : device.type == 'p' ? S_IFIFO : S_IFCHR;
  kernel_.make_node(nodes.number(), name, type | device.mode, makedev(device.major, device.minor),
                    {device.user, device.group});
  const Descriptor node =
      kernel_.open(nodes.number(), name, O_PATH | O_NOFOLLOW, Walk::beneath_no_links);
  return kernel_.open_tree(node.number(), Tree::single);
}

Descriptor StageObjects::copy(const StageDirectory& stage, const std::string& name,
                              const Descriptor& source, const IdMaps& maps) {
  constexpr std::size_t kLargest = 1U << 20;  // of Docker's and Podman's secrets half of that
  const Descriptor readable =
      kernel_.open(kWorkingDirectory, descriptor_path(source), O_RDONLY, Walk::follow);
  const struct stat status = kernel_.status(readable.number());
  const Descriptor copies =
      memory(stage, "copies", MS_NOSUID | MS_NODEV, "mode=0711,size=64m", copies_mounted_);
  const Descriptor made =
      kernel_.open(copies.number(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                   Walk::beneath_no_links, 0600);
  kernel_.write_all(made.number(), kernel_.read_all(readable.number(), kLargest));
  const FileSystemIds root = root_of(maps);
  kernel_.change_owner(made.number(), host_id(maps.users, status.st_uid).value_or(root.user),
                       host_id(maps.groups, status.st_gid).value_or(root.group));
  kernel_.change_mode(made.number(), status.st_mode & 0777);
  const Descriptor held = kernel_.open(copies.number(), name, O_PATH, Walk::beneath_no_links);
  Descriptor tree = kernel_.open_tree(held.number(), Tree::single);
  kernel_.set_attributes(tree.number(), Tree::single, {.read_only = true});
  return tree;
}

Descriptor StageObjects::memory(const StageDirectory& stage, std::string_view kind,
                                unsigned long flags, const std::string& data, bool& mounted) {
  const std::string name(kind);
  if (!mounted) {
    kernel_.make_directory(stage.number(), name, 0700);
    kernel_.mount("hardened", stage.path() + "/" + name, "tmpfs", flags, data);
    mounted = true;
  }
  return kernel_.open(stage.number(), name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
}

}  // namespace hardened
