// SPDX-License-Identifier: Apache-2.0
// The host's mandatory access control and cgroups.
#include <algorithm>
#include <array>

#include "core/doctor/checks.hpp"
#include "hardened/core/document.hpp"

namespace hardened {
namespace {

constexpr std::string_view kOurs = "hardened-default";

std::vector<std::string> accepted_profiles(const Observation& seen) {
  const Profile profile = seen.policy.profile(seen.policy.default_profile());
  return find_strings(profile.settings("lsm"), "/apparmor_profiles");
}

// As the rule lsm reads the list: "containers-default-*" stands for what begins so.
std::string first_loaded(const Observation& seen) {
  for (const std::string& pattern : accepted_profiles(seen)) {
    for (const std::string& name : seen.host.apparmor_profiles) {
      const bool same = pattern.ends_with('*')
                            ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                            : name == pattern;
      if (same) return name;
    }
  }
  return "";
}

bool missing_is_refused(const Observation& seen) {
  const Profile profile = seen.policy.profile(seen.policy.default_profile());
  return enforces(seen, "lsm") &&
         find_string(profile.settings("lsm"), "/missing").value_or("") == "refuse";
}

Judgement lsm(const Observation& seen) {
  if (!seen.host_error.empty()) return {Verdict::unknown, seen.host_error, ""};
  const Verdict without = missing_is_refused(seen) ? Verdict::fail : Verdict::warn;
  if (seen.host.selinux) return {Verdict::ok, "SELinux is on", ""};
  if (!seen.host.apparmor) {
    return {
        without, "neither AppArmor nor SELinux is on: containers go without a label",
        "boot with lsm=...,apparmor (Debian, Ubuntu, SUSE) or SELinux enforcing (Fedora, RHEL)"};
  }
  if (seen.host.apparmor_profiles.empty() && !seen.root) {
    return {Verdict::unknown, "AppArmor is on; only root sees which profiles are loaded", ""};
  }
  const std::string loaded = first_loaded(seen);
  if (!loaded.empty()) return {Verdict::ok, "AppArmor is on, containers get " + loaded, ""};
  return {without,
          "AppArmor is on, but none of the policy's profiles is loaded and enforced: containers go "
          "without one",
          "apparmor_parser -r -W /etc/apparmor.d/" + std::string(kOurs)};
}

Judgement apparmor_profile(const Observation& seen) {
  if (!seen.host_error.empty()) return {Verdict::unknown, seen.host_error, ""};
  if (!seen.host.apparmor) return {Verdict::not_applicable, "AppArmor is not on", ""};
  const bool loaded = std::ranges::count(seen.host.apparmor_profiles, kOurs) != 0;
  if (loaded) return {Verdict::ok, std::string(kOurs) + " is loaded and enforced", ""};
  if (!seen.root) return {Verdict::unknown, "only root sees which profiles are loaded", ""};
  if (seen.apparmor_file.sight == Sight::seen) {
    return {Verdict::warn,
            seen.apparmor_file.path + " is installed and not loaded (or only complains)",
            "apparmor_parser -r -W " + seen.apparmor_file.path};
  }
  return {Verdict::warn, why_unseen(seen.apparmor_file),
          "install defaults/apparmor/hardened-default there, then apparmor_parser -r -W " +
              seen.apparmor_file.path};
}

Judgement cgroup_version(const Observation& seen) {
  if (!seen.host_error.empty()) return {Verdict::unknown, seen.host_error, ""};
  if (seen.host.cgroup_version == 2) return {Verdict::ok, "cgroup v2 at /sys/fs/cgroup", ""};
  return {Verdict::warn, "cgroup v1: no cgroup namespace is added, and runc 1.4 has deprecated it",
          "boot with systemd.unified_cgroup_hierarchy=1"};
}

Judgement swap(const Observation& seen) {
  if (!seen.host_error.empty()) return {Verdict::unknown, seen.host_error, ""};
  if (seen.host.swap_accounting) return {Verdict::ok, "swap is accounted", ""};
  return {Verdict::warn, "swap is not accounted: a container's memory limit leaves it swap to use",
          "boot with swapaccount=1, or without swap"};
}

constexpr std::array kChecks{
    Check{"host/lsm", "mandatory access control", "CIS 5.2, 5.3", lsm},
    Check{"host/apparmor-profile", "hardened's own AppArmor profile", "CIS 5.2", apparmor_profile},
    Check{"host/cgroup-version", "cgroup version", "cgroups(7)", cgroup_version},
    Check{"host/swap-accounting", "swap accounting", "CIS 5.11", swap},
};

}  // namespace

Findings judge_host(const Observation& seen) {
  Findings findings;
  for (const Check& check : kChecks) findings.push_back(finding_of(check, seen));
  findings[0].rules = findings[1].rules = {"lsm"};
  findings[2].rules = {"cgroup", "resources"};
  findings[3].rules = {"memory-limit"};
  return findings;
}

}  // namespace hardened
