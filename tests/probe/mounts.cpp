// SPDX-License-Identifier: Apache-2.0
// Mounts of every kind. Where they succeed, they lie in a mount namespace of this attempt or are
// undone.
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "files.hpp"
#include "places.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "mounts";
constexpr char kHostFiles[] = "host files behind a mount";

// Where the kernel allows it, so that no other attempt sees what this one changes.
void alone() {
  if (::unshare(CLONE_NEWNS) == 0) ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
}

std::string place(const char* name) {
  std::string path = std::string(kScratch) + '/' + name;
  ::mkdir(path.c_str(), 0755);
  return path;
}

Outcome mounted(const char* source, const std::string& target, const char* type,
                unsigned long flags, const char* data) {
  const bool done = ::mount(source, target.c_str(), type, flags, data) == 0;
  return by_place(done ? 0 : -errno);
}

struct Kind {
  const char* type;
  const char* data;
};

constexpr Kind kKinds[] = {{"tmpfs", nullptr},       {"proc", nullptr},
                           {"sysfs", nullptr},       {"devpts", nullptr},
                           {"mqueue", nullptr},      {"ramfs", nullptr},
                           {"cgroup2", nullptr},     {"cgroup", "pids"},
                           {"debugfs", nullptr},     {"tracefs", nullptr},
                           {"securityfs", nullptr},  {"bpf", nullptr},
                           {"binfmt_misc", nullptr}, {"configfs", nullptr},
                           {"devtmpfs", nullptr},    {"overlay", "lowerdir=/etc:/usr"}};

struct Change {
  const char* id;
  const char* target;
  const char* source;
  unsigned long flags;
};

constexpr Change kChanges[] = {
    {"bind", kScratch, "/etc", MS_BIND},
    {"move", kScratch, kBind, MS_MOVE},
    {"shared", "/", nullptr, MS_SHARED | MS_REC},
    {"remount-own-tmpfs", "/dev", nullptr, MS_REMOUNT},
    {"remount-root-writable", "/", nullptr, MS_REMOUNT | MS_BIND},
    {"remount-proc-sys-writable", "/proc/sys", nullptr, MS_REMOUNT | MS_BIND},
    {"remount-sys-writable", "/sys", nullptr, MS_REMOUNT | MS_BIND}};

// What the kernel runs as the host's root when a cgroup empties (v1); the file lies in the first of
// a hierarchy.
Outcome release_agent() {
  alone();
  const std::string target = place("mounted");
  const Outcome outcome = mounted("none", target, "cgroup", 0, "pids");
  return outcome.result == Result::reached && outcome.error == 0
             ? writable(target + "/release_agent")
             : outcome;
}

Outcome by_configuration(const char* type) {
  return by_place(::syscall(SYS_fsopen, type, 0) >= 0 ? 0 : -errno);
}

Outcome attributes_cleared() {
  mount_attr attributes{};
  attributes.attr_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  alone();
  return by_errno(
      ::syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) == 0
          ? 0
          : -errno);
}

void add_calls(Attempts& attempts) {
  attempts.push_back({"mount.tree-cloned", kGroup, [] {
                        return by_errno(
                            ::syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE) >= 0 ? 0
                                                                                          : -errno);
                      }});
  attempts.push_back({"mount.release-agent", kGroup, release_agent});
  attempts.push_back({"mount.attributes", kGroup, attributes_cleared});
  for (const char* type : {"tmpfs", "overlay", "cifs"}) {
    attempts.push_back(
        {std::string("mount.fsopen-") + type, kGroup, [type] { return by_configuration(type); }});
  }
  attempts.push_back({"mount.unmasked", kGroup, [] {
                        alone();
                        return by_errno(::umount2("/proc/sys", MNT_DETACH) == 0 ? 0 : -errno);
                      }});
  attempts.push_back({"mount.pivot-root", kGroup, [] {
                        alone();
                        return by_errno(
                            ::syscall(SYS_pivot_root, kScratch, kScratch) == 0 ? 0 : -errno);
                      }});
  attempts.push_back(
      {"mount.chroot", kGroup, [] { return by_errno(::chroot(kScratch) == 0 ? 0 : -errno); }});
}

// A handle names a file by its number on its file system, wherever a mount of that shows only a
// part of it (the "shocker" of 2014). Number 2 is the root of an ext4; any answer but a refusal has
// looked it up.
Outcome by_handle(const char* mounted_at) {
  struct {
    unsigned bytes = 8;
    int type = 1;  // FILEID_INO32_GEN
    unsigned number = 2;
    unsigned generation = 0;
  } handle;
  const int mount = ::open(mounted_at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (mount < 0) return by_place(-errno);
  return by_errno(::syscall(SYS_open_by_handle_at, mount, &handle, O_RDONLY) >= 0 ? 0 : -errno);
}

}  // namespace

void add_mounts(Attempts& attempts) {
  for (const Kind& kind : kKinds) {
    attempts.push_back({std::string("mount.") + kind.type, kGroup, [&kind] {
                          alone();
                          return mounted("none", place("mounted"), kind.type, 0, kind.data);
                        }});
  }
  for (const Change& change : kChanges) {
    attempts.push_back({std::string("mount.") + change.id, kGroup, [&change] {
                          alone();
                          return mounted(change.source, change.target, nullptr, change.flags,
                                         nullptr);
                        }});
  }
  add_calls(attempts);
  for (const char* mount : {"/", kBind, "/etc", "/dev", "/sys", "/proc", kScratch}) {
    attempts.push_back(
        {std::string("handle.") + mount, kHostFiles, [mount] { return by_handle(mount); }});
  }
}

}  // namespace hardened::probe
