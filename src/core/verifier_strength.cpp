// SPDX-License-Identifier: Apache-2.0
// Never weaker: each dimension of a document has an order of strength, stated here once more,
// without the rules.
#include <array>
#include <filesystem>
#include <limits>
#include <map>
#include <sstream>
#include <string_view>

#include "core/verifier_conditions.hpp"
#include "core/verifier_mapping.hpp"
#include "hardened/core/verifier.hpp"

namespace hardened {
namespace {

using verifier::at_or_below;
using verifier::binds;
using verifier::contains;
using verifier::Device;
using verifier::effective;
using verifier::Strings;
using verifier::text_at;
using verifier::weaker;

void require_subset(const Json& before, const Json& after, std::string_view pointer,
                    const Strings& free = {}) {
  const Strings had = find_strings(before, pointer);
  for (const std::string& item : find_strings(after, pointer)) {
    if (!contains(had, item) && !contains(free, item)) weaker(pointer, item + " was added");
  }
}

void require_superset(const Json& before, const Json& after, std::string_view pointer) {
  const Strings has = find_strings(after, pointer);
  for (const std::string& item : find_strings(before, pointer)) {
    if (!contains(has, item)) weaker(pointer, item + " was dropped");
  }
}

void require_still_true(const Json& before, const Json& after, std::string_view pointer) {
  if (find_boolean(before, pointer) == true && find_boolean(after, pointer) != true)
    weaker(pointer, "no longer true");
}

void require_same(const Json& before, const Json& after, std::string_view pointer) {
  const Json* had = find(before, pointer);
  const Json* has = find(after, pointer);
  if ((had == nullptr) != (has == nullptr) || (had != nullptr && *had != *has))
    weaker(pointer, "was changed");
}

// What the process runs and as whom is the author's; only its powers are ours.
void process_is_the_same(const Json& before, const Json& after) {
  for (const char* field : {"args", "env", "user", "terminal", "consoleSize"}) {
    require_same(before, after, join("/process", field));
  }
  // "/a/../b" may come out as "/b": the same directory, said plainly.
  const auto cwd = [](const Json& document) {
    return std::filesystem::path("/" + text_at(document, "/process/cwd") + "/").lexically_normal();
  };
  if (cwd(before) != cwd(after)) weaker("/process/cwd", "was changed");
}

void powers(const Json& before, const Json& after) {
  require_still_true(before, after, "/process/noNewPrivileges");
  require_still_true(before, after, "/root/readonly");
  for (const char* set : {"bounding", "effective", "inheritable", "permitted", "ambient"}) {
    require_subset(before, after, join("/process/capabilities", set));
  }
  if (find_integer(after, "/process/oomScoreAdj").value_or(0) <
      find_integer(before, "/process/oomScoreAdj").value_or(0)) {
    weaker("/process/oomScoreAdj", "is lower");
  }
}

// Of several limits of one type the greatest: which of them counts is the runtime's choice.
std::map<std::string, std::uint64_t> hard_limits(const Json& document) {
  std::map<std::string, std::uint64_t> limits;
  for (const Json& entry : find_array(document, "/process/rlimits")) {
    std::uint64_t& limit = limits[text_at(entry, "/type")];
    limit = std::max(limit, verifier::unsigned_at(entry, "/hard"));
  }
  return limits;
}

void rlimits(const Json& before, const Json& after) {
  const auto now = hard_limits(after);
  for (const auto& [type, hard] : hard_limits(before)) {
    const auto found = now.find(type);
    if (found == now.end() || found->second > hard)
      weaker("/process/rlimits", type + " was raised or dropped");
  }
}

// 0, negative and absent all mean: no limit.
std::int64_t bound(const Json& document, std::string_view pointer) {
  const std::int64_t value = find_integer(document, pointer).value_or(0);
  return value > 0 ? value : std::numeric_limits<std::int64_t>::max();
}

void disk_weights(const Json& before, const Json& after) {
  constexpr const char* kDisks = "/linux/resources/blockIO/weightDevice";
  const std::size_t count = find_array(before, kDisks).size();
  if (find_array(after, kDisks).size() != count) weaker(kDisks, "lost or got a disk");
  for (std::size_t index = 0; index < count; ++index) {
    const std::string disk = join(kDisks, index);
    for (const char* field : {"major", "minor"}) require_same(before, after, join(disk, field));
    for (const char* field : {"weight", "leafWeight"}) {
      const std::string pointer = join(disk, field);
      if (bound(after, pointer) > bound(before, pointer)) weaker(pointer, "was raised");
    }
  }
}

void resources(const Json& before, const Json& after) {
  disk_weights(before, after);
  for (const char* field : {"pids/limit", "memory/limit", "memory/swap", "memory/reservation",
                            "cpu/quota", "cpu/shares", "blockIO/weight", "blockIO/leafWeight"}) {
    const std::string pointer = std::string("/linux/resources/") + field;
    if (bound(after, pointer) > bound(before, pointer)) weaker(pointer, "was raised");
  }
  for (const char* field :
       {"blockIO/throttleReadBpsDevice", "blockIO/throttleWriteBpsDevice",
        "blockIO/throttleReadIOPSDevice", "blockIO/throttleWriteIOPSDevice", "hugepageLimits",
        "rdma", "cpu/period", "cpu/burst", "cpu/cpus", "cpu/mems", "cpu/realtimeRuntime"}) {
    require_same(before, after, std::string("/linux/resources/") + field);
  }
}

// The kernel's own files, which runc writes last.
void unified(const Json& before, const Json& after) {
  constexpr const char* kUnified = "/linux/resources/unified";
  const Json& had = find_object(before, kUnified);
  const Json& has = find_object(after, kUnified);
  for (const auto& [name, value] : has.items()) {
    const std::string pointer = join(kUnified, name);
    if (!had.contains(name)) weaker(pointer, "was added");
    if (had.at(name) == value) continue;
    // "default 100" and "8:0 100" too: the number comes last.
    const auto last = [](const std::string& text) { return text.substr(text.rfind(' ') + 1); };
    const auto was = verifier::cgroup_value(last(text_at(before, pointer)));
    const auto is = verifier::cgroup_value(last(text_at(after, pointer)));
    if (!was || !is || *is > *was) weaker(pointer, "was raised");
  }
  for (const auto& [name, value] : had.items()) {
    if (!has.contains(name)) weaker(join(kUnified, name), "was dropped");
  }
}

void paths(const Json& before, const Json& after) {
  require_superset(before, after, "/linux/maskedPaths");
  require_superset(before, after, "/linux/readonlyPaths");
  require_same(before, after, "/linux/rootfsPropagation");
  require_same(before, after, "/root/path");
}

void labels(const Json& before, const Json& after) {
  const std::string label = text_at(before, "/process/apparmorProfile");
  if (!label.empty() && label != "unconfined")
    require_same(before, after, "/process/apparmorProfile");
  for (const char* pointer : {"/process/selinuxLabel", "/linux/mountLabel"}) {
    if (!text_at(before, pointer).empty()) require_same(before, after, pointer);
  }
}

bool lets_through(const std::string& action) {
  return action.empty() || action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG" ||
         action == "SCMP_ACT_TRACE" || action == "SCMP_ACT_NOTIFY";
}

Strings allowed_calls(const Json& document) {
  Strings calls;
  for (const Json& entry : find_array(document, "/linux/seccomp/syscalls")) {
    if (!lets_through(text_at(entry, "/action"))) continue;
    for (std::string& name : find_strings(entry, "/names")) calls.push_back(std::move(name));
  }
  std::sort(calls.begin(), calls.end());
  return calls;
}

// Another range of nobody's ids is as good; whose it is, the conditions of the plan say.
bool beyond_the_hosts_users(const Json& after, std::string_view pointer) {
  const Json& mappings = find_array(after, pointer);
  return !mappings.empty() && std::ranges::all_of(mappings, [](const Json& mapping) {
    return find_integer(mapping, "/hostID").value_or(0) >= 65536;
  });
}

// By names alone; the compiled program is evaluated by the shell.
void filter(const Json& before, const Json& after, const Facts& facts) {
  if (find(before, "/linux/seccomp") == nullptr) return;
  if (find(after, "/linux/seccomp") == nullptr) weaker("/linux/seccomp", "was dropped");
  for (const char* member : {"flags", "listenerPath", "listenerMetadata"}) {
    require_same(before, after, join("/linux/seccomp", member));
  }
  // None listed is the machine's own alone, which libseccomp's filter always has.
  if (!find_array(before, "/linux/seccomp/architectures").empty()) {
    require_subset(before, after, "/linux/seccomp/architectures", {facts.host.architecture});
  }
  const std::string action = text_at(before, "/linux/seccomp/defaultAction");
  if (lets_through(action)) return;
  if (text_at(after, "/linux/seccomp/defaultAction") != action) {
    weaker("/linux/seccomp/defaultAction", "was changed");
  }
  const Strings had = allowed_calls(before);
  for (const std::string& name : allowed_calls(after)) {
    if (!std::binary_search(had.begin(), had.end(), name)) {
      weaker("/linux/seccomp/syscalls", name + " was added");
    }
  }
}

void namespaces(const Json& before, const Json& after) {
  constexpr const char* kPointer = "/linux/namespaces";
  const Json& had = find_array(before, kPointer);
  const Json& has = find_array(after, kPointer);
  for (const Json& entry : had) {
    // One of its own instead of one that is named is tighter.
    const Json own = Json::object({{"type", text_at(entry, "/type")}});
    if (std::find(has.begin(), has.end(), entry) == has.end() &&
        std::find(has.begin(), has.end(), own) == has.end()) {
      weaker(kPointer, text_at(entry, "/type") + " was dropped or changed");
    }
  }
  for (const Json& entry : has) {
    // A user namespace is a bound, whoever's; that it is the owner's, the plan's conditions say.
    if (text_at(entry, "/type") == "user") continue;
    if (!text_at(entry, "/path").empty() && std::find(had.begin(), had.end(), entry) == had.end()) {
      weaker(kPointer, text_at(entry, "/type") + " joins one that the document does not name");
    }
  }
  for (const char* pointer : {"/linux/uidMappings", "/linux/gidMappings"}) {
    if (find_array(before, pointer).empty() || beyond_the_hosts_users(after, pointer)) continue;
    require_same(before, after, pointer);
  }
}

// A hook may come out by the name of the program that its own name was found to stand for.
bool is_the_same_hook(const Json& before, const Json& after, const Facts& facts) {
  const auto fact = facts.hooks.find(before.value("path", ""));
  Json known = before;
  if (fact != facts.hooks.end() && fact->second.path == after.value("path", "")) {
    known["path"] = fact->second.path;
  }
  // One without an environment may have been given one, instead of the image's.
  if (find_strings(before, "/env").empty() && find_strings(after, "/env").size() == 1) {
    known["env"] = after.at("env");
  }
  return known == after;
}

// "0 65535" lets fewer ping than "0 2147483647", and "1 0" nobody.
bool fewer_groups(std::string_view name, const Json& had, const Json& value) {
  if (name != "net.ipv4.ping_group_range" || !value.is_string()) return false;
  if (value == "1 0") return true;
  std::istringstream before(had.get<std::string>());
  std::istringstream after(value.get<std::string>());
  std::int64_t from = 0, to = 0, new_from = 0, new_to = 0;
  return before >> from >> to && after >> new_from >> new_to && new_from == from && new_to <= to;
}

void kept_or_fewer(const Json& before, const Json& after, const Facts& facts) {
  for (const char* pointer : {"/linux/sysctl", "/annotations"}) {
    // By a map: a key of the document is found by looking at all before it, and a document of ten
    // megabytes of annotations would keep root busy for minutes.
    std::map<std::string_view, const Json*> had;
    const Json& members = find_object(before, pointer);
    for (auto member = members.begin(); member != members.end(); ++member) {
      had.emplace(member.key(), &member.value());
    }
    for (const auto& [name, value] : find_object(after, pointer).items()) {
      const auto known = had.find(name);
      if (known == had.end() ||
          (*known->second != value && !fewer_groups(name, *known->second, value))) {
        weaker(join(pointer, name), "was added or changed");
      }
    }
  }
  for (const auto& [stage, list] : find_object(after, "/hooks").items()) {
    // Of a kind that nobody knows, and no list: kept in report mode.
    if (!list.is_array()) {
      require_same(before, after, join("/hooks", stage));
      continue;
    }
    const Json& had = find_array(before, join("/hooks", stage));
    for (const Json& hook : list) {
      if (std::none_of(had.begin(), had.end(), [&](const Json& known) {
            return known == hook || is_the_same_hook(known, hook, facts);
          }))
        weaker(join("/hooks", stage), "a hook was added");
    }
  }
  const Json& nodes = find_array(before, "/linux/devices");
  for (const Json& node : find_array(after, "/linux/devices")) {
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end())
      weaker("/linux/devices", "a device was added");
  }
}

bool allows(const Json& rule) { return find_boolean(rule, "/allow").value_or(false); }

// A later rule wins over an earlier one: what the author denies comes in the author's order, and
// nothing is allowed that the author did not allow.
void device_rules(const Json& before, const Json& after) {
  constexpr const char* kPointer = "/linux/resources/devices";
  const Json& had = find_array(before, kPointer);
  const Json& has = find_array(after, kPointer);
  auto next = has.begin();
  for (const Json& rule : had) {
    const auto found = std::find(next, has.end(), rule);
    if (found != has.end()) {
      next = found + 1;
    } else if (!allows(rule)) {
      weaker(kPointer, rule.dump() + " was dropped or comes earlier");
    }
  }
  for (const Json& rule : has) {
    if (!allows(rule)) continue;
    const Device narrow = verifier::device_of(rule);
    const bool covered = std::any_of(had.begin(), had.end(), [&](const Json& wide) {
      return allows(wide) && verifier::covers(verifier::device_of(wide), narrow);
    });
    if (!covered && !verifier::default_device(narrow)) {
      weaker(kPointer, rule.dump() + " was added");
    }
  }
}

struct Dimension {
  std::string_view name;
  void (*compare)(const Json& before, const Json& after);
};

constexpr std::array kDimensions{
    Dimension{"process", process_is_the_same},
    Dimension{"powers", powers},
    Dimension{"rlimits", rlimits},
    Dimension{"resources", resources},
    Dimension{"unified", unified},
    Dimension{"paths", paths},
    Dimension{"labels", labels},
    Dimension{"namespaces", namespaces},
    Dimension{"device-rules", device_rules},
};

}  // namespace

std::vector<std::string_view> verifier_dimensions() {
  std::vector<std::string_view> names{"mounts", "kept-or-fewer", "filter"};
  for (const Dimension& dimension : kDimensions) names.push_back(dimension.name);
  return names;
}

void verify_not_weaker(const Json& before, const Json& after, const Facts& facts) {
  for (const Dimension& dimension : kDimensions) dimension.compare(before, after);
  kept_or_fewer(before, after, facts);
  filter(before, after, facts);
  verifier::mounts_not_weaker(
      before, after, facts.root.path.empty() ? text_at(before, "/root/path") : facts.root.path);
}

}  // namespace hardened
