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

// Engines keep rootfs below directories that containers must not be given; anything else of the
// host that is sensitive is no rootfs (`podman run --rootfs /` gives the host itself, read-only or
// not).
bool is_sensitive(std::string_view place, std::string_view sensitive, bool tree, bool storage) {
  if (place == sensitive || at_or_below(sensitive, place)) return true;
  return tree && !storage && at_or_below(place, sensitive);
}

// The sensitive path that the rootfs is, holds or lies in; empty if there is none.
std::string sensitive_place(const std::string& path, const RuleInput& input) {
  const Json& mounts = input.profile.settings("mounts");
  const std::vector<std::string> storage = find_strings(input.settings, "/storage");
  const std::vector<std::string> exact = find_strings(mounts, "/denied_paths");
  std::vector<std::string> listed = find_strings(mounts, "/denied_trees");
  listed.insert(listed.end(), exact.begin(), exact.end());
  const RootFact& root = input.facts.root;
  std::vector<std::string> named{path};
  std::vector<Location> shown{root.location};
  // An overlay with lowerdir=/ (`podman run --rootfs /:O`), a bind of /etc below the rootfs.
  for (const RootPart& part : root.parts) {
    named.push_back(part.path);
    shown.push_back(part.location);
  }
  for (const std::string& entry : listed) {
    for (const std::string& name : named) {
      if (is_sensitive(name, entry, !holds(exact, entry), holds(storage, entry))) return entry;
    }
  }
  if (root.sight != Sight::seen) return "";
  for (const SensitivePath& entry : input.facts.host.sensitive) {
    for (const Location& location : shown) {
      // The device keeps /etc from hiding behind a bind mount of it: mountinfo shows what is
      // mounted.
      if (location.device != entry.location.device || location.device.empty()) continue;
      if (is_sensitive(location.path, entry.location.path, !holds(exact, entry.path),
                       holds(storage, entry.path))) {
        return entry.path;
      }
    }
  }
  return "";
}

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
  } else if (const std::string place = sensitive_place(path, input); !place.empty()) {
    draft.refuse("/root/path", "a rootfs that shares the host's " + place, kStorage);
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
