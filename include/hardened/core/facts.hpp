// SPDX-License-Identifier: Apache-2.0
// What was looked at on the host before the rules run, as plain data: rules judge by these and
// never look themselves. Everything is judged of an opened descriptor; a name alone proves nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/id_map.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/overlay.hpp"

namespace hardened {

// seen: opened and looked at. missing: there is nothing of that name; create alone knows that.
// unseen: could not be looked at, or is not there (dry-run, perhaps on another machine): rules
// judge the text and list the object as unverified; create never has it.
enum class Sight { seen, missing, unseen };

enum class FileKind { directory, regular, socket, fifo, character, block, symlink, other };

struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Where a file lies inside its file system, whatever it is mounted as: the device of its mount
// ("8:1") and the path from that file system's root (mountinfo's root field + the path below the
// mount). A bind of /etc at /mnt/x has the location of /etc.
struct Location {
  std::string device;
  std::string path;
  bool operator==(const Location&) const = default;
};

// Something else of this host that shows in a directory: a file system mounted below it, or a layer
// of its overlay.
struct RootPart {
  std::string path;
  Location location;
};

// A mount source, opened once.
struct SourceFact {
  Sight sight = Sight::unseen;
  FileKind kind = FileKind::other;
  std::string path;  // canonical on the host (what /proc/self/fd shows)
  FileIdentity identity;
  Location location;
  std::uint32_t owner = 0;                  // uid
  std::uint32_t mode = 0;                   // permission bits
  std::uint32_t major = 0, minor = 0;       // character and block devices
  bool replaceable = true;                  // it or a parent can be replaced or written by non-root
  std::string file_system;                  // "ext4", "tmpfs", "overlay"
  std::vector<std::string> locked_options;  // of its mount: ro, nosuid, nodev, noexec
  // Every mount below it, for recursive binds. Of mountinfo alone (path, location, file system,
  // locked options): opening each could hang on a dead server.
  std::vector<SourceFact> submounts;
  // What the overlay is made of that it lies in; none for the one that is the host's own root.
  std::vector<RootPart> layers;
  // Where the whole of it is one overlay, which no kernel id-maps (6.18): to be built anew of these
  // layers.
  Overlay overlay;
  // Nothing was written to that overlay: its upper directory is empty.
  bool untouched = false;
  // Why the container's ids cannot be laid over it ("nfs cannot be id-mapped"); empty: they can, or
  // nobody tried.
  std::string unmappable;
};

struct RootFact {
  Sight sight = Sight::unseen;
  std::string path;  // canonical
  FileIdentity identity;
  Location location;
  std::vector<RootPart> parts;
  std::vector<std::string> symbolic_links;  // of "/dev", "/proc", "/sys": those that are links
  std::vector<std::string>
      directories;         // of the asked state directories: real ones, no link on the way
  Overlay overlay;         // what it is made of, absolute; no layers: a plain directory
  std::string unmappable;  // as of sources
};

// Where a mount lands in the container: its destination resolved as the runtime will, inside the
// rootfs and through the mounts before it, links followed.
struct DestinationFact {
  Sight sight = Sight::unseen;
  std::vector<std::string> places;  // normal paths; several where the document has it several times
  // A link inside an earlier bind decides it: whoever writes that source can let it lead elsewhere.
  bool linked = false;
};

struct NamespaceFact {
  Sight sight = Sight::unseen;
  std::string type;  // as the spec spells it; empty if the file is no namespace
  FileIdentity identity;
  bool host = false;        // the wrapper's own namespace of that type
  FileIdentity owner;       // the user namespace that owns it (NS_GET_USERNS)
  bool host_owned = false;  // that owner is the wrapper's own user namespace
  // A name by which the runtime can join that owner (/proc/PID/ns/user), and its maps. Empty: it
  // has none.
  std::string owner_path;
  IdMaps owner_maps;
};

struct ExecutableFact {
  Sight sight = Sight::unseen;
  std::string path;         // what the name points to, also through /proc/PID/exe
  std::uint32_t owner = 0;  // uid
  bool replaceable = true;  // it or a parent can be written by non-root
};

// What lies at linux.cgroupsPath, read in every way in which a runtime could.
struct CgroupFact {
  Sight sight = Sight::unseen;   // seen: looked for, whether or not something is there
  bool occupied = false;         // it exists, and has processes or cgroups below it
  bool parent_occupied = false;  // a cgroup above it, other than the root, has processes of its own
};

// A path that containers must not be given, found on this host.
struct SensitivePath {
  std::string path;
  FileIdentity identity;
  Location location;
};

// As getrlimit(2) says; no limit is 2^64-1.
struct ResourceLimit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

struct HostFacts {
  int cgroup_version = 2;          // 1 or 2 (2: unified hierarchy at /sys/fs/cgroup)
  std::uint64_t memory_bytes = 0;  // MemTotal
  std::uint32_t cpus = 1;
  bool swap_accounting = true;  // memory.swap.max or memsw files exist
  // Of pids, memory and cpu: those for which the caller can make no cgroup (a rootless engine to
  // which nobody delegated any).
  std::vector<std::string> missing_controllers;
  bool apparmor = false;
  std::vector<std::string>
      apparmor_profiles;  // loaded in the kernel and confining, not complaining
  bool selinux = false;
  bool initial_user_namespace = true;  // false below rootless engines
  std::string kernel_release;
  std::string architecture = "SCMP_ARCH_X86_64";
  std::string runtime_name;  // "runc", "crun"
  std::string runtime_version;
  std::vector<SensitivePath> sensitive;
  // Host ids that a new container would get for itself; a size of 0: none are to be had (no root, a
  // rootless engine, no id left).
  IdRange id_range;
  // The caller's own, which a container inherits where its document says nothing.
  std::map<std::string, ResourceLimit> resource_limits;  // "RLIMIT_NOFILE"; empty: not looked at
  std::int64_t oom_score_adj = 0;
};

struct Facts {
  HostFacts host;
  RootFact root;
  std::map<std::string, SourceFact> sources;            // by mounts[].source as written
  std::map<std::string, DestinationFact> destinations;  // by mounts[].destination as written
  std::map<std::string, NamespaceFact> namespaces;      // by linux.namespaces[].path as written
  std::map<std::string, ExecutableFact> hooks;          // by hooks.*[].path as written
  std::map<std::string, SourceFact> devices;  // by linux.devices[].path's node on the host, if any
  // Where process.cwd leads, its ".." taken by the text, once everything is mounted. missing: a
  // mount's source is, and the runtime will not get that far.
  DestinationFact working_directory;
  CgroupFact cgroup;
};

// The form of `doctor --facts` and `dry-run --host-facts`. Throws Error(invalid_input) with a
// pointer.
Json to_json(const Facts& facts);
Facts facts_from_json(const Json& json);

}  // namespace hardened
