// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_places.hpp"

#include <algorithm>
#include <optional>

#include "hardened/core/document.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/paths.hpp"

namespace hardened {
namespace {

struct Laid {
  std::string place;
  bool bind = false;
  bool own = false;  // the container's own rootfs once more
  bool nested = false;
};

Laid laid(const Json& mount, const Json& document, const Facts& facts) {
  Laid laid{.place = mount_places(mount, facts).front(), .bind = is_bind(mount)};
  if (!laid.bind) return laid;
  const std::string source = find_string(mount, "/source").value_or("");
  const auto found = facts.sources.find(source);
  SourceFact fact = found == facts.sources.end() ? SourceFact{} : found->second;
  if (fact.sight != Sight::seen) fact.path = normal_path(source);
  laid.own = is_own_rootfs(fact, laid.place, facts.root,
                           normal_path(find_string(document, "/root/path").value_or("")));
  return laid;
}

bool is_below(const std::string& path, const std::string& tree) {
  return path != tree && at_or_below(path, tree);
}

// The last one that covers the place: later mounts hide what lies below their own.
std::optional<std::size_t> holder_of(const std::string& place, const std::vector<Laid>& earlier) {
  for (std::size_t index = earlier.size(); index-- > 0;) {
    if (!earlier[index].own && is_below(place, earlier[index].place)) return index;
  }
  return std::nullopt;
}

}  // namespace

std::string written_place(const Json& mount) {
  return normal_path("/" + find_string(mount, "/destination").value_or(""));
}

std::vector<std::string> mount_places(const Json& mount, const Facts& facts) {
  const auto fact = facts.destinations.find(find_string(mount, "/destination").value_or(""));
  if (fact == facts.destinations.end() || fact->second.places.empty())
    return {written_place(mount)};
  return fact->second.places;
}

bool lies_in_rootfs(const std::string& source, const RootFact& root) {
  return root.sight == Sight::seen && source != root.path && lies_in(source, root.path);
}

bool is_own_rootfs(const SourceFact& source, const std::string& place, const RootFact& root,
                   const std::string& root_text) {
  if (source.sight == Sight::seen && root.sight == Sight::seen) {
    return source.path == path_below(root.path, place) &&
           source.location.device == root.location.device &&
           source.location.path == path_below(root.location.path, place);
  }
  if (source.sight == Sight::seen || root_text.empty() || root_text == "/") return false;
  return source.path == path_below(root_text, place) ||
         (root.sight == Sight::seen && source.path == path_below(root.path, place));
}

std::vector<Nesting> nested_mounts(const Json& document, const Facts& facts) {
  std::vector<Nesting> found;
  std::vector<Laid> all;
  const Json& mounts = find_array(document, "/mounts");
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    Laid mount = laid(mounts[index], document, facts);
    const std::optional<std::size_t> holder = holder_of(mount.place, all);
    if (holder && (all[*holder].bind || all[*holder].nested)) {
      const std::size_t base = all[*holder].place.size();
      mount.nested = true;
      found.push_back({.mount = index,
                       .holder = *holder,
                       .below = mount.place.substr(base + 1),
                       .direct = all[*holder].bind});
    }
    all.push_back(std::move(mount));
  }
  return found;
}

}  // namespace hardened
