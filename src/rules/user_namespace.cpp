// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/host_views.hpp"
#include "hardened/core/id_mappings.hpp"
#include "hardened/core/joined_namespaces.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::string_view kNamespaces = "/linux/namespaces";
constexpr std::string_view kUsers = "/linux/uidMappings";
constexpr std::string_view kGroups = "/linux/gidMappings";
constexpr std::uint32_t kOrdinaryIds = 65536;  // below are the host's own users and services
constexpr std::string_view kMode = "rules.user-namespace.mode";
constexpr std::string_view kUnsupported = "rules.user-namespace.unsupported";

struct Entry {
  std::string pointer;
  std::string path;  // empty: a new one
};

// The document's user namespace. Of two the rule host-namespaces refuses the second.
std::optional<Entry> user_namespace(const Json& document) {
  const std::size_t count = find_array(document, kNamespaces).size();
  for (std::size_t index = 0; index < count; ++index) {
    const std::string pointer = join(kNamespaces, index);
    if (find_string(document, pointer + "/type") != "user") continue;
    return Entry{pointer, find_string(document, pointer + "/path").value_or("")};
  }
  return std::nullopt;
}

bool in_a_pool(const IdMaps& maps, const Profile& profile) {
  return std::ranges::any_of(profile.pools(), [&](const IdRange& pool) {
    return overlap(maps.users, pool) || overlap(maps.groups, pool);
  });
}

// Whether the container's ids are ours to choose: the document brings none, or some of a pool of
// ours, this profile's or another's. Those it has from an earlier rewrite, or from somebody who
// wants another container's: no document is believed to own them.
bool is_ours(const Json& document, const std::optional<Entry>& entry, const RuleInput& input) {
  if (!input.facts.host.initial_user_namespace) return false;
  if (!entry) return true;
  const bool named = in_a_pool(maps_in(find_object(document, "/linux")), input.profile);
  if (entry->path.empty()) return named;
  for (const JoinedNamespace& one : joined_namespaces(document, input.facts).owned) {
    // Of an engine's own making (a pod's, CRI's hostUsers: false), its rootfs has the ids already.
    if (one.type != "user" && one.owner_path == entry->path &&
        in_a_pool(one.owner_maps, input.profile)) {
      return true;
    }
  }
  const auto found = input.facts.namespaces.find(entry->path);
  if (found == input.facts.namespaces.end()) return false;
  const NamespaceFact& fact = found->second;
  if (fact.sight != Sight::seen || fact.type != "user" || fact.host) return false;
  return named || in_a_pool(fact.owner_maps, input.profile);
}

class Giver {
 public:
  Giver(Draft& draft, const RuleInput& input, std::optional<Entry> entry)
      : draft_(draft),
        input_(input),
        entry_(std::move(entry)),
        joined_(joined_namespaces(draft.document(), input.facts)) {}

  void give() {
    const IdRange& range = input_.facts.host.id_range;
    if (const std::string& why = input_.facts.root.unmappable; !why.empty()) {
      cannot("/root/path", "the container's ids cannot be laid over the rootfs: " + why);
    } else if (!joined_.owned.empty()) {
      join_owner();
    } else if (!joined_.foreign.empty()) {
      go_without_power();
    } else if (range.size == 0) {
      cannot(kNamespaces,
             "no ids of the host are to be had: not root, or each range of "
             "rules.user-namespace.pool is another container's");
    } else {
      take(Json::object({{"type", "user"}}), maps_of(range),
           "container root that is nobody on the host");
    }
  }

 private:
  // Nobody else may have ids of the pool, and the document would keep these.
  bool keeps_our_ids() {
    if (!entry_) return false;
    draft_.refuse(kUsers, "ids that are given to one container at a time", kMode,
                  "user_namespaces(7)");
    return true;
  }

  void go_without(std::string_view pointer, const std::string& why) {
    if (!keeps_our_ids()) draft_.degrade(pointer, "no user namespace of its own: " + why);
  }

