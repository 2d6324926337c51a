// SPDX-License-Identifier: Apache-2.0
// The ceiling of a container that nobody recorded, out of what the kernel shows of its init.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <sstream>

#include "core/ceiling_parts.hpp"
#include "core/limit_names.hpp"
#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// By bit (linux/capability.h).
constexpr std::array<std::string_view, 41> kCapabilities{"CAP_CHOWN",
                                                         "CAP_DAC_OVERRIDE",
                                                         "CAP_DAC_READ_SEARCH",
                                                         "CAP_FOWNER",
                                                         "CAP_FSETID",
                                                         "CAP_KILL",
                                                         "CAP_SETGID",
                                                         "CAP_SETUID",
                                                         "CAP_SETPCAP",
                                                         "CAP_LINUX_IMMUTABLE",
                                                         "CAP_NET_BIND_SERVICE",
                                                         "CAP_NET_BROADCAST",
                                                         "CAP_NET_ADMIN",
                                                         "CAP_NET_RAW",
                                                         "CAP_IPC_LOCK",
                                                         "CAP_IPC_OWNER",
                                                         "CAP_SYS_MODULE",
                                                         "CAP_SYS_RAWIO",
                                                         "CAP_SYS_CHROOT",
                                                         "CAP_SYS_PTRACE",
                                                         "CAP_SYS_PACCT",
                                                         "CAP_SYS_ADMIN",
                                                         "CAP_SYS_BOOT",
                                                         "CAP_SYS_NICE",
                                                         "CAP_SYS_RESOURCE",
                                                         "CAP_SYS_TIME",
                                                         "CAP_SYS_TTY_CONFIG",
                                                         "CAP_MKNOD",
                                                         "CAP_LEASE",
                                                         "CAP_AUDIT_WRITE",
                                                         "CAP_AUDIT_CONTROL",
                                                         "CAP_SETFCAP",
                                                         "CAP_MAC_OVERRIDE",
                                                         "CAP_MAC_ADMIN",
                                                         "CAP_SYSLOG",
                                                         "CAP_WAKE_ALARM",
                                                         "CAP_BLOCK_SUSPEND",
                                                         "CAP_AUDIT_READ",
                                                         "CAP_PERFMON",
                                                         "CAP_BPF",
                                                         "CAP_CHECKPOINT_RESTORE"};

[[noreturn]] void unreadable(std::string_view what) {
  throw Error(
      ErrorKind::refused,
      "the container has no record and its init process shows no usable " + std::string(what));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank(" \t\n\0", 4);
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

template <typename Number>
Number number(std::string_view text, std::string_view what, int base = 10) {
  text = trimmed(text);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) unreadable(what);
  return value;
}

std::string status_line(const std::string& status, const std::string& key) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key + ":")) return line.substr(key.size() + 1);
  }
  unreadable("/proc/PID/status: " + key);
}

Json capabilities_of(const InitStatus& init, const Profile& profile, const std::string& line) {
  const auto mask = number<std::uint64_t>(status_line(init.status, line), line, 16);
  const std::vector<std::string> keep = find_strings(profile.settings("capabilities"), "/keep");
  const bool enforced = profile.mode("capabilities") == RuleMode::enforce;
  Json capabilities = Json::array();
  for (std::size_t bit = 0; bit < kCapabilities.size(); ++bit) {
    const bool kept =
        !enforced || std::find(keep.begin(), keep.end(), kCapabilities[bit]) != keep.end();
    if (kept && (mask >> bit & 1U) != 0) capabilities.push_back(kCapabilities[bit]);
  }
  return capabilities;
}

Json mappings_of(const std::string& map, std::string_view what) {
  std::istringstream lines(map);
  Json mappings = Json::array();
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string inside, outside, size;
    fields >> inside >> outside >> size;
    mappings.push_back({{"containerID", number<std::uint32_t>(inside, what)},
                        {"hostID", number<std::uint32_t>(outside, what)},
                        {"size", number<std::uint32_t>(size, what)}});
  }
  if (mappings.empty()) unreadable(what);
  return mappings;
}

