// SPDX-License-Identifier: Apache-2.0
// What a container sees of files: its rootfs, the host's, the kernel's.
#include <algorithm>
#include <array>

#include "core/judge_checks.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/mount_origins.hpp"
#include "hardened/core/paths.hpp"

namespace hardened::judging {
namespace {

// Where programs and what they believe lies: writable, a read-only rootfs says little.
constexpr std::array<std::string_view, 11> kCode{"/usr",     "/bin",       "/sbin",     "/lib",
                                                 "/lib64",   "/etc",       "/usr/bin",  "/usr/sbin",
                                                 "/usr/lib", "/usr/lib64", "/usr/local"};

// What runtimes of every engine mask; engines' lists differ in the rest.
constexpr std::array<std::string_view, 3> kMaskedEverywhere{"/proc/kcore", "/proc/keys",
                                                            "/proc/timer_list"};
constexpr std::array<std::string_view, 2> kReadOnlyEverywhere{"/proc/sys", "/proc/sysrq-trigger"};

template <typename List>
bool holds(const List& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

void each_view(const Scene& scene, Finding& finding,
               const std::function<void(const MountView&)>& look) {
  for (const std::string& line : scene.container.unseen) {
    if (line.starts_with("mounts")) finding.warn(line);
  }
  if (scene.container.views.empty()) finding.warn("no mount could be looked at");
  for (const MountView& view : scene.container.views) {
    if (root_mount(view) == nullptr) {
      // A process whose root is a directory inside a mount: mountinfo leaves out what is above.
      finding.warn("mounts: the root of pid " + std::to_string(view.pid) +
                   " is not a mount, what lies above it is not shown");
    }
    look(view);
  }
}

void each_origin(const Scene& scene, Finding& finding,
                 const std::function<void(const MountOrigin&)>& look) {
  each_view(scene, finding, [&](const MountView& view) {
    for (const MountOrigin& origin :
         mount_origins(view, scene.container, scene.host, scene.profile)) {
      look(origin);
    }
  });
}

std::string mode_of(const Mount& mount) { return is_read_only(mount) ? "read-only" : "writable"; }

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : " ") + name;
  return list;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!holds(names, name)) names.push_back(name);
}

// The last mount at that very place, which covers those before.
const Mount* mount_at(const MountView& view, std::string_view place) {
  const auto found = std::find_if(view.mounts.rbegin(), view.mounts.rend(),
                                  [&](const Mount& mount) { return mount.mount_point == place; });
  return found == view.mounts.rend() ? nullptr : &*found;
}

// Whatever covers the place and is not the kernel's own file hides it.
bool is_masked(const MountView& view, const std::string& place) {
  for (std::string at = place; at != "/"; at = parent_of(at)) {
    const Mount* mount = mount_at(view, at);
    if (mount == nullptr) continue;
    return mount->file_system != "proc" && mount->file_system != "sysfs";
  }
  return true;  // nothing is mounted there: no kernel file is seen
}

bool is_read_only_at(const MountView& view, const std::string& place) {
  for (std::string at = place; at != "/"; at = parent_of(at)) {
    if (const Mount* mount = mount_at(view, at)) return is_read_only(*mount);
  }
  return true;
}

// Writable or seen where they should not be; by those of the policy, or those of every engine.
std::vector<std::string> unmasked(const Scene& scene, const MountView& view) {
  std::vector<std::string> found;
  for (const std::string& path : find_strings(scene.profile.settings("masked-paths"), "/masked")) {
    if (scene.host.kernel_paths.contains(path) && !is_masked(view, path)) found.push_back(path);
  }
  for (const std::string& path :
       find_strings(scene.profile.settings("masked-paths"), "/readonly")) {
    if (scene.host.kernel_paths.contains(path) && !is_read_only_at(view, path)) {
      found.push_back(path);
    }
  }
  return found;
}

bool is_open_everywhere(const std::string& path) {
  return holds(kMaskedEverywhere, path) || holds(kReadOnlyEverywhere, path);
}

// /dev, and what masks files of /proc.
bool is_of_the_kernel(std::string_view place) {
  return at_or_below(place, "/dev") || at_or_below(place, "/proc") || at_or_below(place, "/sys");
}

bool is_window(const Mount& mount) {
  return mount.file_system == "sysfs" || mount.file_system.starts_with("cgroup");
}

}  // namespace

void read_only_rootfs(const Scene& scene, Finding& finding) {
  each_view(scene, finding, [&](const MountView& view) {
    const Mount* root = root_mount(view);
    if (root == nullptr) return;
    if (!is_read_only(*root)) {
      return finding.fail("/ is " + root->file_system + ", writable (mountinfo of pid " +
                          std::to_string(view.pid) + ")");
    }
    std::vector<std::string> writable;
    for (const Mount& mount : view.mounts) {
      if (is_read_only(mount) || is_kernel_file_system(mount.file_system)) continue;
      if (holds(kCode, mount.mount_point)) {
        finding.warn(mount.mount_point + " is mounted writable over a read-only /");
      }
      if (!is_of_the_kernel(mount.mount_point)) add_once(writable, mount.mount_point);
    }
    finding.pass("/ is " + root->file_system +
                 ", ro; writable: " + (writable.empty() ? "nothing" : listed(writable)));
  });
}

