// SPDX-License-Identifier: Apache-2.0
// States facts about opened objects: where they lie on this host and whether anyone but root could
// put another in their place. Refuses objects whose name does not lead back to them. Judges nothing
// else.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// Open everything first, ask afterwards: mountinfo is read once, by the first question, and mount
// ids are reused as soon as nothing holds the mount any more.
class Looker {
 public:
  explicit Looker(Kernel& kernel);

  // nullopt: there is nothing of that name. Throws Error(system) where there is and it cannot be
  // opened.
  std::optional<Descriptor> open(int directory, const std::string& path, int flags, Walk walk);

  // What the kernel calls it: a path of its own mount namespace, or "pipe:[1]". Proves nothing.
  std::optional<std::string> name(int descriptor);
  FileIdentity identity(int descriptor);

  // Of an O_PATH descriptor: what it is a link to; nullopt: no link.
  std::optional<std::string> link(int descriptor) { return kernel_.read_link(descriptor, ""); }
  std::uint64_t mount_id(int descriptor) { return kernel_.mount_id(descriptor); }

  // Each throws Error(refused) where the object cannot be placed on this host: it lies in another
  // mount namespace, or has no name any more.
  SourceFact source(int descriptor, bool recursive);
  RootFact root(int descriptor);

  // Of an O_PATH descriptor. Whatever is no namespace has no type, and is not opened any further.
  NamespaceFact name_space(int descriptor);
  // The file of a running program may have been replaced since (an engine's upgrade): its last name
  // is stated if it lay on this host, where only who can write that directory can have put it.
  ExecutableFact executable(int descriptor);
  // The host's node of that kind and number: where devtmpfs has it, else at `path`.
  SourceFact device(const std::string& path, FileKind kind, std::uint32_t major,
                    std::uint32_t minor);
  // linux.cgroupsPath, as a path and as a unit, in every hierarchy below `root`.
  CgroupFact cgroup(const std::string& path, const std::string& root = "/sys/fs/cgroup");
  HostFacts host(const Profile& profile);
  // Sockets that an engine listens on, wherever it keeps them: by the names that engines give
  // theirs, and by owner those that one of the sources holds.
  std::vector<SensitivePath> engine_sockets(const std::map<std::string, SourceFact>& sources);

  // To be laid over what is tried from now on.
  void offer(const IdRange& range);
  // The user namespace of the offered ids, if one was made, for who stages the mounts after us.
  Descriptor take_id_map() { return std::move(id_map_); }
  // States what the object is made of and why the ids cannot be laid over it. Nothing without an
  // offer.
  void try_mapping(int descriptor, RootFact& fact);
  void try_mapping(int descriptor, bool recursive, SourceFact& fact);
  // The user namespace that owns the one at /proc/PID/ns/..., stated and opened; of a user
  // namespace itself. nullopt: nothing names it.
  std::optional<Descriptor> owner(const std::string& path, NamespaceFact& fact);
  // States the maps of an opened user namespace whose path is none of /proc: containerd 2.1 pins
  // that of a pod by a bind mount, before anybody is in it. Nothing where it cannot be entered.
  void state_maps_of_pinned(int descriptor, const std::string& path, NamespaceFact& fact);

 private:
  struct Place {
    std::string path;
    Location location;
    Mount mount;
  };
  struct Layers {
    Overlay overlay;
    std::string fault;       // empty: none
    bool untouched = false;  // as of sources
  };
  std::string loaded_profiles();                             // AppArmor's list
  std::optional<std::string> read(const std::string& path);  // a small file below /proc or /sys
  const MountTable& mounts();
  std::optional<Place> find_place(int descriptor, const struct stat& status);
  Place place(int descriptor, const struct stat& status);
  bool owner_is_root(std::uint32_t uid) const;
  bool is_guarded(const std::string& directory);
  bool replaceable(const std::string& path, const struct stat& status);
  std::optional<FileIdentity> identity_of(const std::string& path);
  bool is_own(std::string_view file, const FileIdentity& identity);
  std::vector<SensitivePath> sensitive(const Profile& profile);
  bool swap_is_accounted(int cgroup_version);
  std::vector<std::string> missing_controllers(int cgroup_version);
  bool has_processes(int cgroup);
  void look_at_cgroup(int hierarchy, const std::string& base, const std::string& path,
                      CgroupFact& fact);
  const std::vector<RootPart>& layers(const Mount& mount);
  std::vector<RootPart> find_layers(const Mount& mount);
  bool may_hang(const std::string& path);
  std::optional<SensitivePath> socket_at(const std::string& name);
  std::set<std::string> sockets_of_engines();
  std::string mapping_fault(int descriptor, Tree tree, const std::string& file_system);
  std::string layer_directory(const Overlay& overlay, const std::string& mount_point);
  Layers open_layers(const Mount& mount);
  Layers layers_at(const Place& place);

  Kernel& kernel_;
  bool initial_user_namespace_;
  std::optional<MountTable> mounts_;
  std::map<std::string, bool> guarded_;                    // by directory
  std::map<std::uint64_t, std::vector<RootPart>> layers_;  // by mount id
  Descriptor id_map_;                                      // a user namespace with the offered ids
  std::uint32_t id_map_size_ = 0;
  std::string no_id_map_;  // why there is none
};

}  // namespace hardened
