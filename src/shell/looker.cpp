// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/looker.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/shell/user_namespace.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongestMountinfo = 256U << 20;  // thousands of mounts of a page each
constexpr std::size_t kLongestFile = 16U << 20;
constexpr std::uint32_t kOverflowId = 65534;  // how ids without a mapping are shown
constexpr std::string_view kDeleted = " (deleted)";

bool same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

FileKind kind_of(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR:
      return FileKind::directory;
    case S_IFREG:
      return FileKind::regular;
    case S_IFSOCK:
      return FileKind::socket;
    case S_IFIFO:
      return FileKind::fifo;
    case S_IFCHR:
      return FileKind::character;
    case S_IFBLK:
      return FileKind::block;
    case S_IFLNK:
      return FileKind::symlink;
    default:
      return FileKind::other;
  }
}

bool others_write(const struct stat& status) { return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0; }

}  // namespace

Looker::Looker(Kernel& kernel)
    : kernel_(kernel), initial_user_namespace_(in_initial_user_namespace(kernel)) {}

std::optional<Descriptor> Looker::open(int directory, const std::string& path, int flags,
                                       Walk walk) {
  try {
    return kernel_.find(directory, path, flags, walk);
  } catch (const Error& error) {
    // ESRCH: the process of a name below /proc is gone.
    if (error.number() == ENOTDIR || error.number() == ESRCH) return std::nullopt;
    throw;
  }
}

std::optional<std::string> Looker::name(int descriptor) {
  return kernel_.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(descriptor));
}

FileIdentity Looker::identity(int descriptor) {
  const struct stat status = kernel_.status(descriptor);
  return {status.st_dev, status.st_ino};
}

std::optional<std::string> Looker::read(const std::string& path) {
  const std::optional<Descriptor> file = open(kWorkingDirectory, path, O_RDONLY, Walk::follow);
  if (!file) return std::nullopt;
  return kernel_.read_all(file->number(), kLongestFile);
}

const MountTable& Looker::mounts() {
  if (!mounts_) {
    const Descriptor file =
        kernel_.open(kWorkingDirectory, "/proc/self/mountinfo", O_RDONLY, Walk::follow);
    mounts_.emplace(kernel_.read_all(file.number(), kLongestMountinfo));
  }
  return *mounts_;
}

// The link below /proc/self/fd shows an object of another mount namespace under the name that it
// has there: a container's /usr/bin/dockerd would pass for the host's. So the name must lead back,
// to the same object on the same mount.
std::optional<Looker::Place> Looker::find_place(int descriptor, const struct stat& status) {
  const std::optional<std::string> path = name(descriptor);
  if (!path || !path->starts_with('/')) return std::nullopt;
  const std::uint64_t id = kernel_.mount_id(descriptor);
  const std::optional<Descriptor> again =
      open(kWorkingDirectory, *path, O_PATH | O_NOFOLLOW, Walk::no_links);
  if (!again || !same(kernel_.status(again->number()), status) ||
      kernel_.mount_id(again->number()) != id) {
    return std::nullopt;
  }
  std::optional<Mount> mount = mounts().find(id);
  if (!mount) return std::nullopt;
  std::optional<Location> location = locate(*mount, *path);
  if (!location) return std::nullopt;
  return Place{*path, *std::move(location), *std::move(mount)};
}

Looker::Place Looker::place(int descriptor, const struct stat& status) {
  std::optional<Place> found = find_place(descriptor, status);
  if (!found) {
    throw Error(ErrorKind::refused,
                "cannot be placed on this host: it lies in another mount namespace, or has no name "
                "any more");
  }
  return *std::move(found);
}

bool Looker::owner_is_root(std::uint32_t uid) const {
  // Below a rootless engine root's files show the overflow id; nobody inside can change them if
  // their mode says so.
  return uid == 0 || (!initial_user_namespace_ && uid == kOverflowId);
}

// Whether only root can put another object in the place of one in it that root owns.
bool Looker::is_guarded(const std::string& directory) {
  if (const auto known = guarded_.find(directory); known != guarded_.end()) return known->second;
  bool guarded = directory == "/" || is_guarded(parent_of(directory));
  if (guarded) {
    const std::optional<Descriptor> opened =
        open(kWorkingDirectory, directory, O_PATH | O_DIRECTORY, Walk::no_links);
    guarded = opened.has_value();
    if (opened) {
      const struct stat status = kernel_.status(opened->number());
      guarded = owner_is_root(status.st_uid) &&
                (!others_write(status) || (status.st_mode & S_ISVTX) != 0);
    }
  }
  guarded_[directory] = guarded;
  return guarded;
}

bool Looker::replaceable(const std::string& path, const struct stat& status) {
  return !owner_is_root(status.st_uid) || others_write(status) || !is_guarded(parent_of(path));
}

