// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/pinned_directories.hpp"

#include <algorithm>
#include <set>

#include "hardened/core/document.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/paths.hpp"

namespace hardened {
namespace {

std::vector<std::string> places_of(const Json& mount, const Facts& facts) {
  const std::string destination = find_string(mount, "/destination").value_or("");
  const auto found = facts.destinations.find(destination);
  if (found != facts.destinations.end() && found->second.sight == Sight::seen) {
    return found->second.places;
  }
  return {normal_path(destination)};
}

// A directory of the rootfs bound on itself is the same overlay.
bool is_of_rootfs(const Json& mount, const Facts& facts) {
  const std::string source = find_string(mount, "/source").value_or("");
  return facts.root.sight == Sight::seen && source != facts.root.path &&
         lies_in(source, facts.root.path);
}

}  // namespace

std::vector<std::string> pinned_directories(const Json& config, const Facts& facts) {
  std::set<std::string> pinned{normal_path(find_string(config, "/process/cwd").value_or("/"))};
  std::vector<std::string> covered;
  for (const Json& mount : find_array(config, "/mounts")) {
    for (const std::string& place : places_of(mount, facts)) {
      pinned.insert(parent_of(place));
      if (!is_of_rootfs(mount, facts)) covered.push_back(place);
    }
  }
  std::erase_if(pinned, [&](const std::string& path) {
    return path == "/" || climbs(path) ||
           std::any_of(covered.begin(), covered.end(),
                       [&](const std::string& place) { return lies_in(path, place); });
  });
  return {pinned.begin(), pinned.end()};
}

}  // namespace hardened
