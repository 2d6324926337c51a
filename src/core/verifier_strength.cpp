// SPDX-License-Identifier: Apache-2.0
// Never weaker: each dimension of a document has an order of strength, stated here once more,
// without the rules.
#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <string_view>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/verifier.hpp"

namespace hardened {
namespace {

using Strings = std::vector<std::string>;

[[noreturn]] void weaker(std::string_view pointer, std::string_view what) {
  throw Error(ErrorKind::refused, pointer,
              "verifier: the result is weaker than the document: " + std::string(what));
}

bool contains(const Strings& strings, std::string_view wanted) {
  return std::find(strings.begin(), strings.end(), wanted) != strings.end();
}

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
    return std::filesystem::path("/" + find_string(document, "/process/cwd").value_or("") + "/")
        .lexically_normal();
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

std::map<std::string, std::uint64_t> hard_limits(const Json& document) {
  std::map<std::string, std::uint64_t> limits;
  for (const Json& entry : find_array(document, "/process/rlimits")) {
    limits[entry.value("type", "")] = entry.value("hard", std::uint64_t{0});
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

void resources(const Json& before, const Json& after) {
  for (const char* pointer : {"/linux/resources/pids/limit", "/linux/resources/memory/limit",
                              "/linux/resources/memory/swap", "/linux/resources/cpu/quota"}) {
    if (bound(after, pointer) > bound(before, pointer)) weaker(pointer, "was raised");
  }
  const Json& had = find_object(before, "/linux/resources/unified");
  for (const auto& [name, value] : find_object(after, "/linux/resources/unified").items()) {
    if (!had.contains(name)) weaker(join("/linux/resources/unified", name), "was added");
  }
}

void paths_and_filters(const Json& before, const Json& after) {
  require_superset(before, after, "/linux/maskedPaths");
  require_superset(before, after, "/linux/readonlyPaths");
  if (find(before, "/linux/seccomp") != nullptr && find(after, "/linux/seccomp") == nullptr) {
    weaker("/linux/seccomp", "was dropped");
  }
  const auto label = find_string(before, "/process/apparmorProfile").value_or("");
  if (!label.empty() && label != "unconfined")
    require_same(before, after, "/process/apparmorProfile");
  if (!find_string(before, "/process/selinuxLabel").value_or("").empty()) {
    require_same(before, after, "/process/selinuxLabel");
  }
}

void namespaces(const Json& before, const Json& after) {
  const Json& has = find_array(after, "/linux/namespaces");
  for (const Json& entry : find_array(before, "/linux/namespaces")) {
    // One of its own instead of one that is named is tighter.
    const Json own{{"type", entry.at("type")}};
    if (std::find(has.begin(), has.end(), entry) == has.end() &&
        std::find(has.begin(), has.end(), own) == has.end()) {
      weaker("/linux/namespaces", entry.value("type", "") + " was dropped or changed");
    }
  }
}

void kept_or_fewer(const Json& before, const Json& after) {
  for (const char* pointer : {"/linux/sysctl", "/annotations"}) {
    const Json& had = find_object(before, pointer);
    for (const auto& [name, value] : find_object(after, pointer).items()) {
      if (!had.contains(name)) weaker(join(pointer, name), "was added");
    }
  }
  for (const auto& [stage, list] : find_object(after, "/hooks").items()) {
    const Json& had = find_array(before, join("/hooks", stage));
    for (const Json& hook : list) {
      if (std::find(had.begin(), had.end(), hook) == had.end())
        weaker(join("/hooks", stage), "a hook was added");
    }
  }
  const Json& nodes = find_array(before, "/linux/devices");
  for (const Json& node : find_array(after, "/linux/devices")) {
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end())
      weaker("/linux/devices", "a device was added");
  }
}

// The nodes that every runtime makes and allows by itself, and pseudo-terminals.
bool default_device(const Json& rule) {
  const std::int64_t major = rule.value("major", std::int64_t{-1});
  const std::int64_t minor = rule.value("minor", std::int64_t{-1});
  if (rule.value("type", "a") != "c") return false;
  return (major == 1 && (minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9)) ||
         (major == 5 && minor >= 0 && minor <= 2) || major == 136;
}

bool covers(const Json& wide, const Json& narrow) {
  const auto field = [](const Json& rule, const char* name) {
    return rule.value(name, std::int64_t{-1});
  };
  const auto same = [&](const char* name) {
    return field(wide, name) == -1 || field(wide, name) == field(narrow, name);
  };
  const std::string type = wide.value("type", "a");
  if (!wide.value("allow", false) || (type != "a" && type != narrow.value("type", "a")))
    return false;
  const std::string access = wide.value("access", "rwm");
  return same("major") && same("minor") &&
         std::ranges::all_of(narrow.value("access", "rwm"),
                             [&](char c) { return access.find(c) != std::string::npos; });
}

void device_rules(const Json& before, const Json& after) {
  const Json& had = find_array(before, "/linux/resources/devices");
  for (const Json& rule : find_array(after, "/linux/resources/devices")) {
    if (!rule.value("allow", false) || default_device(rule)) continue;
    if (std::ranges::none_of(had, [&](const Json& wide) { return covers(wide, rule); })) {
      weaker("/linux/resources/devices", rule.dump() + " was added");
    }
  }
}

// The author's mounts stay in their order, same source and place, and keep what makes them tight.
// New ones show the container's own rootfs, or are empty.
void mounts(const Json& before, const Json& after, std::string_view root) {
  const std::string own(root.empty() ? find_string(before, "/root/path").value_or("") : root);
  const Json& had = find_array(before, "/mounts");
  std::size_t next = 0;
  for (const Json& mount : find_array(after, "/mounts")) {
    const bool kept = next < had.size() &&
                      had[next].value("destination", "") == mount.value("destination", "") &&
                      had[next].value("source", "") == mount.value("source", "");
    if (kept) {
      const Strings options = find_strings(mount, "/options");
      for (const std::string& option : find_strings(had[next], "/options")) {
        const bool tight = option == "ro" || option == "rro" || option == "nosuid" ||
                           option == "nodev" || option == "noexec";
        if (tight && !contains(options, option))
          weaker("/mounts", mount.value("destination", "") + " lost " + option);
      }
      ++next;
    } else if (mount.value("type", "") != "tmpfs") {
      const std::filesystem::path source(own + '/' + mount.value("destination", ""));
      if (std::filesystem::path(mount.value("source", "")).lexically_normal() !=
          source.lexically_normal()) {
        weaker("/mounts", mount.value("destination", "") + " was added");
      }
    }
  }
  if (next != had.size()) weaker("/mounts", "a mount of the document is missing");
}

}  // namespace

void verify_not_weaker(const Json& before, const Json& after, std::string_view root) {
  process_is_the_same(before, after);
  powers(before, after);
  rlimits(before, after);
  resources(before, after);
  paths_and_filters(before, after);
  namespaces(before, after);
  kept_or_fewer(before, after);
  device_rules(before, after);
  mounts(before, after, root);
}

void verify_exec(const Json& process, const Ceiling& ceiling) {
  const Strings enforced = find_strings(ceiling.json, "/enforced");
  if (contains(enforced, "capabilities")) {
    const Strings most = find_strings(ceiling.json, "/capabilities");
    for (const auto& [set, names] : find_object(process, "/capabilities").items()) {
      for (const std::string& name : find_strings(process, join("/capabilities", set))) {
        if (!contains(most, name))
          weaker(join("/capabilities", set), name + " is above the container's own");
      }
    }
  }
  if (contains(enforced, "no-new-privileges") &&
      find_boolean(ceiling.json, "/noNewPrivileges") == true &&
      find_boolean(process, "/noNewPrivileges") != true) {
    weaker("/noNewPrivileges", "the container has it");
  }
  const auto label = find_string(ceiling.json, "/apparmorProfile").value_or("");
  const auto own = find_string(process, "/apparmorProfile").value_or("");
  if (contains(enforced, "lsm") && !label.empty() && !own.empty() && own != label) {
    weaker("/apparmorProfile", "differs from the container's");
  }
}

void verify_update(const Json& after, const Profile& profile, const HostFacts& host) {
  const auto above = [&](const char* pointer, std::int64_t most) {
    if (find(after, pointer) == nullptr) return;
    const std::int64_t value = find_integer(after, pointer).value_or(0);
    if (value < 0 || value > most) weaker(pointer, "is above the profile's limit");
  };
  if (profile.mode("pids-limit") == RuleMode::enforce) {
    above("/pids/limit", profile.settings("pids-limit").at("limit").get<std::int64_t>());
  }
  if (profile.mode("memory-limit") == RuleMode::enforce && host.memory_bytes > 0) {
    above("/memory/limit", static_cast<std::int64_t>(host.memory_bytes));
  }
}

}  // namespace hardened
