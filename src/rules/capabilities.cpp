// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kCapabilities = "/process/capabilities";
constexpr std::array<std::string_view, 5> kSets = {"bounding", "permitted", "effective",
                                                   "inheritable", "ambient"};

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names within(Names names, const Names& limit) {
  std::erase_if(names, [&](const std::string& name) { return !contains(limit, name); });
  return names;
}

// What one set may hold: the profile's list, and what the kernel demands between the sets. A set
// that breaks the latter is EPERM at start; ambient capabilities would survive execve into
// unprivileged programs.
Names limited(const Json& document, std::string_view set, const Names& keep) {
  Names names = within(find_strings(document, join(kCapabilities, set)), keep);
  const auto other = [&](std::string_view of) {
    return find_strings(document, join(kCapabilities, of));
  };
  if (set == "effective" || set == "ambient") names = within(std::move(names), other("permitted"));
  if (set == "inheritable") names = within(std::move(names), other("bounding"));
  if (set == "ambient") names = within(std::move(names), other("inheritable"));
  return names;
}

// Engines grant a default list that nobody asked for: that is always trimmed. What goes beyond it
// was asked for by name, and where the profile says so the user is told no instead of finding it
// gone.
void refuse_excess(Draft& draft, const RuleInput& input, const Names& keep) {
  if (find_string(input.settings, "/excess") != "refuse") return;
  const Names unasked = find_strings(input.settings, "/engine_defaults");
  Names refused;
  for (const std::string_view set : kSets) {
    const Names names = find_strings(draft.document(), join(kCapabilities, set));
    for (std::size_t index = 0; index < names.size(); ++index) {
      const std::string& name = names[index];
      if (contains(keep, name) || contains(unasked, name) || contains(refused, name)) continue;
      refused.push_back(name);
      draft.refuse(
          join(join(kCapabilities, set), index), "the capability " + printable(name, 60),
          name.starts_with("CAP_") ? "rules.capabilities.keep" : "rules.capabilities.excess");
    }
  }
}

void apply(Draft& draft, const RuleInput& input) {
  const Names keep = find_strings(input.settings, "/keep");
  refuse_excess(draft, input, keep);
  // All five sets are written, also into a document that has none: runc leaves every capability of
  // its own to a process without the object (crun leaves none), and engines read the arrays back.
  for (const std::string_view set : kSets) {
    draft.set(join(kCapabilities, set), limited(draft.document(), set, keep),
              "root in the container needs no more to serve");
  }
}

}  // namespace

extern const Rule capabilities_rule;
const Rule capabilities_rule{"capabilities",
                             "kernel attack surface and host control through capabilities",
                             "CIS 5.4", apply, "keep"};

}  // namespace hardened
