// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/host_views.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/mapped_source.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/core/mount_sources.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/secrets.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

struct Mount {
  std::string pointer;
  std::string type;                 // "bind" for whatever the runtime binds
  std::string destination;          // in normal form, as written
  std::vector<std::string> places;  // where it lands
  MountOptions options;
};

bool holds(const std::vector<std::string>& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

Mount mount_at(const Json& document, const Facts& facts, std::size_t index) {
  const std::string pointer = join("/mounts", index);
  const Json& mount = *find(document, pointer);
  return {.pointer = pointer,
          .type = is_bind(mount) ? "bind" : find_string(mount, "/type").value_or(""),
          .destination = written_place(mount),
          .places = mount_places(mount, facts),
          .options = MountOptions(find_strings(mount, "/options"))};
}

bool is_cgroup(const Mount& mount) { return mount.type == "cgroup" || mount.type == "cgroup2"; }

// /proc and /sys are what the masked paths protect: nothing covers them, and they appear nowhere
// else unmasked.
bool is_its_place(const Mount& mount, const std::string& place) {
  if (mount.type == "proc") return place == "/proc";
  if (mount.type == "sysfs") return place == "/sys";
  if (is_cgroup(mount) && place == "/sys/fs/cgroup") return true;
  return !at_or_below(place, "/proc") && !at_or_below(place, "/sys");
}

// As written and where it lands: an image with a link /data -> /proc has a say in the second, and
// runtimes differ in what they go by.
void judge_places(Draft& draft, const RuleInput& input, const Mount& mount) {
  const std::string pointer = mount.pointer + "/destination";
  const std::vector<std::string> allowed = find_strings(input.settings, "/allowed_destinations");
  std::vector<std::string> places = mount.places;
  if (!holds(places, mount.destination)) places.insert(places.begin(), mount.destination);
  for (const std::string& place : places) {
    const std::string lands = place == mount.destination ? "" : ", which leads to " + place;
    if (place == "/") {
      draft.refuse(pointer, "a mount at " + mount.destination + lands, "rules.mounts.mode");
    } else if (!is_its_place(mount, place) && !holds(allowed, place)) {
      draft.refuse(pointer, "a " + mount.type + " mount at " + mount.destination + lands,
                   "rules.mounts.allowed_destinations");
    }
  }
}

// And not a state directory that was added: those were walked without links.
bool is_the_documents(const RuleInput& input, const std::string& destination) {
  const Json& mounts = find_array(input.original, "/mounts");
  return std::any_of(mounts.begin(), mounts.end(), [&](const Json& mount) {
    return find_string(mount, "/destination").value_or("") == destination;
  });
}

// Where the way leads is to be known, and not to be changed by others before the runtime walks it.
void judge_way(Draft& draft, const RuleInput& input, const Mount& mount) {
  const std::string pointer = mount.pointer + "/destination";
  const std::string text = find_string(draft.document(), pointer).value_or("");
  const auto found = input.facts.destinations.find(text);
  const DestinationFact fact =
      found == input.facts.destinations.end() ? DestinationFact{} : found->second;
  if (fact.sight == Sight::unseen && input.facts.root.sight == Sight::seen &&
      is_the_documents(input, text)) {
    draft.unverified("where the mount at " + text + " lands");
  }
  if (fact.linked) {
    draft.refuse(pointer, "a mount at " + text + " through a link inside another mount",
                 "rules.mounts.mode");
  } else if (fact.places.size() > 1) {
    draft.refuse(pointer, "two mounts at " + text + " that lead to different places",
                 "rules.mounts.mode");
  }
}

void judge_place(Draft& draft, const RuleInput& input, const Mount& mount) {
  const std::string text =
      find_string(draft.document(), mount.pointer + "/destination").value_or("");
  const std::string pointer = mount.pointer + "/destination";
  if (!holds(find_strings(input.settings, "/allowed_types"), mount.type)) {
    // An overlay with lowerdir=/etc, a second proc, a block device's file system: each is a way to
    // the host's files.
    draft.refuse(mount.pointer + "/type", "a mount of the type \"" + mount.type + '"',
                 "rules.mounts.allowed_types");
  }
  if (climbs(text)) {
    draft.refuse(pointer, "a mount at \"" + text + '"', "rules.mounts.mode");
    return;
  }
  judge_places(draft, input, mount);
  judge_way(draft, input, mount);
}

// The wrapper mounts these itself, inside the clone of the mount that holds them: by name, whoever
// can write that mount's source could lead the runtime elsewhere between our look and its own. It
// can do so for binds and for a tmpfs; the rest is refused.
void judge_nesting(Draft& draft, const RuleInput& input, const Nesting& nesting) {
  const Mount mount = mount_at(draft.document(), input.facts, nesting.mount);
  const Mount holder = mount_at(draft.document(), input.facts, nesting.holder);
  if (mount.type == "tmpfs" && !mount.options.has("tmpcopyup")) return;
  // Names below the host's own /sys and /proc are the kernel's; nobody swaps them.
  if (is_host_view(draft.document(), input.facts, *find(draft.document(), holder.pointer))) return;
  const bool mapped = mount.options.id_mapped() ||
                      find(draft.document(), mount.pointer + "/uidMappings") != nullptr;
  if (mount.type == "bind" && nesting.direct && !mount.options.shared() &&
      !holder.options.shared() && !mapped) {
    return;
  }
  draft.refuse(mount.pointer + "/destination",
               "a mount at " + mount.destination + " inside the one at " + holder.destination +
                   ", which only plain binds and file systems in memory can be",
               "rules.mounts.mode");
}

bool maps_like_the_container(const Json& document, const std::string& pointer) {
  for (const std::string_view kind : {"/uidMappings", "/gidMappings"}) {
    const Json& asked = find_array(document, pointer + std::string(kind));
    if (!asked.empty() && asked != find_array(document, "/linux" + std::string(kind))) return false;
  }
  return !find_array(document, "/linux/uidMappings").empty();
}

void judge_options(Draft& draft, const RuleInput& input, const Mount& mount) {
  const std::vector<std::string> allowed = find_strings(input.settings, "/allowed_options");
  for (const std::string& word : mount.options.words()) {
    if (mount.options.id_mapped() && (word == "idmap" || word == "ridmap")) continue;
    if (word == "remount") {
      // It changes a mount that was judged before.
      draft.refuse(mount.pointer + "/options", "the mount option \"remount\"", "rules.mounts.mode");
      continue;
    }
    if (!is_known_option(word, mount.type) && !holds(allowed, word.substr(0, word.find('=')))) {
      draft.refuse(mount.pointer + "/options", "the mount option \"" + without_password(word) + '"',
                   "rules.mounts.allowed_options");
    }
  }
  if (mount.options.shared() &&
      find_string(input.settings, "/shared_propagation").value_or("") != "allow") {
    draft.refuse(mount.pointer + "/options", "a mount that is shared with the host",
                 "rules.mounts.shared_propagation", "CIS 5.20");
  }
  // What is mounted below the source later comes as it is, and what the container writes there
  // keeps ids that are another container's next.
  const bool receives =
      mount.options.has("slave") || mount.options.has("rslave") || mount.options.shared();
  if (draft.mapping() && receives &&
      find_string(input.settings, "/unmappable").value_or("") != "plain") {
    draft.refuse(mount.pointer + "/options", "mounts of the host that appear later, as they are",
                 "rules.mounts.unmappable", "user_namespaces(7)");
  }
  const bool mapped = mount.options.id_mapped() ||
                      find(draft.document(), mount.pointer + "/uidMappings") != nullptr ||
                      find(draft.document(), mount.pointer + "/gidMappings") != nullptr;
  // With mappings of its own a mount could turn the container's root into the host's on disk.
  // And a mount takes ids once: where we lay them over it, the runtime cannot.
  if (mapped &&
      (draft.mapping() || (!maps_like_the_container(draft.document(), mount.pointer) &&
                           find_string(input.settings, "/id_mappings").value_or("") != "allow"))) {
    draft.refuse(mount.pointer, "a mount with other ids than the container's",
                 draft.mapping() ? "rules.user-namespace.mode" : "rules.mounts.id_mappings");
  }
}

// Who owns what a tmpfs or devpts is made with, as the kernel reads the number: octal and
// hexadecimal too.
void judge_owners(Draft& draft, const Mount& mount) {
  for (const std::string& word : mount.options.words()) {
    const bool user = word.starts_with("uid=");
    if (mount.type == "bind" || (!user && !word.starts_with("gid="))) continue;
    const Json& ids =
        find_array(draft.document(), user ? "/linux/uidMappings" : "/linux/gidMappings");
    const unsigned long long id = std::strtoull(word.c_str() + 4, nullptr, 0);
    if (std::in_range<std::int64_t>(id) && maps_id(ids, static_cast<std::int64_t>(id))) continue;
    draft.refuse(mount.pointer + "/options",
                 "the owner \"" + word + "\", outside the container's ids, " + mapped_ids(ids),
                 draft.mapping() && std::in_range<std::int64_t>(id) &&
                         fits_a_range(static_cast<std::int64_t>(id))
                     ? "rules.user-namespace.range_size"
                     : "rules.mounts.mode",
                 "user_namespaces(7)");
  }
}

void want_all(MountOptions& options, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) options.want(word);
}

