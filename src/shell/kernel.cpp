// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/kernel.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <memory>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/datagram.hpp"
#include "hardened/shell/mount_api.hpp"
#include "hardened/shell/process.hpp"

namespace hardened {
namespace {

// Repeats a call that a signal interrupted; callers keep their own handlers, possibly without
// SA_RESTART.
template <typename Call>
auto retry(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

[[noreturn]] void fail(std::string_view what) { throw Error::from_errno(errno, what); }
[[noreturn]] void fail(std::string_view call, int descriptor) {
  fail(std::string(call) + " of descriptor " + std::to_string(descriptor));
}
[[noreturn]] void fail(std::string_view call, const std::string& path) {
  fail(std::string(call) + " " + printable(path));
}

// A caller may have closed 0, 1 or 2; a file of ours standing there would receive what is printed
// for the user.
Descriptor above_standard_streams(Descriptor descriptor) {
  if (descriptor.number() > STDERR_FILENO) return descriptor;
  const int moved = ::fcntl(descriptor.number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (moved < 0) fail("duplicate", descriptor.number());
  return Descriptor(moved);
}

std::uint64_t microseconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1000000U +
         static_cast<std::uint64_t>(time.tv_nsec) / 1000U;
}

std::uint64_t resolution(Walk walk) {
  switch (walk) {
    case Walk::follow:
      return 0;
    case Walk::no_links:
      return RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    case Walk::beneath:
      return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    case Walk::beneath_no_links:
      return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  }
  return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
}

// Holds none, and errno says why, where it fails.
Descriptor open_walking(int directory, const std::string& path, int flags, Walk walk, mode_t mode) {
  // A C string ends at NUL: the path looked at would not be the path that was judged.
  if (path.find('\0') != std::string::npos) {
    throw Error(ErrorKind::invalid_input, "a NUL character inside the path " + printable(path));
  }
  // O_NOCTTY: a terminal that a document names must not become the wrapper's controlling one.
  flags |= O_CLOEXEC | O_NOCTTY;
  if (walk == Walk::follow) {
    return Descriptor(retry([&] { return ::openat(directory, path.c_str(), flags, mode); }));
  }
  open_how how{};
  // openat2 refuses flags that make no difference beside O_PATH; open ignores them.
  if ((flags & O_PATH) != 0) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = resolution(walk);
  // EAGAIN: a rename elsewhere raced with "..", to be tried again; bounded, or an attacker could
  // hold us here.
  for (int attempt = 0;; ++attempt) {
    const long result =
        retry([&] { return ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how); });
    if (result >= 0 || errno != EAGAIN || attempt == 100) {
      return Descriptor(static_cast<int>(result));
    }
  }
}

void wait_for(int descriptor) {
  pollfd readable{descriptor, POLLIN, 0};
  if (retry([&] { return ::poll(&readable, 1, -1); }) < 0) fail("poll", descriptor);
}

class RealKernel final : public Kernel {
 public:
  Descriptor open(int directory, const std::string& path, int flags, Walk walk,
                  mode_t mode) override {
    Descriptor descriptor = open_walking(directory, path, flags, walk, mode);
    if (!descriptor) fail("open", path);
    return above_standard_streams(std::move(descriptor));
  }
  std::optional<Descriptor> find(int directory, const std::string& path, int flags,
                                 Walk walk) override {
    Descriptor descriptor = open_walking(directory, path, flags, walk, 0);
    if (!descriptor && errno == ENOENT) return std::nullopt;
    if (!descriptor) fail("open", path);
    return above_standard_streams(std::move(descriptor));
  }

  std::string read_all(int descriptor, std::size_t limit) override {
    std::string data;
    // Not set to anything: that alone would cost more than to read what most files have.
    std::array<char, 1U << 16> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    for (;;) {
      const ssize_t got = retry([&] { return ::read(descriptor, chunk.data(), chunk.size()); });
      if (got < 0 && errno == EAGAIN) {  // a pipe, opened without waiting for its writer
        wait_for(descriptor);
        continue;
      }
      if (got < 0) fail("read", descriptor);
      if (got == 0) return data;
      data.append(chunk.data(), static_cast<std::size_t>(got));
      if (data.size() > limit) {
        throw Error(ErrorKind::invalid_input,
                    "larger than the limit of " + std::to_string(limit) + " bytes");
      }
    }
  }

