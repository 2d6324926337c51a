// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/host_views.hpp"
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

// The kernel takes no group that the container does not have, and engines ask for every group there
// can be: "0 2147483647".
void clamp_ping_groups(Draft& draft) {
  constexpr std::string_view kPointer = "/linux/sysctl/net.ipv4.ping_group_range";
  const std::optional<std::string> asked = find_string(draft.document(), kPointer);
  if (!asked || !draft.mapping()) return;
  const std::vector<IdMapping>& groups = draft.mapping()->groups;
  const auto zero = std::find_if(groups.begin(), groups.end(),
                                 [](const IdMapping& map) { return map.container == 0; });
  const std::int64_t last = zero == groups.end() ? 0 : std::int64_t{zero->size} - 1;
  std::istringstream words(*asked);
  std::int64_t from = 0;
  std::int64_t to = 0;
  if (!(words >> from >> to) || (from <= last && to <= last)) return;
  // "1 0" is nobody: what lies beyond the container's groups is no reason to let its last one in.
  const std::string clamped =
      from > last ? "1 0" : std::to_string(from) + ' ' + std::to_string(last);
  draft.set(kPointer, clamped, "groups that the container has; the kernel takes no others");
}

// The file belongs to the host's root in every namespace, so a container with ids of its own can
// write it for nobody; setdomainname(2) asks for no such right. runc before 1.2 leaves it unset.
void set_domain_by_call(Draft& draft) {
  constexpr std::string_view kPointer = "/linux/sysctl/kernel.domainname";
  const std::optional<std::string> name = find_string(draft.document(), kPointer);
  if (!name || !draft.mapping()) return;
  draft.remove(kPointer, "cannot be written from inside a user namespace");
  if (find(draft.document(), "/domainname") == nullptr) {
    draft.set("/domainname", *name, "the same by setdomainname(2), from runc 1.2 on");
  }
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
    if (!type.empty() && shares_with_host(draft.document(), input.facts, type)) {
      draft.refuse(pointer,
                   name + " of the host: the container has no " + std::string(type) +
                       " namespace of its own",
                   "rules.sysctl.mode");
    }
  }
  clamp_ping_groups(draft);
  set_domain_by_call(draft);
}

}  // namespace

extern const Rule sysctl_rule;
const Rule sysctl_rule{"sysctl",
                       "kernel settings of the host changed through the container's document",
                       "PSS baseline sysctls", apply, "allowed"};

}  // namespace hardened
