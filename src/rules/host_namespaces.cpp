// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>

#include "hardened/core/document.hpp"
#include "hardened/core/host_views.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

struct HostNamespace {
  std::string_view type;
  std::string_view reference;
};

constexpr std::array kShared{HostNamespace{"network", "CIS 5.10"}, HostNamespace{"pid", "CIS 5.16"},
                             HostNamespace{"ipc", "CIS 5.17"}, HostNamespace{"uts", "CIS 5.21"}};
constexpr std::array<std::string_view, 8> kKnown{"pid", "network", "mount",  "ipc",
                                                 "uts", "user",    "cgroup", "time"};
constexpr std::string_view kMode = "rules.host-namespaces.mode";

void refuse_host(Draft& draft, const RuleInput& input, std::string_view type,
                 std::string_view pointer) {
  for (const HostNamespace& shared : kShared) {
    if (shared.type != type) continue;
    if (find_string(input.settings, join("", type)).value_or("refuse") == "allow") return;
    draft.refuse(pointer, "the host's " + std::string(type) + " namespace",
                 "rules.host-namespaces." + std::string(type), shared.reference);
  }
}

NamespaceFact fact_of(const std::string& path, const RuleInput& input) {
  const auto found = input.facts.namespaces.find(path);
  return found == input.facts.namespaces.end() ? NamespaceFact{} : found->second;
}

bool is_host(Draft& draft, const std::string& path, const RuleInput& input) {
  if (fact_of(path, input).sight != Sight::seen) draft.unverified("the namespace " + path);
  return is_host_namespace(path, input.facts);
}

void judge_path(Draft& draft, const RuleInput& input, const std::string& type,
                const std::string& path, const std::string& pointer) {
  const NamespaceFact fact = fact_of(path, input);
  if (type == "mount") {
    // The runtime would mount and pivot inside somebody else's mount namespace.
    draft.refuse(pointer, "an existing mount namespace", kMode);
  } else if (fact.sight == Sight::missing) {
    draft.refuse(pointer, "a " + type + " namespace that is not there", kMode);
  } else if (fact.sight == Sight::seen && fact.type != type) {
    draft.refuse(pointer,
                 fact.type.empty() ? "a file that is no namespace, as a " + type + " namespace"
                                   : "a " + fact.type + " namespace as a " + type + " namespace",
                 kMode);
  } else if (climbs(path)) {
    draft.refuse(pointer, "a namespace by a name with \"..\" in it", kMode);
  } else if (is_host(draft, path, input)) {
    if (type == "cgroup" && input.facts.host.cgroup_version == 2) {
      draft.remove(pointer,
                   "the host's cgroup namespace shows the host's hierarchy: one of its own");
    } else {
      refuse_host(draft, input, type, pointer);
    }
  }
}

// Returns the types that the document lists.
std::set<std::string> judge_listed(Draft& draft, const RuleInput& input) {
  std::set<std::string> types;
  const std::size_t count = find_array(draft.document(), "/linux/namespaces").size();
  for (std::size_t index = 0; index < count; ++index) {
    const std::string pointer = join("/linux/namespaces", index);
    const std::string type = find_string(draft.document(), pointer + "/type").value_or("");
    if (std::find(kKnown.begin(), kKnown.end(), type) == kKnown.end()) {
      draft.refuse(pointer + "/type", "a namespace of the unknown type \"" + type + '"', kMode);
      continue;
    }
    // Of two entries each reader may take another one.
    if (!types.insert(type).second) draft.refuse(pointer, "a second " + type + " namespace", kMode);
    const std::string path = find_string(draft.document(), pointer + "/path").value_or("");
    if (!path.empty()) judge_path(draft, input, type, path, pointer + "/path");
  }
  return types;
}

void apply(Draft& draft, const RuleInput& input) {
  const std::set<std::string> types = judge_listed(draft, input);
  for (const HostNamespace& shared : kShared) {
    if (!types.contains(std::string(shared.type))) {
      refuse_host(draft, input, shared.type, "/linux/namespaces");
    }
  }
  if (!types.contains("mount")) {
    // Every directory of the host, not one bind of it.
    draft.refuse("/linux/namespaces", "the host's mount namespace", kMode, "CIS 5.6");
  }
  if (!types.contains("cgroup") && input.facts.host.cgroup_version == 2) {
    if (find(draft.document(), "/linux/namespaces") == nullptr) {
      draft.set("/linux/namespaces", Json::array(), "namespaces of its own");
    }
    draft.set("/linux/namespaces/-", Json::object({{"type", "cgroup"}}),
              "the host's cgroup hierarchy is not for the container to see");
  }
}

}  // namespace

extern const Rule host_namespaces_rule;
const Rule host_namespaces_rule{"host-namespaces",
                                "reach into the host's processes, network, shared memory and names",
                                "CIS 5.10", apply};

}  // namespace hardened
