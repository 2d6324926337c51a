// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

bool steers_runtime(const std::string& name, const Json& settings) {
  const auto listed = [&](std::string_view list) {
    const std::vector<std::string> names = find_strings(settings, list);
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (listed("/allowed_names")) return false;
  if (listed("/denied_names")) return true;
  const std::vector<std::string> prefixes = find_strings(settings, "/denied_prefixes");
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

// `docker run --annotation` goes straight into the document, and runtimes obey some names: systemd
// properties of the scope, another handler, a file that CRIU reads as its configuration.
void apply(Draft& draft, const RuleInput& input) {
  std::vector<std::string> steering;
  for (const auto& [name, value] : find_object(draft.document(), "/annotations").items()) {
    if (steers_runtime(name, input.settings)) steering.push_back(name);
  }
  // The work grows with their square, and root does it; engines write five.
  constexpr std::size_t kMost = 1000;
  if (steering.size() > kMost) {
    draft.refuse("/annotations", "more than 1000 annotations that steer the runtime",
                 "rules.annotations.mode");
    return;
  }
  for (const std::string& name : steering) {
    draft.remove(join("/annotations", name), "annotations must not steer the runtime");
  }
}

}  // namespace

extern const Rule annotations_rule;
const Rule annotations_rule{"annotations", "runtime features switched on by unvetted annotations",
                            "runtime-spec features: potentiallyUnsafeConfigAnnotations", apply,
                            "allowed_names"};

}  // namespace hardened