  std::string read_some(int descriptor, std::size_t most) override {
    std::string data(most, '\0');
    const ssize_t got = retry([&] { return ::read(descriptor, data.data(), data.size()); });
    if (got < 0) fail("read", descriptor);
    data.resize(static_cast<std::size_t>(got));
    return data;
  }

  void write_all(int descriptor, std::string_view data) override {
    while (!data.empty()) {
      const ssize_t put = retry([&] { return ::write(descriptor, data.data(), data.size()); });
      if (put < 0) fail("write", descriptor);
      data.remove_prefix(static_cast<std::size_t>(put));
    }
  }

  void sync(int descriptor) override {
    if (retry([&] { return ::fsync(descriptor); }) != 0) fail("fsync", descriptor);
  }

  struct stat status(int descriptor) override {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) fail("fstat", descriptor);
    return status;
  }

  std::uint64_t mount_id(int descriptor) override {
    struct statx status {};
    if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0)
      fail("statx", descriptor);
    if ((status.stx_mask & STATX_MNT_ID) == 0) {
      throw Error(ErrorKind::unsupported, "the kernel tells no mount ids (5.8 and later do)");
    }
    return status.stx_mnt_id;
  }

  std::optional<std::string> read_link(int directory, const std::string& path) override {
    std::array<char, PATH_MAX> target;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t length = ::readlinkat(directory, path.c_str(), target.data(), target.size());
    if (length < 0) {
      if (errno == ENOENT || errno == EINVAL) return std::nullopt;
      fail("readlink", path);
    }
    return std::string(target.data(), static_cast<std::size_t>(length));
  }

