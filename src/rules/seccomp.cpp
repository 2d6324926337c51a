// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/seccomp.hpp"

#include <map>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// The work to tighten and to evaluate a filter grows with the square of one call's conditions, and
// root does it: a document of a megabyte would keep a processor for minutes. Engines' own have
// five on one call, and what comes out here some eighty.
std::string overloaded(const Json& profile) {
  constexpr std::size_t kOfOneCall = 256;
  constexpr std::size_t kInAll = 4096;
  std::map<std::string, std::size_t> conditions;
  std::size_t all = 0;
  for (const Json& entry : find_array(profile, "/syscalls")) {
    const std::size_t count = find_array(entry, "/args").size();
    if (count == 0) continue;
    for (const std::string& name : find_strings(entry, "/names")) {
      all += count;
      if ((conditions[name] += count) > kOfOneCall) {
        return "more than " + std::to_string(kOfOneCall) + " conditions on " + printable(name, 40);
      }
    }
  }
  return all > kInAll ? "more than " + std::to_string(kInAll) + " conditions" : "";
}

// Also of what came out: it must pass here a second time.
bool refuse_overloaded(Draft& draft, const Json& profile) {
  const std::string much = overloaded(profile);
  if (much.empty()) return false;
  draft.refuse("/linux/seccomp/syscalls", "a filter with " + much, "rules.seccomp.mode");
  return true;
}

// The kernel's own holes are reached through syscalls: what the container's programs do not need,
// they cannot misuse. Works on the final capabilities, so it comes last.
void apply(Draft& draft, const RuleInput& input) {
  const Json* given = find(draft.document(), "/linux/seccomp");
  if (given != nullptr && refuse_overloaded(draft, *given)) return;
  SeccompTightening tightened =
      tighten_seccomp(given == nullptr ? Json() : *given, input.settings,
                      find_strings(draft.document(), "/process/capabilities/bounding"),
                      input.facts.host.architecture);
  if (refuse_overloaded(draft, tightened.profile)) return;
  std::string reason = "fewer ways into the kernel";
  for (const std::string& note : tightened.notes) reason += "; " + note;
  draft.set("/linux/seccomp", std::move(tightened.profile), reason);
}

}  // namespace

extern const Rule seccomp_rule;
const Rule seccomp_rule{"seccomp", "exploits of kernel code that servers never call", "CIS 5.22",
                        apply, "denied"};

}  // namespace hardened
