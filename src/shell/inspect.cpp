// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/inspect.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/host_views.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/shell/destinations.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

constexpr std::array<std::string_view, 6> kHooks{
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};

bool holds(const std::vector<std::string>& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

class Inspector {
 public:
  Inspector(Kernel& kernel, const Json& document, const Profile& profile, const std::string& bundle,
            Looking looking, const IdRange& offered)
      : looker_(kernel),
        document_(document),
        profile_(profile),
        bundle_(bundle),
        looking_(looking),
        offered_(offered) {}

  Inspection run();

 private:
  // A name of the document and where it stands there first.
  struct Wanted {
    std::string pointer;
    bool recursive = false;
  };
  using Names = std::map<std::string, Wanted>;

  template <typename Fact>
  Fact look(const std::string& pointer, const std::function<Fact()>& state);
  std::string absolute(const std::string& path) const;
  void open_root();
  void open_state_directories();
  void open_sources();
  void resolve_destinations();
  bool lay_mounts(Destinations& destinations);
  void resolve_working_directory(Destinations& destinations, bool all_laid);
  bool lay(Destinations& destinations, const Json& mount, const std::string& place);
  void open_namespaces();
  void open_hooks();
  void hold(Names& names, HeldObjects& objects, const std::string& path,
            const std::string& pointer);
  template <typename Fact>
  void state(const Names& names, const HeldObjects& objects, std::map<std::string, Fact>& facts,
             const std::function<Fact(int, const Wanted&)>& stated);
  void state_devices();
  void open_host_views();
  void name_owners();
  void try_mappings();

  Looker looker_;
  const Json& document_;
  const Profile& profile_;
  const std::string& bundle_;
  Looking looking_;
  IdRange offered_;
  Descriptor root_;
  std::vector<std::string> directories_;
  Names sources_, namespaces_, hooks_;
  HeldObjects executables_;
  Inspection result_;
};

template <typename Fact>
Fact Inspector::look(const std::string& pointer, const std::function<Fact()>& state) {
  try {
    return state();
  } catch (const Error& error) {
    if (looking_ == Looking::must_see) throw Error(error.kind(), pointer, error.what());
    return Fact{};
  }
}

std::string Inspector::absolute(const std::string& path) const {
  if (path.starts_with('/')) return path;
  if (bundle_.empty()) {
    throw Error(ErrorKind::invalid_input, "a relative path, and there is no bundle");
  }
  return bundle_ + "/" + path;
}

// Opens what a name stands for, once however often it occurs: one string, one object.
void Inspector::hold(Names& names, HeldObjects& objects, const std::string& path,
                     const std::string& pointer) {
  if (path.empty() || !names.try_emplace(path, Wanted{pointer, false}).second) return;
  if (objects.contains(path)) return;
  // O_PATH: nothing is read, no FIFO or device is opened, nobody is waited for.
  std::optional<Descriptor> opened = look<std::optional<Descriptor>>(pointer, [&] {
    return looker_.open(kWorkingDirectory, absolute(path), O_PATH, Walk::follow);
  });
  if (opened) objects[path] = *std::move(opened);
}

void Inspector::open_root() {
  const std::string path = find_string(document_, "/root/path").value_or("");
  if (path.empty()) return;
  std::optional<Descriptor> opened = look<std::optional<Descriptor>>("/root/path", [&] {
    return looker_.open(kWorkingDirectory, absolute(path), O_PATH | O_DIRECTORY, Walk::follow);
  });
  if (opened) root_ = *std::move(opened);
}

// Before the sources: a user's mount of the same name must not be what the rule read-only-rootfs
// binds.
void Inspector::open_state_directories() {
  const std::optional<std::string> root = root_ ? looker_.name(root_.number()) : std::nullopt;
  if (!root) return;
  for (const Json& entry : find_array(profile_.settings("read-only-rootfs"), "/directories")) {
    const std::string path = find_string(entry, "/path").value_or("");
    const std::string below = path.substr(std::min(path.find_first_not_of('/'), path.size()));
    // A link in the image (/var -> /etc) would bind the host's directory, so none is followed.
    std::optional<Descriptor> opened;
    try {
      opened = looker_.open(root_.number(), below, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    } catch (const Error& error) {
      const bool link = error.number() == ELOOP || error.number() == EXDEV;
      if (!link && looking_ == Looking::must_see) throw;
    }
    if (!opened) continue;
    directories_.push_back(path);
    sources_[*root + path] = {"/root/path", true};
    result_.objects[*root + path] = *std::move(opened);
  }
}

void Inspector::open_sources() {
  const Json& mounts = find_array(document_, "/mounts");
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    const std::string pointer = join("/mounts", index);
    const std::vector<std::string> options = find_strings(document_, pointer + "/options");
    if (!is_bind(mounts[index])) continue;
    const std::string source = find_string(document_, pointer + "/source").value_or("");
    hold(sources_, result_.objects, source, pointer + "/source");
    if (!source.empty() && (holds(options, "rbind") || !holds(options, "bind"))) {
      sources_[source].recursive = true;
    }
  }
}

// What the ways of later mounts lead through; false: nobody knows.
bool Inspector::lay(Destinations& destinations, const Json& mount, const std::string& place) {
  const std::vector<std::string> options = find_strings(mount, "/options");
  if (!is_bind(mount)) {
    // With a copy of what the rootfs has there, links and all, it is like no mount at all.
    if (!holds(options, "tmpcopyup")) destinations.fresh(place);
    return true;
  }
  const auto source = result_.objects.find(find_string(mount, "/source").value_or(""));
  if (source == result_.objects.end()) return false;
  const int object = source->second.number();
  const std::optional<std::string> root = looker_.name(root_.number());
  const bool own = root && looker_.name(object) == path_below(*root, place);
  destinations.bind(place, object, holds(options, "rbind"),
                    own ? Destinations::Whose::own_rootfs : Destinations::Whose::anybody);
  return true;
}

// In the document's order: a mount changes where the next one's way leads. false: from some on,
// nobody knows.
bool Inspector::lay_mounts(Destinations& destinations) {
  const Json& mounts = find_array(document_, "/mounts");
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    const std::string pointer = join("/mounts", index);
    const std::string text = find_string(document_, pointer + "/destination").value_or("");
    DestinationFact& fact = result_.facts.destinations[text];
    const auto found = look<Destinations::Place>(pointer + "/destination",
                                                 [&] { return destinations.resolve(text); });
    if (found.path.empty()) return false;  // what follows could lead through this one
    fact.sight = Sight::seen;
    fact.linked = fact.linked || found.linked;
    if (!holds(fact.places, found.path)) fact.places.push_back(found.path);
    if (!lay(destinations, mounts[index], found.path)) return false;
  }
  return true;
}