// Ours are on the mount, the recursive ones on everything that comes along with it.
void tighten_bind(MountOptions& options, const SourceVerdict& verdict, bool noexec) {
  const bool read_only = options.read_only();
  options.want("nosuid");
  if (!verdict.device_node) options.want("nodev");
  if (noexec && !verdict.own && !verdict.init) options.want("noexec");
  if (verdict.submounts) {
    want_all(options, {"rnosuid", "rnodev"});
    if (noexec && !verdict.own) options.want("rnoexec");
    if (read_only) options.want("rro");
  }
  options.want_propagation();
}

void tighten_other(MountOptions& options, const Mount& mount, const RuleInput& input, bool noexec) {
  if (mount.type == "tmpfs") {
    options.want("nosuid");
    // The runtime makes the device nodes in /dev, and pseudo terminals are devices.
    if (mount.destination != "/dev") {
      options.want("nodev");
      if (noexec) options.want("noexec");
    }
  } else if (mount.type == "devpts") {
    want_all(options, {"nosuid", "noexec"});
  } else {
    want_all(options, {"nosuid", "noexec", "nodev"});
  }
  const bool writable_cgroup = find_string(input.settings, "/cgroup").value_or("") == "writable";
  if (mount.type == "sysfs" || (is_cgroup(mount) && !writable_cgroup)) options.want("ro");
}

