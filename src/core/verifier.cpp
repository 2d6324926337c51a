// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/verifier.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

using Strings = std::vector<std::string>;

[[noreturn]] void fail(std::string_view pointer, std::string_view what) {
  throw Error(ErrorKind::refused, pointer, "verifier: " + std::string(what));
}

bool contains(const Strings& strings, std::string_view wanted) {
  return std::find(strings.begin(), strings.end(), wanted) != strings.end();
}

struct Subject {
  const Json& config;
  const Json& settings;
  const Facts& facts;
};

void no_new_privileges(const Subject& s) {
  if (find_boolean(s.config, "/process/noNewPrivileges") != true) {
    fail("/process/noNewPrivileges", "must be true");
  }
}

void capabilities(const Subject& s) {
  const Strings keep = find_strings(s.settings, "/keep");
  for (const char* set : {"bounding", "effective", "inheritable", "permitted", "ambient"}) {
    const std::string pointer = join("/process/capabilities", set);
    if (find(s.config, pointer) == nullptr) fail(pointer, "must be present");
    for (const std::string& name : find_strings(s.config, pointer)) {
      if (!contains(keep, name)) fail(pointer, name + " is not on the keep list");
    }
  }
}

void read_only_rootfs(const Subject& s) {
  if (find_boolean(s.config, "/root/readonly") != true) fail("/root/readonly", "must be true");
}

void rootfs_shape(const Subject& s) {
  const auto path = find_string(s.config, "/root/path");
  if (!path || path->empty() || *path == "/")
    fail("/root/path", "must name a directory of its own");
  if (!s.facts.root.symbolic_links.empty())
    fail("/root/path", "holds a link at /dev, /proc or /sys");
}

void pids_limit(const Subject& s) {
  const auto limit = find_integer(s.config, "/linux/resources/pids/limit");
  if (!limit || *limit <= 0 || *limit > s.settings.at("limit").get<std::int64_t>()) {
    fail("/linux/resources/pids/limit", "must be within the profile's limit");
  }
}

void memory_limit(const Subject& s) {
  const auto limit = find_integer(s.config, "/linux/resources/memory/limit");
  const auto host = static_cast<double>(s.facts.host.memory_bytes);
  // dry-run on unknown hosts: the plan says that it could not be bounded.
  if (!limit && host == 0 && s.settings.value("bytes", 0) == 0) return;
  if (!limit || *limit <= 0) fail("/linux/resources/memory/limit", "must be present");
  if (host > 0 && static_cast<double>(*limit) > host) {
    fail("/linux/resources/memory/limit", "is more than the host has");
  }
}

void cpu(const Subject& s) {
  if (!find_integer(s.config, "/linux/resources/cpu/shares")) {
    fail("/linux/resources/cpu/shares", "must be present");
  }
}

void cgroup(const Subject& s) {
  const std::string path = find_string(s.config, "/linux/cgroupsPath").value_or("container");
  if (path == "/" || ("/" + path + "/").find("/../") != std::string::npos) {
    fail("/linux/cgroupsPath", "leaves the engine's part of the hierarchy");
  }
}

void rlimits(const Subject& s) {
  std::set<std::string> seen;
  const Json& limits = find_array(s.config, "/process/rlimits");
  for (std::size_t index = 0; index < limits.size(); ++index) {
    const std::string pointer = join("/process/rlimits", index);
    const std::string type = find_string(limits, join(join("", index), "type")).value_or("");
    if (!seen.insert(type).second) fail(pointer, "a second limit of one type");
    const char* setting = type == "RLIMIT_CORE"     ? "core"
                          : type == "RLIMIT_NOFILE" ? "nofile"
                          : type == "RLIMIT_NPROC"  ? "nproc"
                                                    : nullptr;
    if (setting != nullptr && s.settings.contains(setting) &&
        limits[index].value("hard", std::uint64_t{0}) >
            s.settings.at(setting).get<std::uint64_t>()) {
      fail(pointer, "is above the profile's " + std::string(setting));
    }
  }
  if (!seen.contains("RLIMIT_CORE")) fail("/process/rlimits", "must limit core dumps");
}