// CVE-2024-21626 by a link: /work -> /proc/self/fd of the image. The runtime changes directory when
// all is mounted.
void Inspector::resolve_working_directory(Destinations& destinations, bool all_laid) {
  const std::string text = find_string(document_, "/process/cwd").value_or("");
  DestinationFact& fact = result_.facts.working_directory;
  if (!text.starts_with('/')) return;
  if (!all_laid) {
    if (looking_ == Looking::must_see) fact.sight = Sight::missing;
    return;
  }
  const auto found = look<Destinations::Place>(
      "/process/cwd", [&] { return destinations.resolve(lexical_path(text)); });
  if (found.path.empty()) return;
  fact = {.sight = Sight::seen, .places = {found.path}, .linked = found.linked};
}

void Inspector::resolve_destinations() {
  if (!root_) return;
  Destinations destinations(looker_, root_.number());
  resolve_working_directory(destinations, lay_mounts(destinations));
}

void Inspector::open_namespaces() {
  const Json& namespaces = find_array(document_, "/linux/namespaces");
  for (std::size_t index = 0; index < namespaces.size(); ++index) {
    const std::string pointer = join(join("/linux/namespaces", index), "path");
    hold(namespaces_, result_.objects, find_string(document_, pointer).value_or(""), pointer);
  }
}

void Inspector::open_hooks() {
  for (const std::string_view kind : kHooks) {
    const std::string list = join("/hooks", kind);
    const std::size_t count = find_array(document_, list).size();
    for (std::size_t index = 0; index < count; ++index) {
      const std::string pointer = join(join(list, index), "path");
      hold(hooks_, executables_, find_string(document_, pointer).value_or(""), pointer);
    }
  }
}

template <typename Fact>
void Inspector::state(const Names& names, const HeldObjects& objects,
                      std::map<std::string, Fact>& facts,
                      const std::function<Fact(int, const Wanted&)>& stated) {
  for (const auto& entry : names) {
    const Wanted& wanted = entry.second;
    Fact& fact = facts[entry.first];
    const auto object = objects.find(entry.first);
    if (object != objects.end()) {
      fact = look<Fact>(wanted.pointer, [&] { return stated(object->second.number(), wanted); });
    } else if (looking_ == Looking::must_see) {
      fact.sight = Sight::missing;
    }
  }
}

void Inspector::state_devices() {
  const Json& devices = find_array(document_, "/linux/devices");
  for (std::size_t index = 0; index < devices.size(); ++index) {
    const std::string pointer = join("/linux/devices", index);
    const std::string path = find_string(document_, pointer + "/path").value_or("");
    const std::string type = find_string(document_, pointer + "/type").value_or("");
    const std::int64_t major = find_integer(document_, pointer + "/major").value_or(0);
    const std::int64_t minor = find_integer(document_, pointer + "/minor").value_or(0);
    if (path.empty() || type == "p") continue;
    SourceFact& fact = result_.facts.devices[path];
    if (!std::in_range<std::uint32_t>(major) || !std::in_range<std::uint32_t>(minor)) continue;
    fact = look<SourceFact>(pointer, [&] {
      return looker_.device(path, type == "b" ? FileKind::block : FileKind::character,
                            static_cast<std::uint32_t>(major), static_cast<std::uint32_t>(minor));
    });
    if (fact.sight == Sight::missing && looking_ == Looking::as_far_as_possible) fact = {};
  }
}

