// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/pinned_directories.hpp"

#include <algorithm>
#include <set>

#include "hardened/core/document.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/paths.hpp"

namespace hardened {
std::vector<std::string> pinned_directories(const Json& config, const Facts& facts) {
  std::set<std::string> pinned{normal_path(find_string(config, "/process/cwd").value_or("/"))};
  std::vector<std::string> covered;
  for (const Json& mount : find_array(config, "/mounts")) {
    // A directory of the rootfs bound on itself is the same overlay.
    const bool of_rootfs = lies_in_rootfs(find_string(mount, "/source").value_or(""), facts.root);
    for (const std::string& place : mount_places(mount, facts)) {
      pinned.insert(parent_of(place));
      if (!of_rootfs) covered.push_back(place);
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
