// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// The namespace that an allowed name belongs to, as the spec spells it; empty: none that is known.
std::string_view namespace_of(const std::string& name) {
  if (name.starts_with("net.")) return "network";
  if (name.starts_with("kernel.shm") || name.starts_with("kernel.msg") || name == "kernel.sem" ||
      name.starts_with("fs.mqueue.")) {
    return "ipc";
  }
  return name == "kernel.domainname" ? "uts" : "";
}

// Whether the container has a namespace of `type` that is not the host's.
bool has_own(std::string_view type, const Json& document, const Facts& facts) {
  const Json& namespaces = find_array(document, "/linux/namespaces");
  for (std::size_t index = 0; index < namespaces.size(); ++index) {
    const std::string pointer = join("/linux/namespaces", index);
    if (find_string(document, join(pointer, "type")) != type) continue;
    const auto fact =
        facts.namespaces.find(find_string(document, join(pointer, "path")).value_or(""));
    if (fact == facts.namespaces.end() || !fact->second.host) return true;
  }
  return false;
}

// Only exact names pass: runtimes turn '/' into '.', so "net/ipv4/../../kernel/core_pattern" and
// "net.ipv4/x" are names of other files. The runtime writes them as host root; what is not
// namespaced is the host's own.
void apply(Draft& draft, const RuleInput& input) {
  const std::vector<std::string> allowed = find_strings(input.settings, "/allowed");
  for (const auto& [name, value] : find_object(draft.document(), "/linux/sysctl").items()) {
    const std::string pointer = join("/linux/sysctl", name);
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      draft.refuse(pointer, "the kernel setting " + printable(name, 80), "rules.sysctl.allowed");
      continue;
    }
    const std::string_view type = namespace_of(name);
    if (!type.empty() && !has_own(type, draft.document(), input.facts)) {
      draft.refuse(pointer,
                   name + " of the host: the container has no " + std::string(type) +
                       " namespace of its own",
                   "rules.sysctl.mode");
    }
  }
}

}  // namespace

extern const Rule sysctl_rule;
const Rule sysctl_rule{"sysctl",
                       "kernel settings of the host changed through the container's document",
                       "PSS baseline sysctls", apply};

}  // namespace hardened