void seccomp(const Subject& s) {
  const std::string action = find_string(s.config, "/linux/seccomp/defaultAction").value_or("");
  constexpr std::array kDenying{"SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                                "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"};
  if (std::find(kDenying.begin(), kDenying.end(), action) == kDenying.end()) {
    fail("/linux/seccomp/defaultAction", "must deny");
  }
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
  Strings own;
  for (const Json& entry : find_array(s.config, "/linux/namespaces")) {
    const std::string path = entry.value("path", "");
    const auto fact = s.facts.namespaces.find(path);
    if (path.empty() || fact == s.facts.namespaces.end() || !fact->second.host) {
      own.push_back(entry.at("type").get<std::string>());
    }
  }
  if (!contains(own, "mount")) fail("/linux/namespaces", "must hold an own mount namespace");
  for (const char* type : {"network", "pid", "ipc", "uts"}) {
    if (s.settings.value(type, "refuse") == "refuse" && !contains(own, type)) {
      fail("/linux/namespaces", "must hold an own " + std::string(type) + " namespace");
    }
  }
}

void sysctl(const Subject& s) {
  const Strings allowed = find_strings(s.settings, "/allowed");
  for (const auto& [name, value] : find_object(s.config, "/linux/sysctl").items()) {
    if (!contains(allowed, name)) fail(join("/linux/sysctl", name), "is not on the allowed list");
  }
}

void hooks(const Subject& s) {
  const Strings allowed = find_strings(s.settings, "/allowed_executables");
  for (const auto& [stage, list] : find_object(s.config, "/hooks").items()) {
    for (const Json& hook : list) {
      const auto fact = s.facts.hooks.find(hook.value("path", ""));
      const bool seen = fact != s.facts.hooks.end() && fact->second.sight == Sight::seen;
      if (seen && (fact->second.owner != 0 || fact->second.replaceable ||
                   !contains(allowed, fact->second.path))) {
        fail(join("/hooks", stage), "runs a program as host root that the policy does not name");
      }
    }
  }
}

void annotations(const Subject& s) {
  const Strings prefixes = find_strings(s.settings, "/denied_prefixes");
  const Strings allowed = find_strings(s.settings, "/allowed_names");
  for (const auto& [name, value] : find_object(s.config, "/annotations").items()) {
    for (const std::string& prefix : prefixes) {
      if (name.starts_with(prefix) && !contains(allowed, name)) {
        fail(join("/annotations", name), "steers the runtime");
      }
    }
  }
}

void powerful_fields(const Subject& s) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kFields{
      {{"network_devices", "/linux/netDevices"},
       {"intel_rdt", "/linux/intelRdt"},
       {"personality", "/linux/personality"},
       {"time_offsets", "/linux/timeOffsets"}}};
  for (const auto& [setting, pointer] : kFields) {
    if (s.settings.value(setting, "refuse") == "refuse" && find(s.config, pointer) != nullptr) {
      fail(pointer, "reaches past the container");
    }
  }
}

void process(const Subject& s) {
  const std::string cwd = find_string(s.config, "/process/cwd").value_or("");
  if (!cwd.starts_with('/')) fail("/process/cwd", "must be absolute");
  // CVE-2024-21626: a descriptor that the runtime leaks is a door to the host's file system.
  if ((cwd + '/').starts_with("/proc/") || (cwd + '/').starts_with("/dev/fd/")) {
    fail("/process/cwd", "leads through a descriptor");
  }
}

void user_namespace(const Subject& s) {
  if (s.settings.value("allow_host_root", false) || !s.facts.host.initial_user_namespace) return;
  for (const char* kind : {"uidMappings", "gidMappings"}) {
    const std::string pointer = join("/linux", kind);
    for (const Json& mapping : find_array(s.config, pointer)) {
      if (mapping.value("hostID", std::uint64_t{0}) == 0) fail(pointer, "maps the host's id 0");
    }
  }
}

