// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr std::string_view kStorage = "rules.rootfs-shape.storage";
constexpr std::string_view kMode = "rules.rootfs-shape.mode";

bool holds(const std::vector<std::string>& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

// What is at, above or (a tree) below it.
bool reaches(std::string_view place, std::string_view sensitive, bool tree) {
  return at_or_below(sensitive, place) || (tree && at_or_below(place, sensitive));
}

// A sensitive path that the rootfs is, holds or lies in; empty: none.
struct Hit {
  std::string path;
  bool below = false;  // it lies in that, and may if an engine keeps its storage there
};

// What the rootfs shows of the host, under which names and from where: itself, the layers of its
// overlay (lowerdir=/ is `podman run --rootfs /:O`), and mounts below it.
struct Shown {
  std::vector<std::string> names;
  std::vector<Location> locations;
};

Shown shown(const std::string& path, const RootFact& root) {
  Shown shown{{path}, {root.location}};
  for (const RootPart& part : root.parts) {
    shown.names.push_back(part.path);
    shown.locations.push_back(part.location);
  }
  return shown;
}

class Judge {
 public:
  explicit Judge(const RuleInput& input)
      : facts_(input.facts), storage_(find_strings(input.settings, "/storage")) {
    const Json& mounts = input.profile.settings("mounts");
    exact_ = find_strings(mounts, "/denied_paths");
    listed_ = find_strings(mounts, "/denied_trees");
    listed_.insert(listed_.end(), exact_.begin(), exact_.end());
  }

  Hit hit(const std::string& path) const {
    const Shown shows = shown(path, facts_.root);
    for (const std::string& entry : listed_) {
      for (const std::string& name : shows.names) {
        if (reaches(name, entry, !holds(exact_, entry)) && !stored_by_name(name, entry))
          return {entry, !at_or_below(entry, name)};
      }
    }
    if (facts_.root.sight != Sight::seen) return {};
    for (const SensitivePath& entry : facts_.host.sensitive) {
      for (const Location& location : shows.locations) {
        // The device keeps /etc from hiding behind a bind mount of it: mountinfo shows what is
        // mounted.
        if (location.device != entry.location.device || location.device.empty()) continue;
        if (reaches(location.path, entry.location.path, !holds(exact_, entry.path)) &&
            !stored_by_location(location, entry)) {
          return {entry.path, !at_or_below(entry.location.path, location.path)};
        }
      }
    }
    return {};
  }

 private:
  // Engines keep rootfs below directories that containers must not be given; anything else of the
  // host that is sensitive is no rootfs (`podman run --rootfs /` gives the host itself, read-only
  // or not).
  bool stored_by_name(std::string_view place, std::string_view sensitive) const {
    return std::any_of(storage_.begin(), storage_.end(), [&](const std::string& tree) {
      return at_or_below(tree, sensitive) && place != tree && at_or_below(place, tree);
    });
  }
  // Likewise, by where the storage lies in the file system that the sensitive place is of. What is
  // mounted between them is of another device, and not found to be that place.
  bool stored_by_location(const Location& place, const SensitivePath& sensitive) const {
    return std::any_of(storage_.begin(), storage_.end(), [&](const std::string& tree) {
      if (!at_or_below(tree, sensitive.path)) return false;
      const std::string below = tree.substr(sensitive.path == "/" ? 0 : sensitive.path.size());
      const std::string lies =
          below.empty() ? sensitive.location.path : path_below(sensitive.location.path, below);
      return place.path != lies && at_or_below(place.path, lies);
    });
  }

  const Facts& facts_;
  std::vector<std::string> storage_, exact_, listed_;
};

void apply(Draft& draft, const RuleInput& input) {
  const std::string text = find_string(draft.document(), "/root/path").value_or("");
  const RootFact& root = input.facts.root;
  if (text.empty()) {
    draft.refuse("/root/path", "a container without a rootfs, which is the bundle or the host",
                 kMode);
    return;
  }
  if (root.sight == Sight::missing) {
    // Whoever makes it by the time the runtime comes chooses what it is.
    draft.refuse("/root/path", "a rootfs that is not there", kMode);
    return;
  }
  if (root.sight == Sight::unseen) draft.unverified("the rootfs " + text);
  const bool seen = root.sight == Sight::seen;
  if (!seen && climbs(text)) {
    draft.refuse("/root/path", "a rootfs by a name with \"..\" in it", kMode);
    return;
  }
  const std::string path = seen ? root.path : normal_path(text);
  if (path == "/") {
    draft.refuse("/root/path", "the host's own root directory as rootfs", kMode);
  } else if (const Hit hit = Judge(input).hit(path); !hit.path.empty()) {
    draft.refuse("/root/path", "a rootfs that shares the host's " + hit.path,
                 hit.below ? kStorage : kMode);
  }
  for (const std::string& link : root.symbolic_links) {
    // CVE-2026-41579 and its class: what the runtime mounts or creates there lands where the link
    // points to.
    draft.refuse("/root/path", "a rootfs whose " + link + " is a symbolic link", kMode,
                 "CVE-2026-41579");
  }
}

}  // namespace

extern const Rule rootfs_shape_rule;
const Rule rootfs_shape_rule{"rootfs-shape",
                             "a rootfs that is the host's, or that redirects the runtime's mounts",
                             "CIS 5.6", apply};

}  // namespace hardened
