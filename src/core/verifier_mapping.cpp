// SPDX-License-Identifier: Apache-2.0
#include "core/verifier_mapping.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "core/verifier_conditions.hpp"

namespace hardened::verifier {
namespace {

constexpr std::array kLists{"/linux/uidMappings", "/linux/gidMappings"};

const Json* own_user_namespace(const Json& config) {
  for (const Json& entry : find_array(config, "/linux/namespaces")) {
    if (entry.value("type", "") == "user") return &entry;
  }
  return nullptr;
}

// The policy may let a container go without where the host has nothing to give, and where it joins
// what the host's own user namespace owns.
bool may_go_without(const Json& config, const Profile& profile, const Facts& facts) {
  const bool nothing = facts.host.id_range.size == 0 || !facts.root.unmappable.empty();
  if (nothing && profile.settings("user-namespace").value("unsupported", "") == "degrade") {
    return true;
  }
  for (const Json& entry : find_array(config, "/linux/namespaces")) {
    const auto fact = facts.namespaces.find(entry.value("path", ""));
    if (fact == facts.namespaces.end() || !fact->second.host_owned || fact->second.host) continue;
    const bool network = entry.value("type", "") == "network";
    const Json& settings = profile.settings("host-namespaces");
    if (settings.value(network ? "foreign_network" : "foreign_namespaces", "") ==
        "without-user-namespace") {
      return true;
    }
  }
  return false;
}

bool in_a_pool(const Json& mapping, const Profile& profile) {
  const auto host = mapping.value("hostID", std::uint64_t{0});
  const auto end = host + mapping.value("size", std::uint64_t{0});
  return std::ranges::any_of(profile.pools(), [&](const IdRange& pool) {
    return host < std::uint64_t{pool.first} + pool.size && pool.first < end;
  });
}

// Of the pools nobody has an id but by this very plan.
void pool_is_ours(const Plan& plan, const Profile& profile, const Facts& facts) {
  for (const char* list : kLists) {
    for (const Json& mapping : find_array(plan.config, list)) {
      if (!plan.mapping && in_a_pool(mapping, profile))
        fail(list, "names ids that nobody was given");
    }
  }
  if (!plan.mapping) return;
  const IdRange& offered = facts.host.id_range;
  const IdMapping own{0, offered.first, offered.size};
  if (offered.size > 0 && *plan.mapping == IdMaps{{own}, {own}}) return;
  const bool joined =
      std::any_of(facts.namespaces.begin(), facts.namespaces.end(), [&](const auto& entry) {
        const Json* user = own_user_namespace(plan.config);
        return user != nullptr && entry.second.owner_maps == *plan.mapping &&
               user->value("path", "") == entry.second.owner_path &&
               !entry.second.owner_path.empty();
      });
  if (!joined) fail(kLists[0], "neither the ids offered nor those of who is joined");
}

void lists_say_the_mapping(const Plan& plan) {
  const std::map<std::string, const std::vector<IdMapping>*> wanted{
      {kLists[0], &plan.mapping->users}, {kLists[1], &plan.mapping->groups}};
  for (const auto& [list, map] : wanted) {
    const Json& has = find_array(plan.config, list);
    bool same = has.size() == map->size();
    for (std::size_t index = 0; same && index < map->size(); ++index) {
      const IdMapping& one = map->at(index);
      same = has[index].value("containerID", std::uint64_t{0}) == one.container &&
             has[index].value("hostID", std::uint64_t{0}) == one.host &&
             has[index].value("size", std::uint64_t{0}) == one.size;
    }
    if (!same) fail(list, "is not what is laid over the mounts");
    if (std::any_of(map->begin(), map->end(), [](const IdMapping& m) { return m.host == 0; })) {
      fail(list, "maps the host's id 0");
    }
  }
}

struct Kind {
  const char* type;
  const char* name_space;
  const char* place;
  bool writable;  // may be, as a fresh one is
};
constexpr std::array<Kind, 3> kKinds{{{"sysfs", "network", "/sys", false},
                                      {"proc", "pid", "/proc", true},
                                      {"mqueue", "ipc", "/dev/mqueue", false}}};

const Kind* kind_at(const Json& mount) {
  const std::string place = normal(text_at(mount, "/destination"));
  const auto* kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return place == k.place; });
  return kind == kKinds.end() ? nullptr : kind;
}

