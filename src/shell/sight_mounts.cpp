// SPDX-License-Identifier: Apache-2.0
// A container's mounts and devices. Nothing in it is opened but directories of /dev, and these
// without following a link: a FIFO would block, a device would act.
#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/mount_origins.hpp"
#include "hardened/core/paths.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongestMountinfo = 64U << 20;
constexpr std::size_t kMostMounts = 100'000;
constexpr std::size_t kMostNodes = 10'000;
constexpr int kDeepest = 8;  // /dev/bus/usb/001/002 is the deepest of a whole host
constexpr std::array<std::string_view, 8> kMayHang{"fuse", "nfs", "cifs",   "smb",
                                                   "ceph", "afs", "autofs", "9p"};

// Whoever serves such a file system can let us wait for ever.
const Mount* hanging_mount(const MountView& view, std::string_view path) {
  const Mount* deepest = nullptr;
  for (const Mount& mount : view.mounts) {
    if (lies_in(path, mount.mount_point) &&
        (deepest == nullptr || mount.mount_point.size() >= deepest->mount_point.size())) {
      deepest = &mount;
    }
  }
  if (deepest == nullptr) return nullptr;
  const bool hangs = std::any_of(kMayHang.begin(), kMayHang.end(), [&](std::string_view type) {
    return deepest->file_system.starts_with(type);
  });
  return hangs ? deepest : nullptr;
}

class DeviceWalk {
 public:
  DeviceWalk(Kernel& kernel, const MountView& view, ContainerSighting& seen)
      : kernel_(kernel), view_(view), seen_(seen) {}

  void walk(int directory, const std::string& path, int depth) {
    for (const std::string& name : kernel_.list(directory)) {
      if (++looked_ > kMostNodes) return;
      look(directory, name, path_below(path, '/' + name), depth);
    }
  }

  bool cut() const { return looked_ > kMostNodes; }

 private:
  void look(int directory, const std::string& name, const std::string& path, int depth) {
    if (const Mount* mount = hanging_mount(view_, path)) {
      seen_.unseen.push_back("devices: " + path + " lies on " + mount->file_system +
                             ", which may never answer");
      return;
    }
    try {
      const Descriptor entry =
          kernel_.open(directory, name, O_PATH | O_NOFOLLOW, Walk::beneath_no_links);
      const struct stat status = kernel_.status(entry.number());
      if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
        seen_.devices.push_back({path,
                                 S_ISBLK(status.st_mode) ? FileKind::block : FileKind::character,
                                 major(status.st_rdev), minor(status.st_rdev)});
      } else if (S_ISDIR(status.st_mode)) {
        if (depth >= kDeepest) throw Error(ErrorKind::unsupported, "too deep");
        walk(entry.number(), path, depth + 1);
      }
    } catch (const Error& error) {
      if (has_ended(error)) return;  // removed meanwhile
      seen_.unseen.push_back("devices: " + path + ": " + reason_of(error));
    }
  }

  Kernel& kernel_;
  const MountView& view_;
  ContainerSighting& seen_;
  std::size_t looked_ = 0;
};

std::string name_in(Kernel& kernel, const std::string& file) try {
  const Descriptor opened =
      kernel.open(kWorkingDirectory, file, O_RDONLY | O_NOFOLLOW, Walk::no_links);
  const Json document = parse_document(kernel.read_all(opened.number(), kLongestProcFile));
  const std::string name = find_string(document, "/Name").value_or("");
  return name.starts_with('/') ? name.substr(1) : name;
} catch (const Error&) {
  return {};  // an ornament: the id is what counts
}

}  // namespace

std::vector<Mount> mounts_of(Kernel& kernel, const Descriptor& process) {
  const Descriptor file = kernel.open(process.number(), "mountinfo", O_RDONLY, Walk::no_links);
  return MountTable(kernel.read_all(file.number(), kLongestMountinfo)).all();
}

void sight_mounts(Kernel& kernel, const Descriptor& process, int pid, ContainerSighting& seen) {
  try {
    MountView view{pid, mounts_of(kernel, process)};
    if (view.mounts.size() > kMostMounts) {
      seen.unseen.push_back("mounts: " + std::to_string(view.mounts.size() - kMostMounts) +
                            " of pid " + std::to_string(pid) + " were left out");
      view.mounts.resize(kMostMounts);
    }
    seen.views.push_back(std::move(view));
  } catch (const Error& error) {
    seen.unseen.push_back("mounts: of pid " + std::to_string(pid) + ": " + reason_of(error));
  }
}

void sight_devices(Kernel& kernel, const Descriptor& process, ContainerSighting& seen) {
  if (seen.views.empty()) return seen.unseen.push_back("devices: its mounts could not be read");
  const MountView& view = seen.views.front();
  if (const Mount* mount = hanging_mount(view, "/dev")) {
    return seen.unseen.push_back("devices: /dev lies on " + mount->file_system +
                                 ", which may never answer");
  }
  try {
    const Descriptor root =
        kernel.open(process.number(), "root", O_PATH | O_DIRECTORY, Walk::follow);
    const Descriptor directory = kernel.open(
        root.number(), "dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Walk::beneath_no_links);
    DeviceWalk walk(kernel, view, seen);
    walk.walk(directory.number(), "/dev", 0);
    if (walk.cut()) {
      seen.unseen.push_back("devices: more than " + std::to_string(kMostNodes) +
                            " entries in /dev, the rest was left out");
    }
  } catch (const Error& error) {
    seen.unseen.push_back("devices: /dev: " + reason_of(error));
  }
}

std::string docker_name(Kernel& kernel, const std::string& id, const std::vector<Mount>& mounts,
                        const std::vector<Mount>& host) {
  if (id.empty()) return {};
  const std::string mark = "/containers/" + id + "/";
  for (const Mount& mount : mounts) {
    if (mount.mount_point != "/etc/hosts" && mount.mount_point != "/etc/resolv.conf" &&
        mount.mount_point != "/etc/hostname") {
      continue;
    }
    const std::string path = path_on_host(mount, host);
    const std::size_t at = path.find(mark);
    if (at == std::string::npos) continue;
    return name_in(kernel, path.substr(0, at + mark.size()) + "config.v2.json");
  }
  return {};
}

}  // namespace hardened