SourceFact Looker::source(int descriptor, bool recursive) {
  const struct stat status = kernel_.status(descriptor);
  Place place = this->place(descriptor, status);
  SourceFact fact;
  fact.sight = Sight::seen;
  fact.kind = kind_of(status);
  fact.identity = {status.st_dev, status.st_ino};
  fact.owner = status.st_uid;
  fact.mode = status.st_mode & 07777;
  if (fact.kind == FileKind::character || fact.kind == FileKind::block) {
    fact.major = major(status.st_rdev);
    fact.minor = minor(status.st_rdev);
  }
  fact.replaceable = replaceable(place.path, status);
  fact.file_system = place.mount.file_system;
  fact.locked_options = locked_options(place.mount);
  // A host that runs from an overlay (live systems, an engine in a container) is the host all the
  // same.
  if (place.mount.mount_point != "/") fact.layers = layers(place.mount);
  if (recursive && fact.kind == FileKind::directory) {
    for (const Mount& mount : mounts().below(place.mount.id, place.path)) {
      SourceFact below;
      below.sight = Sight::seen;
      below.path = mount.mount_point;
      below.location = {mount.device, mount.root};
      below.file_system = mount.file_system;
      below.locked_options = locked_options(mount);
      below.layers = layers(mount);
      fact.submounts.push_back(std::move(below));
    }
  }
  fact.path = std::move(place.path);
  fact.location = std::move(place.location);
  return fact;
}

// The state directories of a rootfs lie on one mount.
const std::vector<RootPart>& Looker::layers(const Mount& mount) {
  const auto known = layers_.find(mount.id);
  if (known != layers_.end()) return known->second;
  return layers_[mount.id] = find_layers(mount);
}

// What an overlay shows lies elsewhere: with lowerdir=/ it is the host's own files.
std::vector<RootPart> Looker::find_layers(const Mount& mount) {
  std::vector<RootPart> found;
  if (mount.file_system != "overlay") return found;
  const Overlay overlay = parse_overlay(mount.super_options);
  std::vector<std::string> directories = layer_directories(overlay, mount.mount_point);
  std::vector<std::string> named = overlay.lower;
  if (!overlay.upper.empty()) named.push_back(overlay.upper);
  for (const std::string& layer : named) {
    const bool relative = !layer.starts_with('/');
    for (const std::string& directory : relative ? directories : std::vector<std::string>{""}) {
      const std::string path = relative ? directory + '/' + layer : layer;
      const std::optional<Descriptor> opened =
          open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow);
      // By its text where it is out of sight, as layers of another mount namespace are.
      const std::optional<Place> place =
          opened ? find_place(opened->number(), kernel_.status(opened->number())) : std::nullopt;
      if (place) {
        found.push_back({place->path, place->location});
      } else if (!relative) {
        found.push_back({layer, {}});
      }
    }
  }
  return found;
}

RootFact Looker::root(int descriptor) {
  const struct stat status = kernel_.status(descriptor);
  Place place = this->place(descriptor, status);
  RootFact fact;
  fact.sight = Sight::seen;
  fact.path = std::move(place.path);
  fact.location = std::move(place.location);
  fact.identity = {status.st_dev, status.st_ino};
  fact.parts = layers(place.mount);
  for (const Mount& mount : mounts().below(place.mount.id, fact.path)) {
    fact.parts.push_back({mount.mount_point, {mount.device, mount.root}});
  }
  for (const std::string name : {"dev", "proc", "sys"}) {
    const std::optional<Descriptor> entry =
        open(descriptor, name, O_PATH | O_NOFOLLOW, Walk::beneath_no_links);
    if (entry && kind_of(kernel_.status(entry->number())) == FileKind::symlink) {
      fact.symbolic_links.push_back("/" + name);
    }
  }
  return fact;
}

ExecutableFact Looker::executable(int descriptor) {
  const struct stat status = kernel_.status(descriptor);
  ExecutableFact fact;
  fact.sight = Sight::seen;
  fact.owner = status.st_uid;
  fact.path = name(descriptor).value_or("");
  if (status.st_nlink == 0 && fact.path.ends_with(kDeleted)) {
    fact.path.resize(fact.path.size() - kDeleted.size());
    const std::optional<Mount> mount = mounts().find(kernel_.mount_id(descriptor));
    fact.replaceable = !mount || !locate(*mount, fact.path) || replaceable(fact.path, status);
  } else {
    fact.replaceable = !find_place(descriptor, status) || replaceable(fact.path, status);
  }
  return fact;
}

SourceFact Looker::device(const std::string& path, FileKind kind, std::uint32_t major,
                          std::uint32_t minor) {
  const std::string number = std::to_string(major) + ":" + std::to_string(minor);
  const std::string event =
      read(std::string("/sys/dev/") + (kind == FileKind::block ? "block/" : "char/") + number +
           "/uevent")
          .value_or("");
  std::vector<std::string> candidates{path};
  constexpr std::string_view kName = "DEVNAME=";
  if (const std::size_t at = event.find(kName); at != std::string::npos) {
    const std::size_t begin = at + kName.size();
    candidates.insert(candidates.begin(),
                      "/dev/" + event.substr(begin, event.find('\n', begin) - begin));
  }
  for (const std::string& candidate : candidates) {
    if (!candidate.starts_with('/')) continue;
    const std::optional<Descriptor> node = open(kWorkingDirectory, candidate, O_PATH, Walk::follow);
    if (!node) continue;
    SourceFact fact = source(node->number(), false);
    if (fact.kind == kind && fact.major == major && fact.minor == minor) return fact;
  }
  SourceFact missing;
  missing.sight = Sight::missing;
  return missing;
}

}  // namespace hardened