SourceVerdict judge_source(Draft& draft, const SourceJudge& judge, const Mount& mount) {
  const std::string source = find_string(draft.document(), mount.pointer + "/source").value_or("");
  const std::string pointer = mount.pointer + "/source";
  if (source.empty()) {
    draft.refuse(pointer, "a bind of nothing, which is a bind of the bundle", "rules.mounts.mode");
    return {};
  }
  SourceVerdict verdict =
      judge.judge({.source = source,
                   .destination = mount.destination,
                   .read_only = mount.options.read_only(),
                   .recursive = !mount.options.has("bind") || mount.options.has("rbind")});
  if (verdict.unverified) draft.unverified("the mount source " + source);
  for (const Objection& objection : verdict.objections) {
    const std::string& reference = objection.reference;
    draft.refuse(pointer, objection.asked, objection.setting,
                 reference.empty() ? "CIS 5.6" : reference);
  }
  return verdict;
}

// Where engines keep layers. This engine's own may lie elsewhere: where it keeps this container's
// (<storage>/<id>/diff).
std::vector<std::string> layer_storage(const RuleInput& input) {
  std::vector<std::string> storage =
      find_strings(input.profile.settings("rootfs-shape"), "/storage");
  const std::string& upper = input.facts.root.overlay.upper;
  if (!upper.empty()) storage.push_back(std::filesystem::path(upper).parent_path().parent_path());
  return storage;
}

// The layers of an overlay are files of the host like any others: with lowerdir=/etc it shows that
// under a harmless name.
bool judge_layers(Draft& draft, const RuleInput& input, const Mount& mount,
                  const SourceFact& source) {
  const std::vector<std::string> storage = layer_storage(input);
  for (const RootPart& layer : source.layers) {
    if (std::none_of(storage.begin(), storage.end(),
                     [&](const std::string& tree) { return at_or_below(layer.path, tree); })) {
      draft.refuse(mount.pointer + "/source", "an overlay of " + layer.path,
                   "rules.rootfs-shape.storage", "CIS 5.6");
      return false;
    }
  }
  return std::all_of(
      source.submounts.begin(), source.submounts.end(),
      [&](const SourceFact& submount) { return judge_layers(draft, input, mount, submount); });
}

