// SPDX-License-Identifier: Apache-2.0
// The text of /proc/PID/mountinfo as a table: which mount is which part of which file system.
// Refuses lines that are not of the form that proc(5) gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/facts.hpp"

namespace hardened {

struct Mount {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::string device;       // "8:1"
  std::string root;         // of the mount inside its file system; "net:[4026531833]" on nsfs
  bool deleted = false;     // that root has no name any more
  std::string mount_point;  // seen from the reader's root
  std::vector<std::string> options;      // of this mount: "ro", "nosuid", "relatime"
  std::vector<std::string> propagation;  // "shared:66", "master:3"; none: private
  std::string file_system;               // "overlay"
  std::string source;
  std::string super_options;  // of the file system, still escaped: a comma in a path is \054
};

// The kernel writes space, tab, newline, backslash, # and what separates options as \040 and so on.
std::string unescape_mountinfo(std::string_view field);
// By commas; each part is still escaped.
std::vector<std::string_view> split_options(std::string_view options);

// Lines are indexed at once and parsed when asked for: a host may have thousands, of pages each.
class MountTable {
 public:
  // Throws Error(invalid_input) naming the line.
  explicit MountTable(std::string_view text);

  std::size_t size() const { return lines_.size(); }
  // nullopt: the mount is not below the reader's root (another mount namespace, or detached).
  std::optional<Mount> find(std::uint64_t id) const;
  // Parsed at the first call, and kept.
  const std::vector<Mount>& all() const;
  // What a recursive bind of `path`, which lies on mount `id`, brings along: the mounts on it below
  // `path`, and those on these, stacked and covered ones included.
  std::vector<Mount> below(std::uint64_t id, std::string_view path) const;

 private:
  struct Line {
    std::uint64_t id = 0;
    std::uint64_t parent = 0;
    std::size_t begin = 0;
    std::size_t length = 0;
  };
  Mount parse(const Line& line) const;

  std::string text_;
  std::vector<Line> lines_;
  mutable std::vector<Mount> all_;
};

// Whether `path` is `ancestor` or lies below it; both absolute and canonical. "/a/bc" is not below
// "/a/b".
bool lies_in(std::string_view path, std::string_view ancestor);

// Where `path` lies inside its file system; nullopt where it is not below the mount point.
std::optional<Location> locate(const Mount& mount, std::string_view path);

// Those of ro, nosuid, nodev and noexec that the mount has: a bind in another user namespace must
// keep them.
std::vector<std::string> locked_options(const Mount& mount);

}  // namespace hardened
