// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/joined_namespaces.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "hardened/core/document.hpp"

namespace hardened {

JoinedNamespaces joined_namespaces(const Json& document, const Facts& facts) {
  constexpr std::array<std::string_view, 6> kTypes{"network", "ipc",    "pid",
                                                   "uts",     "cgroup", "user"};
  JoinedNamespaces joined;
  const std::size_t count = find_array(document, "/linux/namespaces").size();
  for (std::size_t index = 0; index < count; ++index) {
    const std::string entry = join("/linux/namespaces", index);
    const std::string type = find_string(document, entry + "/type").value_or("");
    const std::string path = find_string(document, entry + "/path").value_or("");
    if (path.empty() || std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) continue;
    const auto found = facts.namespaces.find(path);
    const NamespaceFact fact = found == facts.namespaces.end() ? NamespaceFact{} : found->second;
    if (fact.sight == Sight::unseen) joined.unseen.push_back(path);
    if (fact.sight != Sight::seen || fact.type != type || fact.host) continue;
    const bool user = type == "user";
    const JoinedNamespace one{
        entry + "/path", type,           path, user ? fact.identity : fact.owner,
        fact.owner_path, fact.owner_maps};
    (!user && fact.host_owned ? joined.foreign : joined.owned).push_back(one);
  }
  return joined;
}

}  // namespace hardened