// The host's own mounts that the rule user-namespace gives in place of fresh ones.
void Inspector::open_host_views() {
  // Which namespaces are the host's is not known yet: each of those by path may be.
  Facts perhaps;
  for (const Json& entry : find_array(document_, "/linux/namespaces")) {
    NamespaceFact& fact = perhaps.namespaces[find_string(entry, "/path").value_or("")];
    fact.sight = Sight::seen;
    fact.host = true;
  }
  perhaps.namespaces.erase("");
  const Json& mounts = find_array(document_, "/mounts");
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    if (!needs_host_view(document_, perhaps, mounts[index])) continue;
    const std::string pointer = join("/mounts", index);
    const std::string place = find_string(mounts[index], "/destination").value_or("");
    hold(sources_, result_.objects, normal_path("/" + place), pointer);
  }
}

// Staging hands the owner over as the object that was looked at.
void Inspector::name_owners() {
  std::map<std::string, NamespaceFact> owners;
  for (auto& [path, fact] : result_.facts.namespaces) {
    if (fact.sight != Sight::seen) continue;
    std::optional<Descriptor> owner = looker_.owner(path, fact);
    if (!owner) {
      looker_.state_maps_of_pinned(result_.objects.at(path).number(), path, fact);
      continue;
    }
    const auto [held, first] = result_.objects.try_emplace(fact.owner_path, *std::move(owner));
    const FileIdentity wanted = fact.type == "user" ? fact.identity : fact.owner;
    if (first || looker_.identity(held->second.number()) == wanted) {
      NamespaceFact& owner_fact = owners[fact.owner_path];
      owner_fact = looker_.name_space(held->second.number());
      owner_fact.owner_path = fact.owner_path;
      owner_fact.owner_maps = fact.owner_maps;
      continue;
    }
    fact.owner_path.clear();  // that name was another process's a moment ago
    fact.owner_maps = {};
  }
  // The rules that follow meet the name in the document.
  result_.facts.namespaces.merge(owners);
}

void Inspector::try_mappings() {
  Facts& facts = result_.facts;
  if (!facts.host.initial_user_namespace) return;
  facts.host.id_range = offered_;
  looker_.offer(offered_);
  if (facts.root.sight == Sight::seen) {
    look<bool>("/root/path", [&] {
      looker_.try_mapping(root_.number(), facts.root);
      return true;
    });
  }
  for (auto& [name, fact] : facts.sources) {
    // A directory of the rootfs comes with the rootfs.
    if (fact.sight != Sight::seen ||
        (facts.root.sight == Sight::seen && lies_in(name, facts.root.path))) {
      continue;
    }
    const Wanted& wanted = sources_.at(name);
    look<bool>(wanted.pointer, [&, &source = fact, &object = name] {
      looker_.try_mapping(result_.objects.at(object).number(), wanted.recursive, source);
      return true;
    });
  }
}

Inspection Inspector::run() {
  open_root();
  open_state_directories();
  open_sources();
  resolve_destinations();
  open_host_views();
  open_namespaces();
  open_hooks();
  Facts& facts = result_.facts;
  facts.host = looker_.host(profile_);
  if (root_) {
    facts.root = look<RootFact>("/root/path", [&] { return looker_.root(root_.number()); });
    if (facts.root.sight == Sight::seen) facts.root.directories = directories_;
  } else if (looking_ == Looking::must_see) {
    facts.root.sight = Sight::missing;
  }
  state<SourceFact>(
      sources_, result_.objects, facts.sources,
      [&](int object, const Wanted& wanted) { return looker_.source(object, wanted.recursive); });
  state<NamespaceFact>(namespaces_, result_.objects, facts.namespaces,
                       [&](int object, const Wanted&) { return looker_.name_space(object); });
  state<ExecutableFact>(hooks_, executables_, facts.hooks,
                        [&](int object, const Wanted&) { return looker_.executable(object); });
  state_devices();
  name_owners();
  try_mappings();
  if (root_) result_.objects[find_string(document_, "/root/path").value_or("")] = std::move(root_);
  const std::string cgroup = find_string(document_, "/linux/cgroupsPath").value_or("");
  if (!cgroup.empty()) {
    facts.cgroup = look<CgroupFact>("/linux/cgroupsPath", [&] { return looker_.cgroup(cgroup); });
  }
  for (SensitivePath& socket : looker_.engine_sockets(facts.sources)) {
    facts.host.sensitive.push_back(std::move(socket));
  }
  result_.id_map = looker_.take_id_map();
  return std::move(result_);
}

}  // namespace

HostFacts inspect_host(Kernel& kernel, const Profile& profile) {
  Looker looker(kernel);
  HostFacts facts = looker.host(profile);
  for (SensitivePath& socket : looker.engine_sockets({})) {
    facts.sensitive.push_back(std::move(socket));
  }
  return facts;
}

Inspection inspect(Kernel& kernel, const Json& document, const Profile& profile,
                   const std::string& bundle, Looking looking, IdRange offered) {
  return Inspector(kernel, document, profile, bundle, looking, offered).run();
}

}  // namespace hardened
