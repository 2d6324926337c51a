// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/overlay.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/error.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// Taken over. index=off is what we pass: an index would mark the upper directory as another's.
constexpr std::array<std::string_view, 9> kKept{"redirect_dir", "metacopy",   "userxattr",
                                                "xino",         "volatile",   "context",
                                                "fscontext",    "defcontext", "rootcontext"};
// Of this mount alone, or what both sides have anyway.
constexpr std::array<std::string_view, 8> kLeft{"rw",   "ro",       "index", "nfs_export",
                                                "uuid", "seclabel", "fsync", "verity"};

bool holds(const auto& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// Overlay's own escapes, below those of mountinfo: "\:" is a colon that separates nothing.
std::vector<std::string> split_layers(std::string_view list) {
  std::vector<std::string> layers(1);
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (list[at] == '\\' && at + 1 < list.size()) {
      layers.back() += list[++at];
    } else if (list[at] == ':') {
      layers.emplace_back();
    } else {
      layers.back() += list[at];
    }
  }
  // "::" begins layers that hold nothing but data.
  if (holds(layers, "")) throw Error(ErrorKind::unsupported, "an overlay with data-only layers");
  return layers;
}

// As it stands: nothing is split. Kernels differ in whether they show its escapes.
std::string one_directory(std::string_view path) {
  if (path.find('\\') != std::string_view::npos) {
    throw Error(ErrorKind::unsupported, "an overlay with a backslash in the name of a directory");
  }
  return std::string(path);
}

void add_ancestors(std::vector<std::string>& directories, std::string path) {
  if (!path.starts_with('/')) return;
  while (path != "/") {
    path = parent_of(path);
    if (!holds(directories, path)) directories.push_back(path);
  }
}

}  // namespace

Overlay parse_overlay(std::string_view options) {
  Overlay overlay;
  for (const std::string_view option : split_options(options)) {
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string_view name = option.substr(0, equals);
    const std::string value =
        unescape_mountinfo(option.substr(std::min(equals + 1, option.size())));
    if (name == "lowerdir") {
      overlay.lower = split_layers(value);
    } else if (name == "lowerdir+") {
      overlay.lower.push_back(value);
    } else if (name == "upperdir") {
      overlay.upper = one_directory(value);
    } else if (name == "workdir") {
      overlay.work = one_directory(value);
    } else if (holds(kKept, name)) {
      std::string kept = unescape_mountinfo(option);
      std::erase(kept, '"');
      overlay.options.push_back(std::move(kept));
    } else if (!holds(kLeft, name)) {
      throw Error(ErrorKind::unsupported, "an overlay with the option " + printable(option));
    }
  }
  if (overlay.lower.empty()) throw Error(ErrorKind::unsupported, "an overlay without layers");
  return overlay;
}

std::vector<std::string> layer_directories(const Overlay& overlay, std::string_view mount_point) {
  std::vector<std::string> directories;
  add_ancestors(directories, overlay.upper);
  add_ancestors(directories, std::string(mount_point));
  return directories;
}

}  // namespace hardened