  std::vector<std::string> list(int directory) override {
    // A description of its own: the position must not be shared with the caller's.
    Descriptor own = open(directory, ".", O_RDONLY | O_DIRECTORY, Walk::follow, 0);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.number()), ::closedir);
    if (!stream) fail("list", directory);
    own.release();
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) fail("list", directory);
    return names;
  }

  void change_owner(int descriptor, uid_t uid, gid_t gid) override {
    if (::fchown(descriptor, uid, gid) != 0) fail("chown", descriptor);
  }

  void change_mode(int descriptor, mode_t mode) override {
    if (::fchmod(descriptor, mode) != 0) fail("chmod", descriptor);
  }

  void make_directory(int directory, const std::string& path, mode_t mode) override {
    if (::mkdirat(directory, path.c_str(), mode) != 0 && errno != EEXIST) fail("mkdir", path);
  }

  void rename(int directory, const std::string& from, const std::string& to) override {
    if (::renameat(directory, from.c_str(), directory, to.c_str()) != 0) fail("rename", from);
  }

  void unlink(int directory, const std::string& path, int flags) override {
    if (::unlinkat(directory, path.c_str(), flags) != 0) fail("unlink", path);
  }

  void lock(int descriptor, int operation) override {
    if (retry([&] { return ::flock(descriptor, operation); }) != 0) fail("flock", descriptor);
  }

  Descriptor memory_file(const std::string& name) override {
    Descriptor file(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) fail("memfd_create", name);
    return above_standard_streams(std::move(file));
  }

  void seal(int descriptor) override {
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (::fcntl(descriptor, F_ADD_SEALS, seals) != 0) fail("seal", descriptor);
  }

  Descriptor duplicate(int descriptor, int lowest) override {
    Descriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, lowest));
    if (!copy) fail("duplicate", descriptor);
    return copy;
  }

  void take_place(int descriptor, int number) override {
    if (::dup2(descriptor, number) < 0) fail("dup2", descriptor);
  }

  void keep_on_exec(int descriptor) override {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags < 0 || ::fcntl(descriptor, F_SETFD, flags & ~FD_CLOEXEC) != 0) {
      fail("keep on exec", descriptor);
    }
  }

  void close_on_exec_from(int lowest) override {
    if (::close_range(static_cast<unsigned>(lowest), ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
      fail("close on exec from", lowest);
    }
  }

  uid_t user() override { return ::geteuid(); }

  void unshare_mounts() override {
    if (::unshare(CLONE_NEWNS) != 0) fail("unshare of the mount namespace");
  }

  void mount(const std::string& source, const std::string& target, const std::string& type,
             unsigned long flags, const std::string& data) override {
    const auto given = [](const std::string& text) {
      return text.empty() ? nullptr : text.c_str();
    };
    if (::mount(given(source), target.c_str(), given(type), flags, given(data)) != 0) {
      fail("mount on", target);
    }
  }

  Descriptor open_tree(int descriptor, Tree tree) override {
    const unsigned recursive = tree == Tree::recursive ? AT_RECURSIVE : 0U;
    Descriptor clone(static_cast<int>(
        ::syscall(SYS_open_tree, descriptor, "",
                  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | unsigned{AT_EMPTY_PATH} | recursive)));
    if (!clone) fail("open_tree", descriptor);
    return above_standard_streams(std::move(clone));
  }

  void move_mount(int tree, int target_directory, const std::string& target) override {
    const unsigned empty = target.empty() ? MOVE_MOUNT_T_EMPTY_PATH : 0U;
    if (::syscall(SYS_move_mount, tree, "", target_directory, target.c_str(),
                  MOVE_MOUNT_F_EMPTY_PATH | empty) != 0) {
      if (target.empty()) fail("move_mount onto descriptor", target_directory);
      fail("move_mount onto", target);
    }
  }

  void unmount(const std::string& target) override {
    if (::umount2(target.c_str(), MNT_DETACH) != 0) fail("unmount", target);
  }

  void set_attributes(int tree, Tree which, const MountAttributes& attributes) override {
    set_mount_attributes(tree, which, attributes);
  }

  void make_node(int directory, const std::string& name, mode_t mode, dev_t device,
                 const FileSystemIds& owner) override {
    if (::mknodat(directory, name.c_str(), mode, device) != 0 ||
        ::fchownat(directory, name.c_str(), owner.user, owner.group, AT_SYMLINK_NOFOLLOW) != 0 ||
        ::fchmodat(directory, name.c_str(), mode & 07777, 0) != 0) {
      fail("mknod", name);
    }
  }

  bool read_only(int descriptor) override {
    struct statfs status {};
    if (::fstatfs(descriptor, &status) != 0) fail("fstatfs", descriptor);
    return (status.f_flags & ST_RDONLY) != 0;
  }

  void forget_names(int descriptor) override { reconfigure_overlay(descriptor); }

  Descriptor user_namespace(const std::string& users, const std::string& groups) override {
    return make_user_namespace(*this, users, groups);
  }
  std::array<std::string, 2> id_maps_of(int user_namespace) override {
    return read_id_maps(*this, user_namespace);
  }

  Descriptor open_file_system(const std::string& type) override {
    return above_standard_streams(fsopen(type));
  }

  void configure(int file_system, const std::string& key, const std::string& value) override {
    fsconfig(file_system, key, value);
  }

  Descriptor mount_file_system(int file_system) override {
    return above_standard_streams(fsmount(file_system));
  }

  void create_as(int file_system, const FileSystemIds& ids) override {
    fsconfig_create_as(file_system, ids);
  }

  void mount_as(const FileSystemIds& ids, const std::string& target, const std::string& type,
                const std::string& data) override {
    hardened::mount_as(ids, target, type, data);
  }

  int namespace_request(int descriptor, unsigned long request) override {
    const int result = ::ioctl(descriptor, request);
    if (result < 0) fail("namespace request", descriptor);
    return result;
  }

  [[noreturn]] void execute(const std::string& path,
                            const std::vector<std::string>& arguments) override {
    replace_process(path, arguments);
  }

  std::string output_of(const std::string& path,
                        const std::vector<std::string>& arguments) override {
    return run_program(*this, path, arguments);
  }

  void stream_output(const std::string& path, const std::vector<std::string>& arguments,
                     const std::function<void(std::string_view)>& part) override {
    stream_program(*this, path, arguments, part);
  }

  void sleep(std::uint64_t microseconds) override {
    ::usleep(static_cast<useconds_t>(microseconds));
  }

  std::uint64_t real_time() override { return microseconds(CLOCK_REALTIME); }
  std::uint64_t monotonic_time() override { return microseconds(CLOCK_MONOTONIC); }

  void truncate(int descriptor, std::uint64_t bytes) override {
    if (retry([&] { return ::ftruncate(descriptor, static_cast<off_t>(bytes)); }) != 0)
      fail("truncate", descriptor);
  }

  void send_datagram(const std::string& path, std::string_view data) override {
    send_to_socket(*this, path, data);
  }
};

}  // namespace

bool exists(Kernel& kernel, const std::string& path) {
  try {
    return kernel.find(kWorkingDirectory, path, O_PATH | O_NOFOLLOW, Walk::follow).has_value();
  } catch (const Error& error) {
    if (error.number() == ENOTDIR) return false;
    throw;
  }
}

Kernel& real_kernel() {
  static RealKernel kernel;
  return kernel;
}

}  // namespace hardened
