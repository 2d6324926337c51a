// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

// The document's paths in its order, then those of the profile that it lacks: what the author hid
// stays hidden.
void complete(Draft& draft, std::string_view pointer, const std::vector<std::string>& defaults,
              std::string_view reason) {
  std::vector<std::string> paths = find_strings(draft.document(), pointer);
  for (const std::string& path : defaults) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  if (!paths.empty()) draft.set(pointer, paths, reason);
}

// `--security-opt systempaths=unconfined` leaves both lists out: /proc/kcore is host memory,
// /proc/sysrq-trigger and /proc/sys are the host's switches.
void apply(Draft& draft, const RuleInput& input) {
  complete(draft, "/linux/maskedPaths", find_strings(input.settings, "/masked"),
           "kernel interfaces that tell of the host stay hidden");
  complete(draft, "/linux/readonlyPaths", find_strings(input.settings, "/readonly"),
           "kernel interfaces that change the host stay read-only");
}

}  // namespace

extern const Rule masked_paths_rule;
const Rule masked_paths_rule{"masked-paths", "host memory and switches through /proc and /sys",
                             "PSS baseline procMount", apply, "masked"};

}  // namespace hardened