// What a bind is where the container's ids are laid over its mounts.
void map_source(Draft& draft, const RuleInput& input, Mount& mount, const SourceVerdict& verdict) {
  const auto found = input.facts.sources.find(
      find_string(draft.document(), mount.pointer + "/source").value_or(""));
  if (found == input.facts.sources.end() || !verdict.objections.empty()) return;
  if (!verdict.own && !judge_layers(draft, input, mount, found->second)) return;
  if (!draft.mapping()) return;
  // The kernel locks what the source has, and the runtime's remount without it is EPERM (runc 1.1).
  for (const std::string& word : found->second.locked_options) mount.options.want(word);
  const MappedSource mapped =
      judge_mapped_source(input.settings, found->second, verdict, mount.options.read_only());
  if (!mapped.asked.empty()) {
    draft.refuse(mount.pointer + "/source", mapped.asked, mapped.setting, "user_namespaces(7)");
  }
  if (!mapped.without.empty()) draft.degrade(mount.pointer + "/source", mapped.without);
}

void tighten(Draft& draft, const RuleInput& input, const SourceJudge& judge, Mount mount) {
  const bool noexec = find_string(input.settings, "/executable").value_or("keep") == "noexec";
  const std::vector<std::string> before = mount.options.words();
  if (mount.type == "bind") {
    // runc reads the option and crun the type: they must not see two different mounts.
    draft.set(mount.pointer + "/type", "bind", "the options make it a bind mount");
    const SourceVerdict verdict = judge_source(draft, judge, mount);
    tighten_bind(mount.options, verdict, noexec);
    map_source(draft, input, mount, verdict);
  } else {
    tighten_other(mount.options, mount, input, noexec);
  }
  if (mount.options.words() != before) {
    draft.set(
        mount.pointer + "/options", mount.options.words(),
        "no set-user-ID programs, no device nodes, no propagation, no writable view of the kernel");
  }
}

// config-linux.md "Rootfs Mount Propagation"; the recursive forms and unbindable ones are runc's.
bool is_propagation(const std::string& word) {
  constexpr std::string_view kWords[] = {"",       "private", "rprivate",   "slave",      "rslave",
                                         "shared", "rshared", "unbindable", "runbindable"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

void judge_rootfs_propagation(Draft& draft, const RuleInput& input) {
  const std::string propagation =
      find_string(draft.document(), "/linux/rootfsPropagation").value_or("");
  if (!is_propagation(propagation)) {
    throw Error(ErrorKind::invalid_input, "/linux/rootfsPropagation",
                "no such propagation: \"" + printable(propagation, 60) + '"');
  }
  if ((propagation == "shared" || propagation == "rshared") &&
      find_string(input.settings, "/shared_propagation").value_or("") != "allow") {
    draft.refuse("/linux/rootfsPropagation", "mounts that are shared with the host",
                 "rules.mounts.shared_propagation", "CIS 5.20");
  }
}

void apply(Draft& draft, const RuleInput& input) {
  judge_rootfs_propagation(draft, input);
  const SourceJudge judge(draft.document(), input);
  const std::size_t count = find_array(draft.document(), "/mounts").size();
  for (std::size_t index = 0; index < count; ++index) {
    const Mount mount = mount_at(draft.document(), input.facts, index);
    // Its text is that of the rule user-namespace: whoever writes the same gets the same.
    if (is_host_view(draft.document(), input.facts, *find(draft.document(), mount.pointer)))
      continue;
    judge_place(draft, input, mount);
    judge_options(draft, input, mount);
    judge_owners(draft, mount);
    tighten(draft, input, judge, mount);
  }
  for (const Nesting& nesting : nested_mounts(draft.document(), input.facts)) {
    judge_nesting(draft, input, nesting);
  }
}

}  // namespace

extern const Rule mounts_rule;
const Rule mounts_rule{"mounts", "the host's files, sockets and kernel interfaces through a mount",
                       "CIS 5.6", apply};

}  // namespace hardened