void mounts(const Subject& s) {
  const Strings types = find_strings(s.settings, "/allowed_types");
  const Json& list = find_array(s.config, "/mounts");
  for (std::size_t index = 0; index < list.size(); ++index) {
    const std::string pointer = join("/mounts", index);
    const Strings options = find_strings(list, join(join("", index), "options"));
    const bool bind = contains(options, "bind") || contains(options, "rbind");
    const std::string type = list[index].value("type", "");
    if (!bind && !contains(types, type))
      fail(join(pointer, "type"), type + " is not an allowed type");
    const std::string destination = list[index].value("destination", "");
    if (!bind && type == "proc" && destination != "/proc") fail(pointer, "a second proc");
    const bool shared = contains(options, "shared") || contains(options, "rshared");
    if (shared && s.settings.value("shared_propagation", "refuse") == "refuse") {
      fail(join(pointer, "options"), "propagates mounts to the host");
    }
    if (bind && !contains(options, "nosuid") && !contains(options, "rnosuid")) {
      fail(join(pointer, "options"), "a bind without nosuid");
    }
  }
}

void device_directory(const Subject& s) {
  std::size_t count = 0;
  for (const Json& mount : find_array(s.config, "/mounts")) {
    const std::string place = mount.value("destination", "");
    if (place != "/dev" && place != "/dev/") continue;
    if (mount.value("type", "") != "tmpfs") fail("/mounts", "/dev must be a fresh tmpfs");
    ++count;
  }
  if (count != 1) fail("/mounts", "must mount /dev exactly once");
}

void devices(const Subject& s) {
  const Json& list = find_array(s.config, "/linux/resources/devices");
  if (list.empty() || list[0].value("allow", true)) {
    fail("/linux/resources/devices", "must begin by denying all");
  }
  for (std::size_t index = 0; index < list.size(); ++index) {
    const Json& rule = list[index];
    const std::string type = rule.value("type", "a");
    if (rule.value("allow", false) && (type == "a" || type == "b")) {
      const bool named = !s.settings.at("allowed").empty() && rule.contains("major");
      if (!named) fail(join("/linux/resources/devices", index), "allows block devices or all");
    }
  }
}

void nothing_more(const Subject&) {}

struct Condition {
  std::string_view rule;
  void (*check)(const Subject&);
};

// One line per rule of the profile: a rule without one would be believed unseen.
constexpr std::array kConditions{
    Condition{"annotations", annotations},
    Condition{"capabilities", capabilities},
    Condition{"cgroup", cgroup},
    Condition{"cpu", cpu},
    Condition{"device-directory", device_directory},
    Condition{"devices", devices},
    Condition{"hooks", hooks},
    Condition{"host-namespaces", host_namespaces},
    Condition{"lsm", nothing_more},
    Condition{"masked-paths", masked_paths},
    Condition{"memory-limit", memory_limit},
    Condition{"mounts", mounts},
    Condition{"no-new-privileges", no_new_privileges},
    Condition{"pids-limit", pids_limit},
    Condition{"powerful-fields", powerful_fields},
    Condition{"privileged", nothing_more},
    Condition{"process", process},
    Condition{"read-only-rootfs", read_only_rootfs},
    Condition{"rlimits", rlimits},
    Condition{"rootfs-shape", rootfs_shape},
    Condition{"seccomp", seccomp},
    Condition{"sysctl", sysctl},
    Condition{"user-namespace", user_namespace},
};

bool within(std::string_view path, std::string_view change) {
  return path == change || (path.starts_with(change) && path[change.size()] == '/');
}

// Every difference must be one that the plan states: a rule that edits behind the draft is a
// defect.
void verify_stated(const Json& original, const Plan& plan) {
  if (original == plan.config) return;
  Json differing = Json::diff(original, plan.config);
  for (const Json& step : differing) {
    const std::string path = step.at("path").get<std::string>();
    const bool stated =
        std::any_of(plan.changes.begin(), plan.changes.end(), [&](const Change& change) {
          const std::string array = change.pointer.substr(0, change.pointer.rfind('/'));
          return within(path, change.pointer) || within(change.pointer, path) ||
                 (array != "" && within(path, array) && find(plan.config, array) != nullptr &&
                  find(plan.config, array)->is_array());
        });
    if (!stated) fail(path, "differs, and no rule says so");
  }
}

}  // namespace

void verify_plan(const Json& original, const Plan& plan, const Profile& profile,
                 const Facts& facts) {
  for (const Condition& condition : kConditions) {
    if (profile.mode(condition.rule) == RuleMode::enforce) {
      condition.check({plan.config, profile.settings(condition.rule), facts});
    }
  }
  verify_not_weaker(original, plan.config, facts.root.path);
  verify_stated(original, plan);
}

}  // namespace hardened
