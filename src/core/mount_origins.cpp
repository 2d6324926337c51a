// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_origins.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/mount_sources.hpp"
#include "hardened/core/overlay.hpp"
#include "hardened/core/paths.hpp"

namespace hardened {
namespace {

constexpr std::array<std::string_view, 18> kKernelFileSystems{
    "proc",     "sysfs",   "devtmpfs", "devpts",   "mqueue",      "cgroup",
    "cgroup2",  "debugfs", "tracefs",  "configfs", "securityfs",  "bpf",
    "efivarfs", "pstore",  "fusectl",  "nsfs",     "binfmt_misc", "selinuxfs"};

constexpr std::array<std::string_view, 5> kInitPrograms{"docker-init", "catatonit", "tini",
                                                        "tini-static", "dumb-init"};
constexpr std::array<std::string_view, 3> kInitPlaces{"/sbin/docker-init", "/run/podman-init",
                                                      "/dev/init"};

template <typename List>
bool holds(const List& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

struct Place {
  SensitivePath place;
  bool tree;  // everything below it as well
};

bool reaches(std::string_view path, const Place& sensitive, std::string_view place) {
  return at_or_below(place, path) || (sensitive.tree && at_or_below(path, place));
}

// proc and sysfs below their own places too: read-only and masked parts are mounts of their own.
bool is_at_its_place(const Mount& mount) {
  const std::string_view type = mount.file_system;
  if (type == "proc") return at_or_below(mount.mount_point, "/proc");
  if (type == "sysfs") return at_or_below(mount.mount_point, "/sys");
  if (type.starts_with("cgroup")) return at_or_below(mount.mount_point, "/sys/fs/cgroup");
  if (type == "mqueue") return mount.mount_point == "/dev/mqueue";
  return type == "devpts" && at_or_below(mount.mount_point, "/dev");
}

class Origins {
 public:
  Origins(const MountView& view, const ContainerSighting& container, const HostSighting& host,
          const Profile& profile)
      : view_(view),
        container_(container),
        host_(host),
        root_(root_mount(view)),
        public_(find_strings(profile.settings("mounts"), "/allowed_read_only")),
        storage_(find_strings(profile.settings("rootfs-shape"), "/storage")),
        engine_(engine_of_mounts()) {
    const Json& settings = profile.settings("mounts");
    const std::vector<std::string> exact = find_strings(settings, "/denied_paths");
    for (const SensitivePath& place : host.facts.sensitive) {
      places_.push_back({place, !holds(exact, place.path)});
    }
    for (const std::string& tree : engine_.data_roots) places_.push_back({{tree, {}, {}}, true});
  }

  MountOrigin of(const Mount& mount) const {
    MountOrigin origin;
    origin.mount = mount;
    origin.host_path = path_on_host(mount, host_.mounts);
    origin.socket = socket_in(mount, origin.host_path);
    if (&mount == root_) {
      origin.origin = Origin::rootfs;
      judge_rootfs(origin);
    } else if (is_part_of_rootfs(mount)) {
      origin.origin = Origin::rootfs;
    } else if (is_mask(mount, origin.host_path) ||
               (is_kernel_file_system(mount.file_system) && is_at_its_place(mount))) {
      origin.origin = Origin::kernel;
    } else if (is_device(mount)) {
      origin.origin = Origin::device;
    } else if (!origin.host_path.empty()) {
      judge(origin);
    } else if (mount.file_system == "overlay") {
      judge_layers(origin, mount);
    }
    if (!origin.reaches.empty()) origin.origin = Origin::sensitive;
    return origin;
  }

 private:
  // The engine's directories are told by its own files for this very container.
  EnginePlaces engine_of_mounts() const {
    EnginePlaces places{.data_roots = {"/var/lib/docker"}, .id = container_.id, .pod = {}};
    for (const Mount& mount : view_.mounts) {
      const std::string path = path_on_host(mount, host_.mounts);
      const std::size_t at = path.find("/containers/" + container_.id + "/");
      if (at != std::string::npos && at != 0 && !container_.id.empty()) {
        places.data_roots.push_back(path.substr(0, at));
      }
      const std::vector<std::string> parts = path_components(path);
      if (parts.size() == 6 && path.starts_with("/var/lib/kubelet/pods/") &&
          parts[5] == "etc-hosts" && mount.mount_point == "/etc/hosts") {
        places.pod = parts[4];
      }
    }
    return places;
  }

  bool is_part_of_rootfs(const Mount& mount) const {
    return root_ != nullptr && mount.device == root_->device && lies_in(mount.root, root_->root);
  }

  static bool is_mask(const Mount& mount, std::string_view host_path) {
    const bool inside =
        at_or_below(mount.mount_point, "/proc") || at_or_below(mount.mount_point, "/sys");
    const bool empty = mount.file_system == "tmpfs" && is_read_only(mount);
    return inside && (host_path == "/dev/null" || (mount.root == "/null" && host_path.empty()) ||
                      (empty && host_path.empty()));
  }

  bool is_device(const Mount& mount) const {
    return std::any_of(container_.devices.begin(), container_.devices.end(),
                       [&](const DeviceSighting& node) { return node.path == mount.mount_point; });
  }

  std::string socket_in(const Mount& mount, const std::string& host_path) const {
    for (const SensitivePath& socket : host_.engine_sockets) {
      if (socket.location.device == mount.device && !mount.device.empty() &&
          at_or_below(socket.location.path, mount.root)) {
        return socket.path;
      }
    }
    if (is_engine_socket(mount.root)) return host_path.empty() ? mount.root : host_path;
    return {};
  }

  // Where the rootfs, or a layer of it, is the host's own directory and not one of an engine's.
  void judge_rootfs(MountOrigin& origin) const {
    const Mount& mount = origin.mount;
    if (!origin.host_path.empty()) {
      origin.reaches = reached_by_directory(mount, origin.host_path);
    } else if (mount.file_system != "overlay") {
      return;
    } else if (mount.super_options.find("=/proc/") == std::string::npos) {
      judge_layers(origin, mount);
    } else if (const Mount* engine = mount_of_engine()) {
      judge_layers(origin, *engine);
    } else {
      // Layers that were given as descriptors.
      origin.unplaced = true;
    }
  }

  // The engine's own mount of the same rootfs, beside which hardened lays the container's.
  const Mount* mount_of_engine() const {
    const auto found =
        std::find_if(host_.mounts.begin(), host_.mounts.end(), [&](const Mount& mount) {
          return !container_.rootfs.empty() && mount.mount_point == container_.rootfs;
        });
    return found == host_.mounts.end() ? nullptr : &*found;
  }

  std::string reached_by_directory(const Mount& mount, const std::string& path) const {
    const bool stored =
        std::any_of(storage_.begin(), storage_.end(), [&](const std::string& directory) {
          return path != directory && at_or_below(path, directory);
        });
    for (const Place& sensitive : places_) {
      const SensitivePath& place = sensitive.place;
      const bool located = place.location.device == mount.device && !mount.device.empty();
      const bool above = at_or_below(place.path, path) ||
                         (located && at_or_below(place.location.path, mount.root));
      const bool below = sensitive.tree && !stored && !holds(engine_.data_roots, place.path) &&
                         at_or_below(path, place.path);
      if (above || below) return place.path;
    }
    return {};
  }

  void judge_layers(MountOrigin& origin, const Mount& mount) const {
    Overlay overlay;
    try {
      overlay = parse_overlay(mount.super_options);
    } catch (const Error&) {
      origin.unplaced = true;
      return;
    }
    if (!overlay.upper.empty()) overlay.lower.push_back(overlay.upper);
    for (const std::string& layer : overlay.lower) {
      if (!layer.starts_with('/')) continue;  // below the engine's own directory
      origin.unplaced |= at_or_below(layer, "/proc");
      if (origin.unplaced) return;
      origin.reaches = reached_by_directory({}, layer);
      if (!origin.reaches.empty()) return;
    }
  }

  bool is_init(const MountOrigin& origin) const {
    const std::string& path = origin.host_path;
    return is_read_only(origin.mount) && holds(kInitPlaces, origin.mount.mount_point) &&
           holds(kInitPrograms, std::string_view(path).substr(path.rfind('/') + 1));
  }

  bool is_public(const MountOrigin& origin) const {
    return is_read_only(origin.mount) &&
           std::any_of(public_.begin(), public_.end(), [&](const std::string& path) {
             return at_or_below(origin.host_path, path);
           });
  }

  void judge(MountOrigin& origin) const {
    origin.origin = Origin::host;
    const Mount& mount = origin.mount;
    if (is_init(origin)) origin.origin = Origin::engine;
    if (is_init(origin) || is_public(origin)) return;
    const std::optional<std::string> end =
        engine_file(origin.host_path, mount.mount_point, engine_);
    // A file system of its own, as /dev/shm, begins at its root.
    if (end &&
        (mount.root == "/" || lies_within_engine({mount.device, mount.root}, *end, engine_))) {
      origin.origin = Origin::engine;
      return;
    }
    if (is_kernel_file_system(mount.file_system)) {
      origin.reaches = "the host's " + mount.file_system;
      return;
    }
    for (const Place& sensitive : places_) {
      const SensitivePath& place = sensitive.place;
      const bool located = place.location.device == mount.device &&
                           reaches(mount.root, sensitive, place.location.path);
      if (located || reaches(origin.host_path, sensitive, place.path)) {
        origin.reaches = place.path;
        return;
      }
    }
  }

  const MountView& view_;
  const ContainerSighting& container_;
  const HostSighting& host_;
  const Mount* root_;
  std::vector<std::string> public_;
  std::vector<std::string> storage_;  // of engines
  EnginePlaces engine_;
  std::vector<Place> places_;
};

}  // namespace

// Binds of parts of a file system give other names.
std::string path_on_host(const Mount& mount, const std::vector<Mount>& host) {
  const Mount* best = nullptr;
  for (const Mount& candidate : host) {
    if (candidate.device != mount.device || !lies_in(mount.root, candidate.root)) continue;
    if (best == nullptr || candidate.root.size() < best->root.size()) best = &candidate;
  }
  if (best == nullptr) return {};
  const std::string_view rest =
      std::string_view(mount.root).substr(best->root == "/" ? 0 : best->root.size());
  if (rest.empty() || rest == "/") return best->mount_point;
  return path_below(best->mount_point, rest);
}

bool is_kernel_file_system(std::string_view type) { return holds(kKernelFileSystems, type); }

bool is_read_only(const Mount& mount) {
  const std::vector<std::string_view> super = split_options(mount.super_options);
  return holds(mount.options, "ro") || holds(super, "ro");
}

const Mount* root_mount(const MountView& view) {
  const auto found = std::find_if(view.mounts.rbegin(), view.mounts.rend(),
                                  [](const Mount& mount) { return mount.mount_point == "/"; });
  return found == view.mounts.rend() ? nullptr : &*found;
}

std::vector<MountOrigin> mount_origins(const MountView& view, const ContainerSighting& container,
                                       const HostSighting& host, const Profile& profile) {
  const Origins origins(view, container, host, profile);
  std::vector<MountOrigin> found;
  found.reserve(view.mounts.size());
  for (const Mount& mount : view.mounts) found.push_back(origins.of(mount));
  return found;
}

}  // namespace hardened
