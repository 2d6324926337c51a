// SPDX-License-Identifier: Apache-2.0
// Post-conditions on what the process may do and what runs beside it.
#include <array>

#include "core/verifier_conditions.hpp"

namespace hardened::verifier {
namespace {

constexpr std::array kSets{"bounding", "effective", "inheritable", "permitted", "ambient"};

bool absent_process(const Subject& s) { return find(s.config, "/process") == nullptr; }

void mapped(const Subject& s, const std::string& pointer, const char* list) {
  const auto id = find_integer(s.config, pointer).value_or(0);
  // setresuid(2) takes -1 for "leave as it is".
  if (id < 0 || id >= 4294967295) fail(pointer, "is no id");
  const Json& mappings = find_array(s.config, list);
  const bool has = std::ranges::any_of(mappings, [&](const Json& mapping) {
    const std::int64_t first = find_integer(mapping, "/containerID").value_or(0);
    return id >= first && id - first < find_integer(mapping, "/size").value_or(0);
  });
  if (!mappings.empty() && !has) fail(pointer, "is outside the mapping");
}

bool allows(std::string_view action) {
  return action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG" || action == "SCMP_ACT_TRACE" ||
         action == "SCMP_ACT_NOTIFY";
}

// What a hook has in place of the image's environment; nobody else's to choose.
constexpr const char* kPlainPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void vet_hook(const Subject& s, const Json& hook, const std::string& pointer) {
  const Strings allowed = find_strings(s.settings, "/allowed_executables");
  const std::string path = text_at(hook, "/path");
  // By its own name, or by that of the program that an engine's /proc/PID/exe was found to be.
  auto fact = s.facts.hooks.find(path);
  if (fact == s.facts.hooks.end()) {
    fact = std::ranges::find_if(s.facts.hooks, [&](const auto& known) {
      return known.second.sight == Sight::seen && known.second.path == path;
    });
  }
  const bool seen = fact != s.facts.hooks.end() && fact->second.sight == Sight::seen;
  const bool process_executable = path.starts_with("/proc/") && path.ends_with("/exe");
  if (seen ? fact->second.owner != 0 || fact->second.replaceable ||
                 !contains(allowed, fact->second.path)
           : !contains(allowed, path) && !process_executable) {
    fail(join(pointer, "path"), "runs a program as host root that the policy does not name");
  }
  const Strings args = find_strings(hook, "/args");
  if (!contains(find_strings(s.settings, "/allowed_first_arguments"),
                args.empty() ? "" : args.front())) {
    fail(join(pointer, "args"), "calls that program by a name that the policy does not list");
  }
  for (const std::string& variable : find_strings(hook, "/env")) {
    if (variable != kPlainPath && !contains(find_strings(s.settings, "/allowed_environment"),
                                            variable.substr(0, variable.find('=')))) {
      fail(join(pointer, "env"), "gives that program a variable that the policy does not list");
    }
  }
}

}  // namespace

void no_new_privileges(const Subject& s) {
  if (find_boolean(s.config, "/process/noNewPrivileges") != true) {
    fail("/process/noNewPrivileges", "must be true");
  }
}

void capabilities(const Subject& s) {
  const Strings keep = find_strings(s.settings, "/keep");
  for (const char* set : kSets) {
    const std::string pointer = join("/process/capabilities", set);
    if (find(s.config, pointer) == nullptr) fail(pointer, "must be present");
    for (const std::string& name : find_strings(s.config, pointer)) {
      if (!contains(keep, name)) fail(pointer, name + " is not on the keep list");
    }
  }
}

// What is left of it must not look like it: every capability with every device.
void privileged(const Subject& s) {
  const Strings bounding = find_strings(s.config, "/process/capabilities/bounding");
  if (bounding.size() < 30 || !contains(bounding, "CAP_SYS_ADMIN")) return;
  for (const Json& rule : find_array(s.config, "/linux/resources/devices")) {
    const Device device = device_of(rule);
    if (find_boolean(rule, "/allow").value_or(false) && device.major < 0 && device.access != "m") {
      fail("/process/capabilities/bounding", "every capability beside every device");
    }
  }
}

void process(const Subject& s) {
  if (absent_process(s)) return;
  const std::string given = find_string(s.config, "/process/cwd").value_or("/");
  const std::string cwd = normal(given);
  if (!given.starts_with('/')) fail("/process/cwd", "must be absolute");
  if ((given + '/').find("/../") != std::string::npos) fail("/process/cwd", "climbs");
  // CVE-2024-21626: a descriptor that the runtime leaks is a door to the host's file system.
  for (const char* place : {"/proc", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr"}) {
    if (at_or_below(cwd, place)) fail("/process/cwd", "leads through a descriptor");
    for (const std::string& led : s.facts.working_directory.places) {
      if (at_or_below(led, place)) fail("/process/cwd", "is a link that leads to " + led);
    }
  }
  mapped(s, "/process/user/uid", "/linux/uidMappings");
  mapped(s, "/process/user/gid", "/linux/gidMappings");
  const std::size_t groups = find_array(s.config, "/process/user/additionalGids").size();
  for (std::size_t index = 0; index < groups; ++index) {
    mapped(s, join("/process/user/additionalGids", index), "/linux/gidMappings");
  }
  if (text_at(s.settings, "/root_user") == "refuse" &&
      find_integer(s.config, "/process/user/uid").value_or(0) == 0) {
    fail("/process/user/uid", "is root");
  }
  const std::int64_t score =
      find_integer(s.config, "/process/oomScoreAdj").value_or(s.facts.host.oom_score_adj);
  if (score < find_integer(s.settings, "/oom_score_adj_min").value_or(-1000)) {
    fail("/process/oomScoreAdj", "is below the profile's");
  }
}

void rlimits(const Subject& s) {
  if (absent_process(s)) return;
  Strings seen;
  const Json& limits = find_array(s.config, "/process/rlimits");
  for (std::size_t index = 0; index < limits.size(); ++index) {
    const std::string pointer = join("/process/rlimits", index);
    const std::string type = text_at(limits[index], "/type");
    for (const char* setting :
         {"core", "nofile", "nproc", "rtprio", "nice", "memlock", "msgqueue", "sigpending"}) {
      std::string name = "RLIMIT_";
      for (const char* letter = setting; *letter != 0; ++letter) {
        name += static_cast<char>(*letter - 'a' + 'A');
      }
      if (type != name) continue;
      const auto most =
          static_cast<std::uint64_t>(find_integer(s.settings, join("", setting)).value_or(0));
      for (const char* field : {"hard", "soft"}) {
        if (unsigned_at(limits[index], join("", field)) > most) {
          fail(join(pointer, field), "is above the profile's " + std::string(setting));
        }
      }
    }
    seen.push_back(type);
  }
  for (const char* type : {"RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_NPROC"}) {
    if (!contains(seen, type)) fail("/process/rlimits", "must hold " + std::string(type));
  }
}

// One of the policy's names, each of which may end in "*".
bool is_for_containers(const Subject& s, const std::string& profile) {
  return std::ranges::any_of(
      find_strings(s.settings, "/apparmor_profiles"), [&](const std::string& name) {
        return name.ends_with('*') ? profile.starts_with(name.substr(0, name.size() - 1))
                                   : profile == name;
      });
}

void lsm(const Subject& s) {
  if (absent_process(s) || find_boolean(s.settings, "/allow_unconfined").value_or(false)) return;
  const HostFacts& host = s.facts.host;
  const bool must = text_at(s.settings, "/missing") == "refuse";
  const std::string profile = text_at(s.config, "/process/apparmorProfile");
  if (host.apparmor && (profile.empty() || profile == "unconfined")) {
    if (must || profile == "unconfined" ||
        std::ranges::any_of(host.apparmor_profiles,
                            [&](const std::string& name) { return is_for_containers(s, name); })) {
      fail("/process/apparmorProfile", "confines nothing");
    }
  } else if (host.apparmor &&
             (profile.find_first_of(":& \t\n") != std::string::npos ||
              (!host.apparmor_profiles.empty() && !contains(host.apparmor_profiles, profile)))) {
    fail("/process/apparmorProfile", "is not what the kernel enforces");
  } else if (host.apparmor && !is_for_containers(s, profile)) {
    fail("/process/apparmorProfile", "is another program's");
  }
  const std::string label = text_at(s.config, "/process/selinuxLabel");
  if (!host.selinux || (label.empty() && !must)) return;
  const auto of_type = [&](const std::string& type) {
    return label.find(':' + type + ':') != std::string::npos || label.ends_with(':' + type);
  };
  if (std::ranges::none_of(find_strings(s.settings, "/selinux_types"), of_type)) {
    fail("/process/selinuxLabel", "is of a type that confines no container");
  }
}

void seccomp(const Subject& s) {
  const std::string action = text_at(s.config, "/linux/seccomp/defaultAction");
  constexpr std::array kDenying{"SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                                "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"};
  if (std::find(kDenying.begin(), kDenying.end(), action) == kDenying.end()) {
    fail("/linux/seccomp/defaultAction", "must deny");
  }
  Strings denied = find_strings(s.settings, "/denied");
  if (refused(s.settings, "socketcall")) denied.emplace_back("socketcall");
  const Json& entries = find_array(s.config, "/linux/seccomp/syscalls");
  for (std::size_t index = 0; index < entries.size(); ++index) {
    if (!allows(text_at(entries[index], "/action"))) continue;
    for (const std::string& name : find_strings(entries[index], "/names")) {
      if (contains(denied, name)) {
        fail(join("/linux/seccomp/syscalls", index), name + " must be denied");
      }
    }
  }
}

void annotations(const Subject& s) {
  const Strings prefixes = find_strings(s.settings, "/denied_prefixes");
  const Strings names = find_strings(s.settings, "/denied_names");
  const Strings allowed = find_strings(s.settings, "/allowed_names");
  for (const auto& [name, value] : find_object(s.config, "/annotations").items()) {
    if (contains(allowed, name)) continue;
    const bool denied = contains(names, name) ||
                        std::ranges::any_of(prefixes, [&, &key = name](const std::string& prefix) {
                          return key.starts_with(prefix);
                        });
    if (denied) fail(join("/annotations", name), "steers the runtime");
  }
}

void hooks(const Subject& s) {
  const Strings kinds{"prestart",       "createRuntime", "createContainer",
                      "startContainer", "poststart",     "poststop"};
  for (const auto& [kind, list] : find_object(s.config, "/hooks").items()) {
    if (!contains(kinds, kind)) fail(join("/hooks", kind), "is no kind of hook that is known");
    for (std::size_t index = 0; index < list.size(); ++index) {
      const std::string pointer = join(join("/hooks", kind), index);
      vet_hook(s, list[index], pointer);
      if (kind == "createContainer" && find_strings(list[index], "/env").empty()) {
        fail(join(pointer, "env"), "would be the environment that the image brings");
      }
    }
  }
}

void sysctl(const Subject& s) {
  const Strings allowed = find_strings(s.settings, "/allowed");
  const Strings own = own_namespaces(s);
  for (const auto& [name, value] : find_object(s.config, "/linux/sysctl").items()) {
    const std::string pointer = join("/linux/sysctl", name);
    if (!contains(allowed, name)) fail(pointer, "is not on the allowed list");
    if (name.starts_with("net.") && !contains(own, "network")) fail(pointer, "is the host's own");
    if (name.starts_with("kernel.shm") && !contains(own, "ipc")) fail(pointer, "is the host's own");
  }
}

void powerful_fields(const Subject& s) {
  constexpr std::array<std::pair<const char*, const char*>, 12> kFields{
      {{"seccomp_listener", "/linux/seccomp/listenerPath"},
       {"io_priority", "/process/ioPriority"},
       {"network_classes", "/linux/resources/network"},
       {"network_devices", "/linux/netDevices"},
       {"intel_rdt", "/linux/intelRdt"},
       {"personality", "/linux/personality"},
       {"time_offsets", "/linux/timeOffsets"},
       {"other_platforms", "/solaris"},
       {"other_platforms", "/windows"},
       {"other_platforms", "/vm"},
       {"other_platforms", "/zos"},
       {"other_platforms", "/freebsd"}}};
  for (const auto& [setting, pointer] : kFields) {
    const Json* value = find(s.config, pointer);
    if (refused(s.settings, setting) && value != nullptr && !value->empty()) {
      fail(pointer, "reaches past the container");
    }
  }
}

}  // namespace hardened::verifier