  void cannot(std::string_view pointer, const std::string& why) {
    if (find_string(input_.settings, "/unsupported") == "degrade") {
      go_without(pointer, why);
    } else {
      draft_.refuse(pointer, "a user namespace of its own, which cannot be had: " + why,
                    kUnsupported);
    }
  }

  // A new user namespace would have no power over what the host's owns: no sysfs, no low ports.
  void go_without_power() {
    const Json& settings = input_.profile.settings("host-namespaces");
    bool refused = false;
    for (const JoinedNamespace& one : joined_.foreign) {
      const std::string setting = one.type == "network" ? "foreign_network" : "foreign_namespaces";
      if (find_string(settings, join("", setting)) == "without-user-namespace") continue;
      draft_.refuse(one.pointer,
                    "the " + one.type + " namespace " + printable(one.path) +
                        ", which the host's user namespace owns: one of the container's own would "
                        "have no power over it",
                    "rules.host-namespaces." + setting);
      refused = true;
    }
    if (refused) return;
    const JoinedNamespace& one = joined_.foreign.front();
    go_without(one.pointer, "the host's owns the " + one.type + " namespace " + one.path);
  }

  // Another container's namespaces are of use only to who lives in its user namespace.
  void join_owner() {
    const JoinedNamespace& first = joined_.owned.front();
    for (const JoinedNamespace& one : joined_.owned) {
      if (one.owner_path.empty() || one.owner_maps.users.empty()) {
        draft_.refuse(one.pointer,
                      "the " + one.type + " namespace " + printable(one.path) +
                          " of a user namespace that nothing names: only /proc/PID/ns leads to it",
                      kMode);
        return;
      }
      if (one.owner != first.owner) {
        draft_.refuse(one.pointer,
                      "namespaces of two containers, " + printable(first.path) + " and " +
                          printable(one.path) + ": each belongs to a user namespace of its own",
                      kMode);
        return;
      }
    }
    if (!joined_.foreign.empty()) return go_without_power();
    take(Json::object({{"type", "user"}, {"path", first.owner_path}}), first.owner_maps,
         "the user namespace that owns what the container joins");
  }

  void take(const Json& entry, const IdMaps& maps, std::string_view reason) {
    if (find(draft_.document(), kNamespaces) == nullptr) {
      draft_.set(kNamespaces, Json::array(), "namespaces of its own");
    }
    if (!entry_) {
      draft_.set(std::string(kNamespaces) + "/-", entry, reason);
    } else if (entry.contains("path")) {
      draft_.set(entry_->pointer + "/path", entry.at("path"), reason);
    }
    draft_.set(kUsers, to_json(maps.users), reason);
    draft_.set(kGroups, to_json(maps.groups), reason);
    draft_.map_mounts(maps);
    for (const std::string& path : joined_.unseen) {
      draft_.unverified("the user namespace that owns " + printable(path));
    }
    replace_host_views();
  }

  // Where the policy refuses that namespace as well, its own line says what is to be known.
  void refuse_missing(const std::string& pointer, const HostView& view) {
    const Json& settings = input_.profile.settings("host-namespaces");
    if (input_.profile.mode("host-namespaces") == RuleMode::enforce &&
        find_string(settings, join("", view.name_space)) != "allow") {
      return;
    }
    draft_.refuse(pointer,
                  "the host's " + std::string(view.type) + ", which is not mounted at " +
                      std::string(view.place),
                  kMode, "user_namespaces(7)");
  }

