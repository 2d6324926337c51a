// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <deque>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/destinations.hpp"

namespace hardened {
namespace {

constexpr int kMostLinks = 255;  // as securejoin has it

}  // namespace

void Destinations::bind(const std::string& place, int source, bool recursive, Whose whose) {
  laid_.push_back({.place = place,
                   .source = source,
                   .only = recursive ? std::nullopt : std::optional(looker_.mount_id(source)),
                   .whose = whose});
}

// The last one: what is mounted later hides what lies below its place.
const Destinations::Laid* Destinations::covering(const std::string& path) const {
  const auto found = std::find_if(laid_.rbegin(), laid_.rend(),
                                  [&](const Laid& laid) { return at_or_below(path, laid.place); });
  return found == laid_.rend() ? nullptr : &*found;
}

// `path` is resolved but for its last component. nullopt: no link, or nothing, which the runtime
// makes a directory.
std::optional<Destinations::Link> Destinations::link_at(const std::string& path) {
  const Laid* laid = covering(path);
  if (laid != nullptr && (!laid->source || laid->place == path)) return std::nullopt;
  const std::size_t base = laid == nullptr || laid->place == "/" ? 0 : laid->place.size();
  const std::optional<Descriptor> entry =
      looker_.open(laid == nullptr ? root_ : *laid->source, path.substr(base + 1),
                   O_PATH | O_NOFOLLOW, Walk::beneath_no_links);
  if (!entry) return std::nullopt;
  if (laid != nullptr && laid->only && looker_.mount_id(entry->number()) != *laid->only) {
    throw Error(ErrorKind::refused, printable(path) +
                                        " lies below a mount that a plain bind leaves behind: what "
                                        "is there cannot be told");
  }
  std::optional<std::string> target = looker_.link(entry->number());
  if (!target) return std::nullopt;
  return Link{*std::move(target), laid != nullptr && laid->whose == Whose::anybody};
}

Destinations::Place Destinations::resolve(std::string_view destination) {
  const auto split = [](std::string_view path) {
    const std::vector<std::string> parts = path_components(path);
    return std::deque<std::string>(parts.begin(), parts.end());
  };
  Place place;
  std::deque<std::string> left = split(destination);
  for (int links = 0; !left.empty();) {
    const std::string part = left.front();
    left.pop_front();
    if (part == "..") {
      place.path.resize(std::min(place.path.rfind('/'), place.path.size()));
      continue;
    }
    const std::string next = place.path + '/' + part;
    const std::optional<Link> link = link_at(next);
    if (!link) {
      place.path = next;
      continue;
    }
    if (++links > kMostLinks) {
      throw Error(ErrorKind::refused, printable(destination) + " leads through too many links");
    }
    place.linked = place.linked || link->linked;
    if (link->target.starts_with('/')) place.path.clear();
    std::deque<std::string> target = split(link->target);
    left.insert(left.begin(), target.begin(), target.end());
  }
  if (place.path.empty()) place.path = "/";
  return place;
}

}  // namespace hardened