void sensitive_directories(const Scene& scene, Finding& finding) {
  std::vector<std::string> others;
  each_origin(scene, finding, [&](const MountOrigin& origin) {
    const std::string& place = origin.mount.mount_point;
    if (origin.unplaced) {
      finding.warn(place + " is an overlay whose layers have no names here");
    } else if (origin.origin == Origin::sensitive) {
      const std::string shown = origin.host_path.empty() ? "" : " shows " + origin.host_path + ',';
      finding.fail(place + shown + " reaches " + origin.reaches + ", " + mode_of(origin.mount));
    } else if (origin.origin == Origin::own && origin.mount.source.starts_with("/dev/")) {
      finding.warn(place + " is the device " + origin.mount.source +
                   ", which the host has not mounted");
    } else if (origin.origin == Origin::host) {
      add_once(others, origin.host_path + " at " + place);
    }
  });
  finding.pass("no sensitive directory of the host is mounted" +
               (others.empty() ? "" : "; of others: " + listed(others)));
}

void engine_socket(const Scene& scene, Finding& finding) {
  each_origin(scene, finding, [&](const MountOrigin& origin) {
    if (origin.socket.empty()) return;
    finding.fail(origin.socket + " can be reached at " + origin.mount.mount_point);
  });
  finding.pass("none of " + std::to_string(scene.host.engine_sockets.size()) +
               " sockets of engines on this host can be reached through a mount");
}

void propagation(const Scene& scene, Finding& finding) {
  std::vector<std::string> peers;
  for (const Mount& mount : scene.host.mounts) {
    for (const std::string& tag : mount.propagation) {
      if (tag.starts_with("shared:")) add_once(peers, tag);
    }
  }
  each_view(scene, finding, [&](const MountView& view) {
    for (const Mount& mount : view.mounts) {
      for (const std::string& tag : mount.propagation) {
        if (!tag.starts_with("shared:")) continue;
        if (holds(peers, tag)) {
          finding.fail(mount.mount_point + " is " + tag + " with the host");
        } else {
          finding.warn(mount.mount_point + " is " + tag + ", not with this host");
        }
      }
    }
    finding.pass("no mount of " + std::to_string(view.mounts.size()) + " is shared");
  });
}

void host_paths(const Scene& scene, Finding& finding) {
  each_origin(scene, finding, [&](const MountOrigin& origin) {
    if (origin.unplaced) {
      finding.warn(origin.mount.mount_point + " is an overlay whose layers have no names here");
    }
    if (origin.origin != Origin::host && origin.origin != Origin::sensitive) return;
    finding.fail(origin.mount.mount_point + " shows the host's " +
                 (origin.host_path.empty() ? origin.reaches : origin.host_path));
  });
  finding.pass("no directory of the host is mounted, but the engine's own for this container");
}

void mount_flags(const Scene& scene, Finding& finding) {
  std::vector<std::string> without;
  each_origin(scene, finding, [&](const MountOrigin& origin) {
    const Mount& mount = origin.mount;
    if (origin.origin == Origin::kernel || origin.origin == Origin::device || is_read_only(mount)) {
      return;
    }
    const bool nodes = mount.mount_point == "/dev";
    if (holds(mount.options, "nosuid") && (nodes || holds(mount.options, "nodev"))) return;
    add_once(without, mount.mount_point);
  });
  if (!without.empty()) finding.warn("writable without nosuid or nodev: " + listed(without));
  finding.pass("every writable mount is nosuid and nodev");
}

void masked_paths(const Scene& scene, Finding& finding) {
  each_view(scene, finding, [&](const MountView& view) {
    for (const std::string& path : unmasked(scene, view)) {
      if (is_open_everywhere(path)) {
        finding.fail(path + " is open");
      } else {
        finding.warn(path + " is open, which the policy masks");
      }
    }
    for (const Mount& mount : view.mounts) {
      const std::string what = mount.mount_point + " is " + mount.file_system;
      if (is_window(mount) && !is_read_only(mount)) finding.fail(what + ", writable");
      if (mount.file_system == "proc" && !at_or_below(mount.mount_point, "/proc")) {
        finding.fail(what + ": a second one, beside what masks the first");
      }
    }
  });
  finding.pass("kernel files that tell or change the host are masked or read-only");
}

void proc_mount_type(const Scene& scene, Finding& finding) {
  each_view(scene, finding, [&](const MountView& view) {
    for (const std::string& path : unmasked(scene, view)) {
      if (is_open_everywhere(path)) finding.fail(path + " is open");
    }
  });
  finding.pass("the default masks of /proc are there");
}

}  // namespace hardened::judging
