// SPDX-License-Identifier: Apache-2.0
// Worlds that could be: what a name stands for is chosen, and all that follows from it is kept in
// step with it, for rules may rely on the kernel's own truth.
#include <array>
#include <filesystem>

#include "generator.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/paths.hpp"
#include "words.hpp"

namespace hardened::property {
namespace {

const IdRange kOurs{1879048192, 65536};

FileIdentity identity_of(const std::string& path) { return {1, std::hash<std::string>{}(path)}; }

std::string text_at(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Elements of an array that may be anything, for facts are made of documents that no one checked.
template <typename Use>
void each(const Json& document, const char* pointer, Use use) {
  const Json::json_pointer place{pointer};
  if (!document.contains(place) || !document.at(place).is_array()) return;
  for (const Json& element : document.at(place)) {
    if (element.is_object()) use(element);
  }
}

Sight sight(Choices& choices) {
  if (!choices.one_in(12)) return Sight::seen;
  return choices.below(2) == 0 ? Sight::missing : Sight::unseen;
}

// A host with less of something, or of another kind.
void make_other(HostFacts& host, Choices& choices) {
  switch (choices.below(10)) {
    case 1:
      host.cgroup_version = 1;
      break;
    case 2:
      host.apparmor = false;
      host.apparmor_profiles.clear();
      break;
    case 3:
      host.selinux = true;
      break;
    case 4:
      host.id_range = {};
      break;
    case 5:
      host.initial_user_namespace = false;
      host.id_range = {};
      break;
    case 6:
      host.swap_accounting = false;
      break;
    case 7:
      host.missing_controllers = {"pids", "cpu"};
      break;
    case 8:
      host.oom_score_adj = -500;
      break;
    case 9:
      host.resource_limits.clear();
      break;
    default:
      host.memory_bytes = 0;
  }
}

HostFacts host_of(Choices& choices) {
  HostFacts host;
  host.memory_bytes = 8589934592;
  host.cpus = 4;
  host.apparmor = true;
  host.apparmor_profiles = {"docker-default", "hardened-default"};
  host.id_range = kOurs;
  host.resource_limits = {{"RLIMIT_CORE", {0, ~std::uint64_t{0}}},
                          {"RLIMIT_NOFILE", {1024, 1048576}},
                          {"RLIMIT_NPROC", {~std::uint64_t{0}, ~std::uint64_t{0}}},
                          {"RLIMIT_RTPRIO", {0, 0}},
                          {"RLIMIT_NICE", {0, 0}},
                          {"RLIMIT_MEMLOCK", {8388608, 8388608}},
                          {"RLIMIT_MSGQUEUE", {819200, 819200}},
                          {"RLIMIT_SIGPENDING", {30000, 30000}}};
  for (const char* place : {"/", "/etc", "/proc", "/sys", "/dev", "/root", "/usr", "/var",
                            "/var/lib", "/boot", "/run", "/var/lib/docker", "/run/docker.sock"}) {
    host.sensitive.push_back({place, identity_of(place), {"8:1", place}});
  }
  for (std::size_t left = choices.below(8) < 6 ? 0 : 2; left > 0; --left) make_other(host, choices);
  return host;
}

RootFact root_of(const Json& document, Choices& choices) {
  RootFact root;
  const Json* object = document.is_object() ? find(document, "/root") : nullptr;
  const std::string text =
      object != nullptr && object->is_object() ? text_at(*object, "path") : std::string();
  root.sight = sight(choices);
  if (root.sight != Sight::seen) return root;
  root.path = lexical_path(text.starts_with('/') ? text : "/bundle/" + text);
  root.identity = identity_of(root.path);
  root.location = {"8:1", root.path};
  root.directories = {"/tmp", "/run", "/var", "/home", "/root", "/srv"};
  if (!choices.one_in(6)) return root;
  switch (choices.below(6)) {
    case 1:
      root.symbolic_links = {"/dev"};
      break;
    case 2:
      root.unmappable = "nfs cannot be id-mapped";
      break;
    case 3:
      root.location = {"8:1", "/etc"};
      break;
    case 4:
      root.overlay = {.lower = {"/var/lib/docker/overlay2/a/diff"},
                      .upper = "/var/lib/docker/overlay2/c/diff",
                      .work = "/var/lib/docker/overlay2/c/work",
                      .options = {}};
      break;
    case 5:
      root.parts = {{"/etc", {"8:1", "/etc"}}};
      break;
    default:
      root.directories = {"/data", "/var/lib", "/opt/kafka/logs"};
  }
  return root;
}

// A source that is of another kind than it looks, or of another place.
void make_other(SourceFact& fact, Choices& choices) {
  switch (choices.below(9)) {
    case 1:
      fact.kind = FileKind::socket;
      break;
    case 2:  // a link to it, or a bind of it
      fact.location.path = path(choices);
      fact.identity = identity_of(fact.location.path);
      break;
    case 3: {
      SourceFact below = fact;
      below.path = path_below(fact.path, "/x");
      below.location = {"8:2", path(choices)};
      below.locked_options = {"nosuid"};
      fact.submounts = {below};
      break;
    }
    case 4:
      fact.unmappable = "nfs cannot be id-mapped";
      break;
    case 5:
      fact.locked_options = {"ro", "nosuid", "nodev"};
      break;
    case 6:
      fact.kind = FileKind::character;
      fact.major = static_cast<std::uint32_t>(choices.below(12));
      fact.minor = static_cast<std::uint32_t>(choices.below(12));
      break;
    case 7:
      fact.layers = {{"/var/lib/docker/overlay2/a/diff", {"8:1", path(choices)}}};
      fact.overlay = {.lower = {fact.layers[0].path}, .upper = "", .work = "", .options = {}};
      break;
    case 8:
      fact.kind = FileKind::regular;
      break;
    default:
      fact.replaceable = true;
      fact.owner = 1000;
  }
}

SourceFact source_at(const std::string& text, Choices& choices) {
  SourceFact fact;
  fact.sight = sight(choices);
  if (fact.sight != Sight::seen) return fact;
  fact.kind = FileKind::directory;
  fact.path = lexical_path(text.starts_with('/') ? text : "/bundle/" + text);
  fact.identity = identity_of(fact.path);
  fact.location = {"8:1", fact.path};
  fact.mode = 0755;
  fact.replaceable = false;
  fact.file_system = "ext4";
  if (choices.one_in(4)) make_other(fact, choices);
  return fact;
}

DestinationFact destination_at(const std::string& text, Choices& choices) {
  DestinationFact fact{.sight = Sight::seen, .places = {normal_path("/" + text)}, .linked = false};
  if (!choices.one_in(20)) return fact;
  switch (choices.below(4)) {
    case 1:
      fact.places.push_back(normal_path(path(choices)));
      break;
    case 2:
      fact.linked = true;
      break;
    case 3:
      fact = {};
      break;
    default:
      fact.places = {normal_path("/" + path(choices))};
  }
  return fact;
}

NamespaceFact namespace_at(const std::string& path, const std::string& type, Choices& choices) {
  NamespaceFact fact;
  fact.sight = sight(choices);
  if (fact.sight != Sight::seen) return fact;
  fact.type = type;
  fact.identity = identity_of(path);
  fact.owner = type == "user" ? fact.identity : identity_of("owner");
  fact.owner_path = type == "user" ? path : "/proc/4713/ns/user";
  fact.owner_maps = maps_of({1879113728, 65536});
  switch (choices.below(8)) {
    case 1:
      fact.host = true;
      fact.host_owned = true;
      fact.owner_path.clear();
      fact.owner_maps = {};
      break;
    case 2:
      fact.host_owned = true;
      fact.owner_path.clear();
      fact.owner_maps = {};
      break;
    case 3:
      fact.type = "pid";
      break;
    case 4:
      fact.owner_path.clear();
      break;
    case 5:
      // Another owner: one has one map.
      fact.owner_maps = maps_of({0, 65536});
      if (type != "user") fact.owner = identity_of("owner of the host's ids");
      if (type != "user") fact.owner_path = "/proc/4714/ns/user";
      break;
    default:
      break;
  }
  return fact;
}

ExecutableFact executable_at(const std::string& path, Choices& choices) {
  ExecutableFact fact{.sight = sight(choices), .path = {}, .owner = 0, .replaceable = false};
  if (fact.sight != Sight::seen) return fact;
  fact.path = path;
  if (path.starts_with("/proc/")) fact.path = "/usr/bin/dockerd";
  if (choices.one_in(8)) fact.replaceable = true;
  if (choices.one_in(8)) fact.owner = 1000;
  if (choices.one_in(8)) fact.path = "/bin/sh";
  return fact;
}

}  // namespace

Facts facts_of(const Json& document, Choices& choices) {
  Facts facts;
  facts.host = host_of(choices);
  facts.root = root_of(document, choices);
  each(document, "/mounts", [&](const Json& mount) {
    const std::string source = text_at(mount, "source");
    if (!source.empty() && !facts.sources.contains(source)) {
      facts.sources[source] = source_at(source, choices);
    }
    const std::string destination = text_at(mount, "destination");
    if (!facts.destinations.contains(destination)) {
      facts.destinations[destination] = destination_at(destination, choices);
    }
    // What lands elsewhere is a link, and no directory.
    const std::string place = normal_path("/" + destination);
    const std::vector<std::string>& places = facts.destinations[destination].places;
    if (places.empty() || places.front() == place) return;
    std::erase_if(facts.root.directories,
                  [&](const std::string& path) { return at_or_below(path, place); });
  });
  each(document, "/linux/namespaces", [&](const Json& entry) {
    const std::string path = text_at(entry, "path");
    if (!path.empty() && !facts.namespaces.contains(path)) {
      facts.namespaces[path] = namespace_at(path, text_at(entry, "type"), choices);
    }
  });
  for (const char* stage : {"prestart", "createRuntime", "createContainer", "startContainer",
                            "poststart", "poststop"}) {
    each(document, (std::string("/hooks/") + stage).c_str(), [&](const Json& hook) {
      const std::string path = text_at(hook, "path");
      if (!facts.hooks.contains(path)) facts.hooks[path] = executable_at(path, choices);
    });
  }
  const Json::json_pointer cwd{"/process/cwd"};
  if (document.contains(cwd) && document.at(cwd).is_string()) {
    facts.working_directory = destination_at(document.at(cwd), choices);
  }
  facts.cgroup = {
      .sight = Sight::seen, .occupied = choices.one_in(30), .parent_occupied = choices.one_in(30)};
  return facts;
}

}  // namespace hardened::property