  void replace_host_views() {
    const std::size_t count = find_array(draft_.document(), "/mounts").size();
    for (std::size_t index = 0; index < count; ++index) {
      const std::string pointer = join("/mounts", index);
      Json mount = *find(draft_.document(), pointer);
      if (!needs_host_view(draft_.document(), input_.facts, mount)) continue;
      const HostView& view =
          *host_view_at(normal_path("/" + find_string(mount, "/destination").value_or("")));
      const auto fact = input_.facts.sources.find(std::string(view.place));
      if (fact != input_.facts.sources.end() && fact->second.sight == Sight::missing) {
        refuse_missing(pointer, view);
        continue;
      }
      mount["options"] = host_view_options(mount);
      mount["type"] = "bind";
      mount["source"] = view.place;
      draft_.set(pointer, std::move(mount),
                 "a user namespace cannot mount what shows a namespace of the host; the host's own "
                 "mount of it, without what lies below");
    }
  }

  Draft& draft_;
  const RuleInput& input_;
  std::optional<Entry> entry_;
  JoinedNamespaces joined_;
};

void vet_joined(Draft& draft, const std::string& pointer, const std::string& path,
                const RuleInput& input) {
  const auto fact = input.facts.namespaces.find(path);
  if (fact == input.facts.namespaces.end() || fact->second.sight == Sight::unseen) {
    draft.unverified("the user namespace " + printable(path));
  } else if (fact->second.sight == Sight::seen && fact->second.type != "user") {
    draft.refuse(pointer, printable(path) + ", which is no user namespace", kMode);
  } else if (fact->second.host) {
    draft.refuse(pointer, "the host's user namespace", kMode);
  }
}

// What the kernel says of a joined user namespace counts, and not what the document says beside it:
// "0 0 1" behind a list that begins at 100000 is the host's root.
void state_joined_ids(Draft& draft, const Entry& entry, const RuleInput& input) {
  const auto found = input.facts.namespaces.find(entry.path);
  if (found == input.facts.namespaces.end() || !input.facts.host.initial_user_namespace) return;
  const NamespaceFact& fact = found->second;
  if (fact.sight != Sight::seen || fact.type != "user" || fact.host) return;
  if (fact.owner_maps.users.empty() || fact.owner_maps.groups.empty()) {
    draft.refuse(entry.pointer + "/path",
                 "the user namespace " + printable(entry.path) +
                     ", whose ids nothing tells: only /proc/PID/ns leads to them",
                 kMode, "user_namespaces(7)");
    return;
  }
  for (const IdMapping& mapping : fact.owner_maps.users) {
    const Json& told = find_array(draft.document(), kUsers);
    if (mapping.host >= kOrdinaryIds || told.empty() || told == to_json(fact.owner_maps.users)) {
      continue;
    }
    draft.refuse(entry.pointer + "/path",
                 "the user namespace " + printable(entry.path) + " of the host's ids from " +
                     std::to_string(mapping.host) + " on, behind a list that says otherwise",
                 kMode, "user_namespaces(7)");
    return;
  }
  constexpr std::string_view kReason = "the ids that the joined user namespace has";
  draft.set(kUsers, to_json(fact.owner_maps.users), kReason);
  draft.set(kGroups, to_json(fact.owner_maps.groups), kReason);
}

// Without mappings runc stops, and crun makes its own: for root that can be every id of the host as
// it is.
void vet_new(Draft& draft) {
  for (const std::string_view list : {kUsers, kGroups}) {
    if (find_array(draft.document(), list).empty()) {
      draft.refuse(list, "a new user namespace without mappings", kMode, "user_namespaces(7)");
    }
  }
}

void apply(Draft& draft, const RuleInput& input) {
  std::optional<Entry> entry = user_namespace(draft.document());
  if (is_ours(draft.document(), entry, input)) Giver(draft, input, entry).give();
  if (entry && !entry->path.empty()) state_joined_ids(draft, *entry, input);
  vet_id_mappings(draft, input);
  if (!entry) return;
  if (entry->path.empty()) {
    vet_new(draft);
  } else {
    vet_joined(draft, entry->pointer + "/path", entry->path, input);
  }
}

}  // namespace

extern const Rule user_namespace_rule;
const Rule user_namespace_rule{"user-namespace",
                               "container root that is the host's root, or a user of the host",
                               "CIS 2.9, CIS 5.31", apply};

}  // namespace hardened
