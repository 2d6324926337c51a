// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/verifier.hpp"

#include <array>

#include "core/verifier_conditions.hpp"
#include "core/verifier_mapping.hpp"

namespace hardened {
namespace {

struct Condition {
  std::string_view rule;
  void (*check)(const verifier::Subject&);
};

// One line per rule of the profile: a rule without one would be believed unseen.
constexpr std::array kConditions{
    Condition{"annotations", verifier::annotations},
    Condition{"capabilities", verifier::capabilities},
    Condition{"cgroup", verifier::cgroup},
    Condition{"cpu", verifier::cpu},
    Condition{"device-directory", verifier::device_directory},
    Condition{"devices", verifier::devices},
    Condition{"hooks", verifier::hooks},
    Condition{"host-namespaces", verifier::host_namespaces},
    Condition{"lsm", verifier::lsm},
    Condition{"masked-paths", verifier::masked_paths},
    Condition{"memory-limit", verifier::memory_limit},
    Condition{"mounts", verifier::mounts},
    Condition{"no-new-privileges", verifier::no_new_privileges},
    Condition{"pids-limit", verifier::pids_limit},
    Condition{"powerful-fields", verifier::powerful_fields},
    Condition{"privileged", verifier::privileged},
    Condition{"process", verifier::process},
    Condition{"read-only-rootfs", verifier::read_only_rootfs},
    Condition{"rlimits", verifier::rlimits},
    Condition{"rootfs-shape", verifier::rootfs_shape},
    Condition{"seccomp", verifier::seccomp},
    Condition{"sysctl", verifier::sysctl},
    Condition{"user-namespace", verifier::user_namespace},
};

// One step of the plan done once more, from the value that it says was there.
void replay(Json& document, const Change& change) {
  const Json::json_pointer pointer{change.pointer};
  const Json* now = find(document, change.pointer);
  const Json* parent_now = find(document, pointer.parent_pointer().to_string());
  const bool inserts = !change.before && parent_now != nullptr && parent_now->is_array();
  if (!inserts && (change.before ? now == nullptr || *now != *change.before : now != nullptr)) {
    verifier::fail(change.pointer, "was not what rule " + change.rule + " says it was");
  }
  if (!change.after) {
    Json& parent = document.at(pointer.parent_pointer());
    if (parent.is_array()) {
      parent.erase(std::stoul(pointer.back()));
    } else {
      parent.erase(pointer.back());
    }
  } else if (inserts) {
    Json& parent = document.at(pointer.parent_pointer());
    const auto index = static_cast<std::ptrdiff_t>(std::stoul(pointer.back()));
    parent.insert(parent.begin() + index, *change.after);
  } else {
    document[pointer] = *change.after;
  }
}

// The changes that the plan states make the result and nothing else: a rule that edits behind the
// draft is a defect, and what dry-run shows must be what happens.
void verify_stated(const Json& original, const Plan& plan) {
  Json replayed = original;
  for (const Change& change : plan.changes) replay(replayed, change);
  if (replayed == plan.config) return;
  const Json differing = Json::diff(replayed, plan.config);
  verifier::fail(differing.empty() ? "" : differing.at(0).at("path").get<std::string>(),
                 "differs, and no rule says so");
}

}  // namespace

std::vector<std::string_view> verifier_conditions() {
  std::vector<std::string_view> names;
  for (const Condition& condition : kConditions) names.push_back(condition.rule);
  return names;
}

void verify_plan(const Json& original, const Plan& plan, const Profile& profile,
                 const Facts& facts) {
  for (const Condition& condition : kConditions) {
    if (profile.mode(condition.rule) == RuleMode::enforce) {
      condition.check({plan.config, profile.settings(condition.rule), facts});
    }
  }
  if (profile.mode("user-namespace") == RuleMode::enforce) {
    verifier::user_namespace_given(plan, profile, facts);
  }
  verifier::ids_laid_over_mounts(plan, facts);
  verify_not_weaker(original, plan.config, facts.root.path);
  verify_stated(original, plan);
}

}  // namespace hardened