bool shows_the_host(const Json& mount, const Kind& kind) {
  const Strings options = find_strings(mount, "/options");
  return text_at(mount, "/source") == kind.place && contains(options, "bind") &&
         !contains(options, "rbind") && !contains(options, "rrw") &&
         (kind.writable || effective(options, "ro", "rw")) &&
         effective(options, "nosuid", "suid") && effective(options, "nodev", "dev") &&
         effective(options, "noexec", "exec");
}

void require_ids(const std::map<std::string, const MountOperation*>& operations,
                 const std::string& pointer, const Json& config, const Facts& facts) {
  const auto found = operations.find(pointer);
  if (found == operations.end()) fail(pointer, "is mounted without the container's ids");
  const MountOperation& operation = *found->second;
  if (operation.id_mapped || operation.kind == MountKind::in_rootfs) return;
  const std::string source = find_string(config, pointer).value_or("");
  const auto fact = facts.sources.find(source);
  const bool view = source == "/sys" || source == "/proc" || source == "/dev/mqueue";
  if (!view && (fact == facts.sources.end() || fact->second.unmappable.empty())) {
    fail(pointer, "is mounted as it is, and could have the container's ids");
  }
}

}  // namespace

void user_namespace_given(const Plan& plan, const Profile& profile, const Facts& facts) {
  if (!facts.host.initial_user_namespace) return;
  if (own_user_namespace(plan.config) == nullptr) {
    if (!may_go_without(plan.config, profile, facts)) {
      fail("/linux/namespaces", "must hold an own user namespace");
    }
    if (plan.degraded.empty()) fail("/linux/namespaces", "goes without, and nothing says so");
  }
  pool_is_ours(plan, profile, facts);
}

void ids_laid_over_mounts(const Plan& plan, const Facts& facts) {
  if (!plan.mapping) return;
  if (own_user_namespace(plan.config) == nullptr) {
    fail("/linux/namespaces", "has ids, and no user namespace to have them in");
  }
  lists_say_the_mapping(plan);
  std::map<std::string, const MountOperation*> operations;
  for (const MountOperation& operation : plan.operations) {
    if (!operations.emplace(operation.pointer, &operation).second) {
      fail(operation.pointer, "is mounted twice");
    }
  }
  const auto root = operations.find("/root/path");
  if (root == operations.end() || !root->second->id_mapped) {
    fail("/root/path", "is without the container's ids");
  }
  const Json& mounts = find_array(plan.config, "/mounts");
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    if (!binds(mounts[index])) continue;
    require_ids(operations, join("/mounts", index) + "/source", plan.config, facts);
  }
}

bool is_view_in_place_of(const Json& before, const Json& after) {
  const Kind* kind = kind_at(before);
  const bool read_only = effective(find_strings(before, "/options"), "ro", "rw");
  return kind != nullptr && !binds(before) &&
         (!read_only || effective(find_strings(after, "/options"), "ro", "rw")) &&
         text_at(before, "/type") == kind->type &&
         text_at(before, "/destination") == text_at(after, "/destination") &&
         shows_the_host(after, *kind);
}

bool is_view(const Subject& subject, const Json& mount) {
  const Kind* kind = kind_at(mount);
  if (kind == nullptr || !shows_the_host(mount, *kind)) return false;
  const auto fact = subject.facts.sources.find(kind->place);
  if (fact != subject.facts.sources.end() && fact->second.sight == Sight::seen &&
      fact->second.file_system != kind->type) {
    return false;
  }
  return !contains(own_namespaces(subject), kind->name_space);
}

}  // namespace hardened::verifier
