// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/mount_api.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/process.hpp"

namespace hardened {
namespace {

// A file system context keeps its messages: "e overlay: upper fs missing required features."
std::string messages(int file_system) {
  std::string text;
  std::array<char, 1024> line{};
  for (;;) {
    const ssize_t got = ::read(file_system, line.data(), line.size());
    if (got <= 0) return text;
    text += (text.empty() ? " (" : "; ") +
            printable(std::string_view(line.data(), static_cast<std::size_t>(got)));
  }
}

[[noreturn]] void fail_configuring(int number, int file_system, const std::string& what) {
  std::string text = messages(file_system);
  if (!text.empty()) text += ')';
  throw Error::from_errno(number, what + text);
}

// Not the C library's: those change every thread's ids by a signal, and clear nothing of ours less.
// Capabilities leave the effective set with fsuid 0 and are put back.
int become(const FileSystemIds& ids) {
  ::syscall(SYS_setfsgid, ids.group);
  ::syscall(SYS_setfsuid, ids.user);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return errno;
  for (__user_cap_data_struct& half : data) half.effective = half.permitted;
  if (::syscall(SYS_capset, &header, data.data()) != 0) return errno;
  // They tell no failure; asked for an id that is none they change nothing and tell the old.
  const bool user = static_cast<uid_t>(::syscall(SYS_setfsuid, -1)) == ids.user;
  const bool group = static_cast<gid_t>(::syscall(SYS_setfsgid, -1)) == ids.group;
  return user && group ? 0 : EPERM;
}

class Child {
 public:
  Child(int flags, const std::function<int()>& body) : child_(start_child(flags, body)) {}
  ~Child() {
    ::kill(child_, SIGKILL);
    try {
      wait_for_child(child_);
    } catch (const Error&) {
      // Reaped by whoever handles our children.
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  std::string directory() const { return "/proc/" + std::to_string(child_); }

 private:
  pid_t child_;
};

void write_map(Kernel& kernel, const std::string& path, const std::string& map) {
  const Descriptor file = kernel.open(kWorkingDirectory, path, O_WRONLY, Walk::follow);
  // One write: the kernel takes a map once.
  kernel.write_all(file.number(), map);
}

constexpr std::size_t kLongestMap = 64U << 10;  // 340 lines

// In a child, which tells by a byte that it is in there.
int enter_and_wait(int user_namespace, int told, pid_t parent) {
  // Root of that user namespace has a right to trace what is in it, and this has the host's memory
  // (CVE-2016-9962).
  if (::prctl(PR_SET_DUMPABLE, 0) != 0 || ::setns(user_namespace, CLONE_NEWUSER) != 0) return errno;
  // Entering clears it where another user than ours made the namespace.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent || ::write(told, "", 1) != 1) return ESRCH;
  for (;;) ::pause();
}

}  // namespace

void set_mount_attributes(int tree, Tree which, const MountAttributes& attributes) {
  mount_attr attribute{};
  const auto set = [&](bool wanted, std::uint64_t bit) {
    if (wanted) attribute.attr_set |= bit;
  };
  set(attributes.read_only, MOUNT_ATTR_RDONLY);
  set(attributes.nosuid, MOUNT_ATTR_NOSUID);
  set(attributes.nodev, MOUNT_ATTR_NODEV);
  set(attributes.noexec, MOUNT_ATTR_NOEXEC);
  if (attributes.make_private) attribute.propagation = MS_PRIVATE;
  if (attributes.id_map >= 0) {
    attribute.attr_set |= MOUNT_ATTR_IDMAP;
    attribute.userns_fd = static_cast<std::uint64_t>(attributes.id_map);
  }
  const unsigned flags = unsigned{AT_EMPTY_PATH} | (which == Tree::recursive ? AT_RECURSIVE : 0U);
  if (::syscall(SYS_mount_setattr, tree, "", flags, &attribute, sizeof attribute) != 0) {
    throw Error::from_errno(errno, "mount_setattr");
  }
}

Descriptor make_user_namespace(Kernel& kernel, const std::string& users,
                               const std::string& groups) {
  const Child child(CLONE_NEWUSER, [] {
    for (;;) ::pause();
    return 0;
  });
  write_map(kernel, child.directory() + "/uid_map", users);
  write_map(kernel, child.directory() + "/gid_map", groups);
  return kernel.open(kWorkingDirectory, child.directory() + "/ns/user", O_RDONLY, Walk::follow);
}

std::array<std::string, 2> read_id_maps(Kernel& kernel, int user_namespace) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error::from_errno(errno, "pipe");
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  const int told = writer.number();
  const pid_t parent = ::getpid();
  const Child child(0, [=] { return enter_and_wait(user_namespace, told, parent); });
  writer = Descriptor();
  if (kernel.read_some(reader.number(), 1).empty()) {
    throw Error(ErrorKind::system, "the user namespace cannot be entered");
  }
  const auto map = [&](const char* name) {
    const Descriptor file =
        kernel.open(kWorkingDirectory, child.directory() + name, O_RDONLY, Walk::follow);
    return kernel.read_all(file.number(), kLongestMap);
  };
  return {map("/uid_map"), map("/gid_map")};
}

void reconfigure_overlay(int descriptor) {
  struct statfs status {};
  if (::fstatfs(descriptor, &status) != 0) throw Error::from_errno(errno, "fstatfs");
  if (status.f_type != OVERLAYFS_SUPER_MAGIC) return;
  const Descriptor context(
      static_cast<int>(::syscall(SYS_fspick, descriptor, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH)));
  if (!context) throw Error::from_errno(errno, "fspick");
  if (::syscall(SYS_fsconfig, context.number(), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0) !=
      0) {
    fail_configuring(errno, context.number(), "fsconfig reconfigure");
  }
}

Descriptor fsopen(const std::string& type) {
  Descriptor context(static_cast<int>(::syscall(SYS_fsopen, type.c_str(), FSOPEN_CLOEXEC)));
  if (!context) throw Error::from_errno(errno, "fsopen " + type);
  return context;
}

void fsconfig(int file_system, const std::string& key, const std::string& value) {
  const auto command = value.empty() ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  const char* text = value.empty() ? nullptr : value.c_str();
  if (::syscall(SYS_fsconfig, file_system, command, key.c_str(), text, 0) != 0) {
    fail_configuring(errno, file_system, "fsconfig " + key);
  }
}

void fsconfig_create_as(int file_system, const FileSystemIds& ids) {
  const int number = wait_for_child(start_child(0, [&] {
    if (const int failed = become(ids); failed != 0) return failed;
    const long made =
        ::syscall(SYS_fsconfig, file_system, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
    return made == 0 ? 0 : errno;
  }));
  if (number != 0) fail_configuring(number, file_system, "fsconfig create");
}

Descriptor fsmount(int file_system) {
  Descriptor mount(static_cast<int>(::syscall(SYS_fsmount, file_system, FSMOUNT_CLOEXEC, 0)));
  if (!mount) fail_configuring(errno, file_system, "fsmount");
  return mount;
}

void mount_as(const FileSystemIds& ids, const std::string& target, const std::string& type,
              const std::string& data) {
  const int number = wait_for_child(start_child(0, [&] {
    if (const int failed = become(ids); failed != 0) return failed;
    return ::mount(type.c_str(), target.c_str(), type.c_str(), 0, data.c_str()) == 0 ? 0 : errno;
  }));
  if (number != 0) throw Error::from_errno(number, "mount of " + type);
}

}  // namespace hardened
