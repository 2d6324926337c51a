// SPDX-License-Identifier: Apache-2.0
// A policy of the administrator's: what holds of the built-in profiles must hold of every other.
#include <array>

#include "generator.hpp"
#include "hardened/core/rule.hpp"

namespace hardened::property {
namespace {

struct Setting {
  const char* rule;
  const char* name;
  const char* value;
};

// Every other answer of a setting that has few, and some of the lists.
constexpr std::array kSettings{
    Setting{"powerful-fields", "io_priority", R"("allow")"},
    Setting{"powerful-fields", "intel_rdt", R"("allow")"},
    Setting{"powerful-fields", "network_classes", R"("allow")"},
    Setting{"powerful-fields", "network_devices", R"("allow")"},
    Setting{"powerful-fields", "other_platforms", R"("allow")"},
    Setting{"powerful-fields", "personality", R"("allow")"},
    Setting{"powerful-fields", "seccomp_listener", R"("allow")"},
    Setting{"powerful-fields", "time_offsets", R"("allow")"},
    Setting{"privileged", "privileged", R"("contain")"},
    Setting{"hooks", "allowed_first_arguments", R"(["", "x", "docker-untar"])"},
    Setting{"user-namespace", "allow_host_root", "true"},
    Setting{"user-namespace", "lowest_host_id", "0"},
    Setting{"user-namespace", "unsupported", R"("degrade")"},
    Setting{"host-namespaces", "network", R"("allow")"},
    Setting{"host-namespaces", "pid", R"("allow")"},
    Setting{"host-namespaces", "ipc", R"("allow")"},
    Setting{"host-namespaces", "uts", R"("allow")"},
    Setting{"host-namespaces", "foreign_network", R"("without-user-namespace")"},
    Setting{"host-namespaces", "foreign_namespaces", R"("without-user-namespace")"},
    Setting{"capabilities", "keep", R"(["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_BPF"])"},
    Setting{"capabilities", "keep", "[]"},
    Setting{"capabilities", "excess", R"("refuse")"},
    Setting{"process", "root_user", R"("refuse")"},
    Setting{"process", "oom_score_adj_min", "-1000"},
    Setting{"process", "oom_score_adj_min", "500"},
    Setting{"rlimits", "core", "1000000"},
    Setting{"rlimits", "nofile", "64"},
    Setting{"cgroup", "other_names", R"("allow")"},
    Setting{"cgroup", "occupied", R"("allow")"},
    Setting{"pids-limit", "limit", "16"},
    Setting{"memory-limit", "bytes", "1048576"},
    Setting{"memory-limit", "host_percent", "1"},
    Setting{"cpu", "shares", "2"},
    Setting{"cpu", "realtime", R"("allow")"},
    Setting{"resources", "block_io_weight", "10"},
    Setting{"resources", "allowed_files", R"(["cgroup.freeze", "io.latency"])"},
    Setting{"devices", "allowed", R"(["c 10:229 rwm", "b 8:* r"])"},
    Setting{"sysctl", "allowed", R"(["kernel.core_pattern", "kernel.domainname"])"},
    Setting{"lsm", "allow_unconfined", "true"},
    Setting{"lsm", "missing", R"("refuse")"},
    Setting{"masked-paths", "masked", "[]"},
    Setting{"read-only-rootfs", "store", R"("memory")"},
    Setting{"mounts", "allowed_sources", R"(["/etc", "/srv", "/home"])"},
    Setting{"mounts", "only_allowed_sources", "true"},
    Setting{"mounts", "allowed_destinations", R"(["/proc/x", "/sys/x", "/proc/sys"])"},
    Setting{"mounts", "allowed_options", R"(["copy-symlink", "lowerdir", "z"])"},
    Setting{"mounts", "allowed_types", R"(["bind", "proc", "sysfs", "tmpfs", "overlay", "ext4"])"},
    Setting{"mounts", "shared_propagation", R"("allow")"},
    Setting{"mounts", "id_mappings", R"("allow")"},
    Setting{"mounts", "unmappable", R"("plain")"},
    Setting{"mounts", "cgroup", R"("writable")"},
    Setting{"mounts", "executable", R"("noexec")"},
    Setting{"seccomp", "process_tracing", R"("refuse")"},
    Setting{"seccomp", "socket_families", R"(["AF_UNIX"])"},
    Setting{"seccomp", "netlink_protocols", "[]"},
    Setting{"seccomp", "socketcall", R"("allow")"},
    Setting{"seccomp", "tcp_ulp", R"("allow")"},
    Setting{"seccomp", "msg_oob", R"("allow")"},
    Setting{"seccomp", "terminal_injection", R"("allow")"},
    Setting{"seccomp", "new_namespaces", R"("allow")"},
    Setting{"seccomp", "set_user_id_files", R"("allow")"},
    Setting{"seccomp", "set_group_id_files", R"("allow")"},
    Setting{"seccomp", "native_only", "true"},
};

// What the built-in profiles refuse is rewritten and judged only where a policy lets it through.
void allow_powers(Json& rules) {
  for (const char* field : {"io_priority", "intel_rdt", "network_classes", "network_devices",
                            "personality", "seccomp_listener", "time_offsets"}) {
    rules["powerful-fields"][field] = "allow";
  }
  rules["mounts"]["id_mappings"] = "allow";
  rules["hooks"]["allowed_environment"] = Json({"A"});
}

Json other_rules(Choices& choices) {
  Json rules = Json::object();
  for (std::size_t left = 1 + choices.below(5); left > 0; --left) {
    if (choices.one_in(3)) {
      const Rule& rule = catalogue()[choices.below(catalogue().size())];
      rules[std::string(rule.name)]["mode"] = choices.below(2) == 0 ? "off" : "report";
    } else {
      const Setting& setting = choices.one_of(kSettings);
      rules[setting.rule][setting.name] = Json::parse(setting.value);
    }
  }
  if (choices.below(2) == 1) allow_powers(rules);
  return rules;
}

}  // namespace

Profile profile(Choices& choices) {
  static const Policy kBuiltin = Policy::builtin();
  static constexpr std::array<const char*, 4> kNames{"standard", "strict", "pod", "build"};
  static const std::array<Profile, 4> kProfiles{
      kBuiltin.profile(kNames[0]), kBuiltin.profile(kNames[1]), kBuiltin.profile(kNames[2]),
      kBuiltin.profile(kNames[3])};
  // Half of them standard: it refuses the least of what an ordinary document asks.
  const std::size_t which = choices.below(8);
  const std::size_t index = which < 4 ? which : 0;
  if (!choices.one_in(4)) return kProfiles[index];
  Json other{{"extends", kNames[index]}, {"rules", other_rules(choices)}};
  if (choices.one_in(16)) other["mode"] = "report";
  Policy policy = kBuiltin;
  policy.layer(Json{{"profiles", {{"other", std::move(other)}}}}.dump(), "generated");
  return policy.profile("other");
}

}  // namespace hardened::property
