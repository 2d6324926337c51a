// SPDX-License-Identifier: Apache-2.0
// Post-conditions on what the container sees: rootfs, mounts, paths of the kernel, namespaces.
#include <map>
#include <set>

#include "core/verifier_conditions.hpp"
#include "core/verifier_mapping.hpp"

namespace hardened::verifier {
namespace {

constexpr std::int64_t kLastId = 4294967295;

struct Mount {
  const Json& json;
  std::string pointer;
  std::string type;
  std::string place;
  Strings options;
};

void vet_type_and_place(const Subject& s, const Mount& mount) {
  if (!contains(find_strings(s.settings, "/allowed_types"), mount.type)) {
    fail(join(mount.pointer, "type"), mount.type + " is not an allowed type");
  }
  const std::string pointer = join(mount.pointer, "destination");
  const std::string given = text_at(mount.json, "/destination");
  if (mount.place == "/" || ("/" + given + "/").find("/../") != std::string::npos) {
    fail(pointer, "is no place below the rootfs");
  }
  if (contains(find_strings(s.settings, "/allowed_destinations"), mount.place)) return;
  if (mount.type == "proc" && mount.place != "/proc") fail(pointer, "a second proc");
  if (mount.type == "sysfs" && mount.place != "/sys") fail(pointer, "a second sysfs");
  const bool own = mount.type == "proc" || mount.type == "sysfs" ||
                   (mount.type.starts_with("cgroup") && mount.place == "/sys/fs/cgroup");
  if (!own && (at_or_below(mount.place, "/proc") || at_or_below(mount.place, "/sys"))) {
    fail(pointer, "covers a file system of the kernel");
  }
}

// Where it was found to land, by whatever links the image or a volume holds.
Strings places_of(const Subject& s, const Json& mount) {
  const auto fact = s.facts.destinations.find(text_at(mount, "/destination"));
  if (fact == s.facts.destinations.end()) return {};
  return fact->second.places;
}

void vet_landing(const Subject& s, const Mount& mount) {
  const std::string pointer = join(mount.pointer, "destination");
  const auto fact = s.facts.destinations.find(text_at(mount.json, "/destination"));
  if (fact != s.facts.destinations.end() && fact->second.linked) {
    fail(pointer, "lands where a link in another mount says");
  }
  for (const std::string& place : places_of(s, mount.json)) {
    if (place == mount.place) continue;
    vet_type_and_place(s, {mount.json, mount.pointer, mount.type, place, mount.options});
  }
}

bool device_node(const Subject& s, const Mount& mount) {
  const auto fact = s.facts.sources.find(text_at(mount.json, "/source"));
  if (fact == s.facts.sources.end() || fact->second.sight != Sight::seen) {
    // Nobody could look. The harmless ones also hide files, at any place.
    const Strings harmless{"/dev/null",   "/dev/zero",    "/dev/full",
                           "/dev/random", "/dev/urandom", "/dev/tty"};
    const std::string source = text_at(mount.json, "/source");
    return at_or_below(mount.place, "/dev") ||
           (source.starts_with('/') && contains(harmless, normal(source)));
  }
  return fact->second.kind == FileKind::character || fact->second.kind == FileKind::block;
}

void vet_flags(const Subject& s, const Mount& mount) {
  const std::string pointer = join(mount.pointer, "options");
  const bool bind = mount.type == "bind";
  const bool ordinary = !bind && mount.type != "tmpfs" && mount.type != "devpts";
  const bool may_have_devices =
      mount.type == "devpts" || mount.place == "/dev" || (bind && device_node(s, mount));
  if (!effective(mount.options, "nosuid", "suid")) fail(pointer, "a mount without nosuid");
  if (!may_have_devices && !effective(mount.options, "nodev", "dev")) {
    fail(pointer, "a mount without nodev");
  }
  if ((ordinary || mount.type == "devpts") && !effective(mount.options, "noexec", "exec")) {
    fail(pointer, "a mount of the kernel's without noexec");
  }
  const bool cgroup = mount.type.starts_with("cgroup");
  const bool writable = text_at(s.settings, "/cgroup") == "writable";
  if ((mount.type == "sysfs" || (cgroup && !writable)) && !effective(mount.options, "ro", "rw")) {
    fail(pointer, "a writable view of the kernel");
  }
  if (contains(mount.options, "remount")) fail(pointer, "changes a mount that was judged before");
}

void vet_sharing(const Subject& s, const Mount& mount) {
  const bool shared = contains(mount.options, "shared") || contains(mount.options, "rshared");
  if (shared && refused(s.settings, "shared_propagation")) {
    fail(join(mount.pointer, "options"), "propagates mounts to the host");
  }
  for (const std::string kind : {"uidMappings", "gidMappings"}) {
    const Json& own = find_array(mount.json, join("", kind));
    if (!own.empty() && own != find_array(s.config, "/linux/" + kind) &&
        refused(s.settings, "id_mappings")) {
      fail(join(mount.pointer, kind), "differs from the container's");
    }
  }
}

// /var/run is /run.
bool allowed_source(const Subject& s, const std::string& path) {
  return std::ranges::any_of(find_strings(s.settings, "/allowed_sources"), [&](std::string root) {
    root = normal(root);
    if (at_or_below(root, "/var/run")) root.erase(0, 4);
    return at_or_below(path, root);
  });
}

bool allowed_read_only(const Subject& s, const Mount& mount, const std::string& path) {
  return effective(find_strings(mount.json, "/options"), "ro", "rw") &&
         std::ranges::any_of(
             find_strings(s.settings, "/allowed_read_only"),
             [&](const std::string& root) { return at_or_below(path, normal(root)); });
}

// By its name, and by what it is: a bind of /etc at another place has the same location.
void vet_source(const Subject& s, const Mount& mount) {
  const std::string pointer = join(mount.pointer, "source");
  const std::string source = text_at(mount.json, "/source");
  if (source.empty()) fail(pointer, "a bind of the bundle");
  const auto found = s.facts.sources.find(source);
  const bool seen = found != s.facts.sources.end() && found->second.sight == Sight::seen;
  // A relative one is the bundle's, wherever that lies.
  if (!seen && !source.starts_with('/')) return;
  const std::string path = normal(seen ? found->second.path : source);
  if (allowed_source(s, path) || allowed_read_only(s, mount, path)) return;
  for (const char* list : {"/denied_trees", "/denied_paths"}) {
    if (contains(find_strings(s.settings, list), path)) fail(pointer, path + " is the host's");
  }
  if (!seen || found->second.location.device.empty()) return;
  for (const SensitivePath& sensitive : s.facts.host.sensitive) {
    if (found->second.location == sensitive.location) {
      fail(pointer, path + " is the host's " + sensitive.path);
    }
  }
}

// The list is what the kernel has behind a joined user namespace, line by line.
void require_map(const Subject& s, const char* pointer, const std::vector<IdMapping>& map) {
  const Json& list = find_array(s.config, pointer);
  bool same = list.size() == map.size() && !map.empty();
  for (std::size_t index = 0; same && index < map.size(); ++index) {
    const auto is = [&](const char* field, std::uint32_t value) {
      return find_integer(list[index], field) == std::int64_t{value};
    };
    same = is("/containerID", map[index].container) && is("/hostID", map[index].host) &&
           is("/size", map[index].size);
  }
  if (!same) fail(pointer, "differs from what the joined user namespace has");
}

}  // namespace

void read_only_rootfs(const Subject& s) {
  if (find_boolean(s.config, "/root/readonly") != true) fail("/root/readonly", "must be true");
}

void rootfs_shape(const Subject& s) {
  const std::string path = text_at(s.config, "/root/path");
  if (path.empty() || path == "/") fail("/root/path", "must name a directory of its own");
  if (!s.facts.root.symbolic_links.empty())
    fail("/root/path", "holds a link at /dev, /proc or /sys");
}

void masked_paths(const Subject& s) {
  const Strings masked = find_strings(s.config, "/linux/maskedPaths");
  const Strings read_only = find_strings(s.config, "/linux/readonlyPaths");
  for (const std::string& path : find_strings(s.settings, "/masked")) {
    if (!contains(masked, path)) fail("/linux/maskedPaths", "must hold " + path);
  }
  for (const std::string& path : find_strings(s.settings, "/readonly")) {
    if (!contains(read_only, path) && !contains(masked, path)) {
      fail("/linux/readonlyPaths", "must hold " + path);
    }
  }
}

void host_namespaces(const Subject& s) {
  std::set<std::string> types;
  const Json& list = find_array(s.config, "/linux/namespaces");
  for (std::size_t index = 0; index < list.size(); ++index) {
    const std::string pointer = join("/linux/namespaces", index);
    const std::string type = text_at(list[index], "/type");
    const std::string path = text_at(list[index], "/path");
    if (!types.insert(type).second) fail(pointer, "a second " + type + " namespace");
    if (type == "mount" && !path.empty()) fail(pointer, "somebody else's mount namespace");
    const auto fact = s.facts.namespaces.find(path);
    if (path.empty() || fact == s.facts.namespaces.end()) continue;
    if (fact->second.sight == Sight::seen && fact->second.type != type) {
      fail(join(pointer, "path"), "is no " + type + " namespace");
    }
  }
  const Strings own = own_namespaces(s);
  Strings wanted{"mount"};
  for (const char* type : {"network", "pid", "ipc", "uts"}) {
    if (refused(s.settings, type)) wanted.emplace_back(type);
  }
  if (s.facts.host.cgroup_version == 2) wanted.emplace_back("cgroup");
  for (const std::string& type : wanted) {
    if (!contains(own, type)) fail("/linux/namespaces", "must hold an own " + type + " namespace");
  }
}

void user_namespace(const Subject& s) {
  const bool root = find_boolean(s.settings, "/allow_host_root").value_or(false);
  const std::int64_t lowest = find_integer(s.settings, "/lowest_host_id").value_or(0);
  for (const char* kind : {"uidMappings", "gidMappings"}) {
    const Json& list = find_array(s.config, join("/linux", kind));
    for (std::size_t index = 0; index < list.size(); ++index) {
      const std::string pointer = join(join("/linux", kind), index);
      const std::int64_t host = find_integer(list[index], "/hostID").value_or(0);
      const std::int64_t size = find_integer(list[index], "/size").value_or(0);
      if (host < 0 || size <= 0 || size > kLastId - host) fail(pointer, "is beyond the ids");
      if (!s.facts.host.initial_user_namespace) continue;
      if (host == 0 && !root) fail(pointer, "maps the host's id 0");
      if (host < lowest && !(host == 0 && size == 1)) fail(pointer, "maps ids of the host's users");
    }
  }
  const Json& namespaces = find_array(s.config, "/linux/namespaces");
  for (std::size_t index = 0; index < namespaces.size(); ++index) {
    if (text_at(namespaces[index], "/type") != "user") continue;
    const std::string pointer = join("/linux/namespaces", index);
    const std::string path = text_at(namespaces[index], "/path");
    const auto fact = s.facts.namespaces.find(path);
    if (fact != s.facts.namespaces.end() && fact->second.host) fail(pointer, "is the host's");
    if (!path.empty() && fact != s.facts.namespaces.end() && fact->second.sight == Sight::seen &&
        s.facts.host.initial_user_namespace) {
      require_map(s, "/linux/uidMappings", fact->second.owner_maps.users);
      require_map(s, "/linux/gidMappings", fact->second.owner_maps.groups);
    }
    if (path.empty() && find_array(s.config, "/linux/uidMappings").empty()) {
      fail(pointer, "has no mappings, and the runtime would choose them");
    }
  }
}

void mounts(const Subject& s) {
  const std::string propagation = text_at(s.config, "/linux/rootfsPropagation");
  if ((propagation == "shared" || propagation == "rshared") &&
      refused(s.settings, "shared_propagation")) {
    fail("/linux/rootfsPropagation", "propagates mounts to the host");
  }
  const Json& list = find_array(s.config, "/mounts");
  for (std::size_t index = 0; index < list.size(); ++index) {
    const Mount mount{.json = list[index],
                      .pointer = join("/mounts", index),
                      .type = binds(list[index]) ? "bind" : text_at(list[index], "/type"),
                      .place = normal(text_at(list[index], "/destination")),
                      .options = find_strings(list[index], "/options")};
    if (is_view(s, mount.json)) continue;
    vet_type_and_place(s, mount);
    vet_landing(s, mount);
    vet_flags(s, mount);
    vet_sharing(s, mount);
    if (mount.type == "bind") vet_source(s, mount);
  }
}

void device_directory(const Subject& s) {
  std::size_t count = 0;
  for (const Json& mount : find_array(s.config, "/mounts")) {
    if (normal(text_at(mount, "/destination")) != "/dev" &&
        !contains(places_of(s, mount), "/dev")) {
      continue;
    }
    if (binds(mount) || text_at(mount, "/type") != "tmpfs" ||
        contains(find_strings(mount, "/options"), "tmpcopyup")) {
      fail("/mounts", "/dev must be a fresh tmpfs");
    }
    ++count;
  }
  if (count != 1) fail("/mounts", "must mount /dev exactly once");
}

}  // namespace hardened::verifier
