// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr std::string_view kBounding = "/process/capabilities/bounding";
constexpr std::string_view kDeviceRules = "/linux/resources/devices";
constexpr std::size_t kNearlyAll = 30;  // of 41: `--privileged --cap-drop X` is still privileged

bool all_capabilities(const Json& document) {
  const std::vector<std::string> names = find_strings(document, kBounding);
  return names.size() >= kNearlyAll &&
         std::find(names.begin(), names.end(), "CAP_SYS_ADMIN") != names.end();
}

// An allow rule for every device of a type or of both, reading or writing: making nodes (m) alone
// opens nothing.
bool allows_all(const Json& rule) {
  const std::string access = find_string(rule, "/access").value_or("rwm");
  return find_boolean(rule, "/allow").value_or(false) &&
         find_integer(rule, "/major").value_or(-1) == -1 &&
         access.find_first_of("rw") != std::string::npos;
}

// There is no "privileged" in a document, only its traces. Every capability together with every
// device is the host, whatever else is masked; so is every capability where nothing is masked or
// filtered. All capabilities alone
// (`--cap-add ALL`) or no filter alone (`seccomp=unconfined`) are what they say, and other rules
// answer them.
bool looks_privileged(const Json& document) {
  if (!all_capabilities(document)) return false;
  const Json& rules = find_array(document, kDeviceRules);
  const bool unmasked = find_array(document, "/linux/maskedPaths").empty() &&
                        find_array(document, "/linux/readonlyPaths").empty();
  return std::any_of(rules.begin(), rules.end(), allows_all) ||
         (unmasked && find(document, "/linux/seccomp") == nullptr);
}

// What other rules would refuse as asked for by name is taken away here: nobody named it.
void contain(Draft& draft, const RuleInput& input) {
  constexpr std::string_view kReason = "a privileged container comes down to the profile";
  const std::vector<std::string> keep =
      find_strings(input.profile.settings("capabilities"), "/keep");
  // The five sets alone: whatever else stands beside them is not ours to empty.
  for (const char* set : {"bounding", "permitted", "effective", "inheritable", "ambient"}) {
    const std::string pointer = join("/process/capabilities", set);
    if (find(draft.document(), pointer) == nullptr) continue;
    Json kept = Json::array();
    for (const std::string& name : find_strings(draft.document(), pointer)) {
      if (std::find(keep.begin(), keep.end(), name) != keep.end()) kept.push_back(name);
    }
    draft.set(pointer, kept, kReason);
  }
  Json rules = Json::array({{{"allow", false}, {"access", "rwm"}}});
  for (const Json& rule : find_array(draft.document(), kDeviceRules)) {
    if (!allows_all(rule) && rule != rules.front()) rules.push_back(rule);
  }
  draft.set(kDeviceRules, rules, kReason);
  draft.remove("/linux/devices", kReason);
}

void apply(Draft& draft, const RuleInput& input) {
  if (!looks_privileged(input.original)) return;
  if (find_string(input.settings, "/privileged") == "contain") {
    contain(draft, input);
  } else {
    draft.refuse(kBounding,
                 "a privileged container: every capability, every device, nothing masked",
                 "rules.privileged.privileged");
  }
}

}  // namespace

extern const Rule privileged_rule;
const Rule privileged_rule{"privileged", "the host taken over from a privileged container",
                           "CIS 5.5", apply, "privileged"};

}  // namespace hardened
