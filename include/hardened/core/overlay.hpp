// SPDX-License-Identifier: Apache-2.0
// What an overlay is made of, from the options that its line of mountinfo shows (kernel
// Documentation/filesystems/overlayfs.rst). Refuses layers that cannot be named.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hardened {

struct Overlay {
  std::vector<std::string> lower;  // topmost first; as written, or absolute once resolved
  std::string upper;               // empty: read-only
  std::string work;
  // What a second overlay over the same layers must have too, or one side misses the other's
  // whiteouts and renames: redirect_dir, metacopy, userxattr, xino, volatile, SELinux contexts.
  std::vector<std::string> options;
  bool operator==(const Overlay&) const = default;
};

// `options` as they stand in mountinfo, not unescaped: a comma in a path is \054 there. Throws
// Error(unsupported) for data-only layers and whatever else a rebuilt overlay would lack.
Overlay parse_overlay(std::string_view options);

// Engines name layers relative to a directory of their own once the option string passes a page
// (Docker: l/ABC, containerd: 12/fs). Where such a directory can be, nearest first: what lies above
// the upper directory and above the mount point.
std::vector<std::string> layer_directories(const Overlay& overlay, std::string_view mount_point);

}  // namespace hardened