std::uint64_t limit_value(std::string_view text) {
  if (trimmed(text) == "unlimited") return std::numeric_limits<std::uint64_t>::max();
  return number<std::uint64_t>(text, "limits");
}

// The profile's own bound of a resource, where its rule names one: "nofile" for RLIMIT_NOFILE.
std::uint64_t profile_bound(std::string_view type, const Profile& profile) {
  if (profile.mode("rlimits") == RuleMode::enforce) {
    for (const auto& [key, value] : profile.settings("rlimits").items()) {
      std::string upper = "RLIMIT_" + key;
      std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
      });
      if (upper == type && value.is_number_integer()) return value.get<std::uint64_t>();
    }
  }
  return std::numeric_limits<std::uint64_t>::max();
}

// Columns are fixed: 26 for the name, 21 each for soft and hard.
Json rlimits_of(const InitStatus& init, const Profile& profile) {
  std::istringstream lines(init.limits);
  Json rlimits = Json::array();
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 47 || line.starts_with("Limit")) continue;
    const std::string_view shown = trimmed(std::string_view(line).substr(0, 26));
    const auto name = std::find_if(kLimits.begin(), kLimits.end(),
                                   [&](const LimitName& limit) { return limit.shown == shown; });
    if (name == kLimits.end()) continue;
    const std::uint64_t hard = std::min(limit_value(std::string_view(line).substr(47, 21)),
                                        profile_bound(name->type, profile));
    const std::uint64_t soft = std::min(limit_value(std::string_view(line).substr(26, 21)), hard);
    rlimits.push_back({{"type", name->type}, {"hard", hard}, {"soft", soft}});
  }
  if (rlimits.size() != kLimits.size()) unreadable("limits");
  return rlimits;
}

// "docker-default (enforce)" is the profile docker-default; nothing where the container has none.
std::optional<std::string> apparmor_profile(const std::string& label) {
  std::string_view name = trimmed(label);
  if (name.empty() || name == "unconfined") return std::nullopt;
  if (const std::size_t mode = name.rfind(" ("); mode != std::string_view::npos)
    name = name.substr(0, mode);
  return std::string(name);
}

}  // namespace

std::vector<std::string_view> capability_names() {
  return {kCapabilities.begin(), kCapabilities.end()};
}

Ceiling ceiling_of(const InitStatus& init, const Profile& profile) {
  Json ceiling = Json::object();
  ceiling["capabilities"] = capabilities_of(init, profile, "CapBnd");
  ceiling["inheritable"] = capabilities_of(init, profile, "CapInh");
  ceiling["ambient"] = capabilities_of(init, profile, "CapAmb");
  ceiling["noNewPrivileges"] =
      number<int>(status_line(init.status, "NoNewPrivs"), "NoNewPrivs") != 0 ||
      profile.mode("no-new-privileges") == RuleMode::enforce;
  if (const auto name = apparmor_profile(init.apparmor_label)) ceiling["apparmorProfile"] = *name;
  // Where AppArmor is, the file that SELinux would fill shows AppArmor's profile again.
  const std::string_view label = trimmed(init.selinux_label);
  if (!label.empty() && trimmed(init.apparmor_label).empty()) ceiling["selinuxLabel"] = label;
  ceiling["rlimits"] = rlimits_of(init, profile);
  auto oom_score_adj = number<std::int64_t>(init.oom_score_adj, "oom_score_adj");
  if (profile.mode("process") == RuleMode::enforce) {
    oom_score_adj = std::max(
        oom_score_adj, profile.settings("process").at("oom_score_adj_min").get<std::int64_t>());
  }
  ceiling["oomScoreAdj"] = oom_score_adj;
  ceiling["uidMappings"] = mappings_of(init.uid_map, "uid_map");
  ceiling["gidMappings"] = mappings_of(init.gid_map, "gid_map");
  add_policy(ceiling, profile);
  return {std::move(ceiling)};
}

}  // namespace hardened
