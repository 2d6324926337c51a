// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <optional>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::string_view kProfile = "/process/apparmorProfile";
constexpr std::string_view kMountLabel = "/linux/mountLabel";
constexpr std::string_view kLabel = "/process/selinuxLabel";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "containers-default-*" stands for every name that begins so.
bool matches(const std::string& name, const std::string& pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

// The first of the policy's profiles that the kernel has loaded.
std::optional<std::string> first_loaded(const RuleInput& input) {
  for (const std::string& pattern : find_strings(input.settings, "/apparmor_profiles")) {
    for (const std::string& name : input.facts.host.apparmor_profiles) {
      if (matches(name, pattern)) return name;
    }
  }
  return std::nullopt;
}

// The container has no profile, or "unconfined".
void confine(Draft& draft, const RuleInput& input, bool unconfined) {
  if (const auto profile = first_loaded(input)) {
    draft.set(kProfile, *profile, "mandatory access control where the host has it");
  } else if (unconfined) {
    // Asked for, not merely left out.
    draft.refuse(kProfile, "no confinement by AppArmor, and the kernel has no profile to give",
                 "rules.lsm.allow_unconfined", "CIS 5.2");
  } else if (find_string(input.settings, "/missing") == "refuse") {
    draft.refuse(kProfile, "no AppArmor profile, and the kernel has none of the policy's loaded",
                 "rules.lsm.missing", "CIS 5.2");
  }
}

void vet_apparmor(Draft& draft, const RuleInput& input) {
  const std::string profile = find_string(draft.document(), kProfile).value_or("");
  if (profile.empty() || profile == "unconfined") {
    confine(draft, input, !profile.empty());
    return;
  }
  const std::vector<std::string>& loaded = input.facts.host.apparmor_profiles;
  // ":root:unconfined" and "x//&unconfined" are other spellings for the kernel; a profile that is
  // loaded in complain or unconfined mode (Ubuntu has dozens) confines nothing. Only a plain name
  // that is enforced is taken.
  const bool plain = profile.find_first_of(":&/* \t\n") == std::string::npos;
  if (plain && loaded.empty()) {
    draft.unverified("the AppArmor profile " + printable(profile, 80));
  } else if (!plain || !contains(loaded, profile)) {
    draft.refuse(
        kProfile,
        "the AppArmor profile " + printable(profile, 80) + ", which the kernel does not enforce",
        "rules.lsm.allow_unconfined", "CIS 5.2");
    return;
  }
  // That of another program is enforced too, and may allow all that a container should not have.
  const std::vector<std::string> accepted = find_strings(input.settings, "/apparmor_profiles");
  if (std::none_of(accepted.begin(), accepted.end(),
                   [&](const std::string& pattern) { return matches(profile, pattern); })) {
    draft.refuse(kProfile,
                 "the AppArmor profile " + printable(profile, 80) +
                     ", which the policy does not name as one for containers",
                 "rules.lsm.apparmor_profiles", "CIS 5.2");
  }
}

// "user:role:type:level", and the level may hold colons of its own.
std::vector<std::string> parts_of(std::string_view label) {
  std::vector<std::string> parts;
  while (parts.size() < 3 && label.find(':') != std::string_view::npos) {
    parts.emplace_back(label.substr(0, label.find(':')));
    label.remove_prefix(label.find(':') + 1);
  }
  parts.emplace_back(label);
  return parts;
}

// No label is invented: one that the rootfs is not labelled for denies the container its own files.
void vet_selinux(Draft& draft, const RuleInput& input) {
  const std::string label = find_string(draft.document(), kLabel).value_or("");
  if (label.empty()) {
    if (find_string(input.settings, "/missing") == "refuse") {
      draft.refuse(kLabel, "no SELinux label on a host with SELinux", "rules.lsm.missing",
                   "CIS 5.3");
    }
    return;
  }
  const std::vector<std::string> parts = parts_of(label);
  if (parts.size() < 3) {
    draft.refuse(kLabel, "the SELinux label " + printable(label, 80) + ", which has no type",
                 "rules.lsm.allow_unconfined", "CIS 5.3");
  } else if (!contains(find_strings(input.settings, "/selinux_types"), parts[2])) {
    draft.refuse(kLabel,
                 "the SELinux label " + printable(label, 80) + ", whose type " +
                     printable(parts[2], 80) + " confines no container",
                 "rules.lsm.selinux_types", "CIS 5.3");
  } else if (parts.size() > 3 && parts[3].find_first_of("-.") != std::string::npos) {
    // s0-s0:c0.c1023 dominates the categories that keep containers apart.
    draft.refuse(kLabel,
                 "the SELinux level " + printable(parts[3], 80) +
                     ", which spans other containers' categories",
                 "rules.lsm.allow_unconfined", "CIS 5.3");
  }
}

// The label of everything that the runtime mounts, put as `context="..."` into each mount's data:
// a quote in it would end the label, and what follows be options of the file system.
void vet_mount_label(Draft& draft, const RuleInput& input) {
  const std::string label = find_string(draft.document(), kMountLabel).value_or("");
  if (label.empty()) return;
  const bool plain = std::all_of(label.begin(), label.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == ':' || c == '_' || c == '-' || c == '.' || c == ',';
  });
  const std::vector<std::string> parts = parts_of(label);
  const std::string asked = "the label " + printable(label, 80) + " on its mounts, ";
  if (!plain || parts.size() < 3 || !input.facts.host.selinux) {
    // The runtime writes it into mount options: one with a comma and quotes brings options along.
    draft.refuse(kMountLabel, asked + "which means nothing on this host", "rules.lsm.mode",
                 "CIS 5.3");
  } else if (!contains(find_strings(input.settings, "/selinux_mount_types"), parts[2])) {
    draft.refuse(kMountLabel,
                 asked + "whose type " + printable(parts[2], 80) + " is not for containers",
                 "rules.lsm.selinux_mount_types", "CIS 5.3");
  }
}

void apply(Draft& draft, const RuleInput& input) {
  if (find(draft.document(), "/process") == nullptr) return;
  if (find_boolean(input.settings, "/allow_unconfined").value_or(false)) return;
  if (input.facts.host.apparmor) vet_apparmor(draft, input);
  if (input.facts.host.selinux) vet_selinux(draft, input);
  vet_mount_label(draft, input);
}

}  // namespace

extern const Rule lsm_rule;
const Rule lsm_rule{
    "lsm", "what the kernel would still refuse to container root under mandatory access control",
    "CIS 5.2, CIS 5.3", apply, "apparmor_profiles"};

}  // namespace hardened
