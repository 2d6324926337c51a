// SPDX-License-Identifier: Apache-2.0
// Every syscall that the shell makes, behind one interface that tests can fake and make fail.
// Failures are Error(system) with the errno and the path.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/shell/descriptor.hpp"

namespace hardened {

// How openat2 walks a path.
enum class Walk {
  follow,            // as open does
  no_links,          // RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
  beneath,           // RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
  beneath_no_links,  // RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
};

// What open_tree clones: one mount, or that and every mount below it.
enum class Tree { single, recursive };

constexpr int kWorkingDirectory = -100;  // AT_FDCWD

// What a mount gets on top of what it has.
struct MountAttributes {
  bool read_only = false;
  bool nosuid = false;
  bool nodev = false;
  bool noexec = false;
  bool make_private = false;  // neither sends nor receives mounts
  int id_map = -1;            // a user namespace whose maps it shows its files through; -1: none
};

// Who a child is towards file systems: fsuid and fsgid, every capability kept.
struct FileSystemIds {
  uid_t user = 0;
  gid_t group = 0;
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  // O_CLOEXEC is always added, and no descriptor is 0, 1 or 2: those are the container's, even when
  // closed.
  virtual Descriptor open(int directory, const std::string& path, int flags, Walk walk,
                          mode_t mode = 0) = 0;
  // The same; nullopt where there is nothing of that name (ENOENT). A whole create asks for a dozen
  // things that are seldom there, and an exception costs as much as fifty calls.
  virtual std::optional<Descriptor> find(int directory, const std::string& path, int flags,
                                         Walk walk) = 0;
  virtual std::string read_all(int descriptor,
                               std::size_t limit) = 0;  // Error(invalid_input) over it
  // What there is now, at most that much; empty at the end.
  virtual std::string read_some(int descriptor, std::size_t most) = 0;
  virtual void write_all(int descriptor, std::string_view data) = 0;
  virtual void sync(int descriptor) = 0;
  virtual struct stat status(int descriptor) = 0;      // fstat
  virtual std::uint64_t mount_id(int descriptor) = 0;  // statx STATX_MNT_ID
  // nullopt: nothing of that name, or no link.
  virtual std::optional<std::string> read_link(int directory, const std::string& path) = 0;
  virtual std::vector<std::string> list(int directory) = 0;  // names without . and ..
  virtual void change_owner(int descriptor, uid_t uid, gid_t gid) = 0;
  virtual void change_mode(int descriptor, mode_t mode) = 0;
  virtual void make_directory(int directory, const std::string& path,
                              mode_t mode) = 0;  // EEXIST is fine
  virtual void rename(int directory, const std::string& from, const std::string& to) = 0;
  virtual void unlink(int directory, const std::string& path, int flags) = 0;
  // flock(2): LOCK_EX waits; with LOCK_NB, Error(EWOULDBLOCK) where another holds it.
  virtual void lock(int descriptor, int operation) = 0;
  virtual Descriptor memory_file(const std::string& name) = 0;   // memfd, sealable
  virtual void seal(int descriptor) = 0;                         // against every change
  virtual Descriptor duplicate(int descriptor, int lowest) = 0;  // close-on-exec
  virtual void take_place(int descriptor, int number) = 0;       // dup2, not closed on exec
  virtual void keep_on_exec(int descriptor) = 0;
  virtual void close_on_exec_from(int lowest) = 0;                 // close_range
  virtual uid_t user() = 0;                                        // effective
  virtual std::uint64_t real_time() = 0;                           // microseconds since 1970
  virtual std::uint64_t monotonic_time() = 0;                      // microseconds since some moment
  virtual void truncate(int descriptor, std::uint64_t bytes) = 0;  // ftruncate
  // One datagram to the Unix socket at that path. What is too large for one is handed over as a
  // sealed memory file, as journald takes it. Waits for a second at most.
  virtual void send_datagram(const std::string& path, std::string_view data) = 0;

  virtual void unshare_mounts() = 0;  // CLONE_NEWNS
  // mount(2); an empty source, type or data is a null pointer.
  virtual void mount(const std::string& source, const std::string& target, const std::string& type,
                     unsigned long flags, const std::string& data) = 0;
  virtual Descriptor open_tree(int descriptor,
                               Tree tree) = 0;  // OPEN_TREE_CLONE of an O_PATH descriptor
  // Onto `target` below the directory, no link followed; onto the descriptor itself where empty.
  virtual void move_mount(int tree, int target_directory, const std::string& target) = 0;
  virtual void unmount(const std::string& target) = 0;  // MNT_DETACH
  // mount_setattr on the mount of that descriptor, or on that and all below it: all or none.
  virtual void set_attributes(int tree, Tree which, const MountAttributes& attributes) = 0;
  // mknod, with an owner and permission bits of its own whatever the umask is.
  virtual void make_node(int directory, const std::string& name, mode_t mode, dev_t device,
                         const FileSystemIds& owner) = 0;
  virtual bool read_only(int descriptor) = 0;  // fstatfs ST_RDONLY: the mount, or its file system
  // An overlay's cached names that nobody uses, dropped by a reconfiguration of nothing (fspick);
  // any other file system is left alone.
  virtual void forget_names(int descriptor) = 0;
  // A user namespace that holds nothing and nobody, for its maps (id_map_text).
  virtual Descriptor user_namespace(const std::string& users, const std::string& groups) = 0;
  // uid_map and gid_map of an open one that nobody need be in: a child enters it while they are
  // read.
  virtual std::array<std::string, 2> id_maps_of(int user_namespace) = 0;

  // fsopen, fsconfig (a flag where `value` is empty) and fsmount.
  virtual Descriptor open_file_system(const std::string& type) = 0;
  virtual void configure(int file_system, const std::string& key, const std::string& value) = 0;
  virtual Descriptor mount_file_system(int file_system) = 0;
  // FSCONFIG_CMD_CREATE and mount(2) in a child with those ids: to change our own would clear
  // PDEATHSIG for good.
  virtual void create_as(int file_system, const FileSystemIds& ids) = 0;
  virtual void mount_as(const FileSystemIds& ids, const std::string& target,
                        const std::string& type, const std::string& data) = 0;

  // ioctl NS_GET_*: its result, a new descriptor for NS_GET_USERNS.
  virtual int namespace_request(int descriptor, unsigned long request) = 0;
  // execve with the environment as it came; `arguments` without argv[0], which is the path. Throws
  // if it returns.
  [[noreturn]] virtual void execute(const std::string& path,
                                    const std::vector<std::string>& arguments) = 0;
  // Runs a program to its end, standard input and error on /dev/null, and returns its standard
  // output (at most 1 MiB); Error(system) unless it exits with 0. Signals, mask and children of the
  // caller stay as they are.
  virtual std::string output_of(const std::string& path,
                                const std::vector<std::string>& arguments) = 0;
  // The same part by part, as it comes and without a limit.
  virtual void stream_output(const std::string& path, const std::vector<std::string>& arguments,
                             const std::function<void(std::string_view)>& part) = 0;
  virtual void sleep(std::uint64_t microseconds) = 0;
};

// Whether there is something of that name, a link included. Throws where it cannot tell.
bool exists(Kernel& kernel, const std::string& path);

// The real one.
Kernel& real_kernel();

}  // namespace hardened
