// SPDX-License-Identifier: Apache-2.0
// Where the mounts of a document land in the container, and which of them lie inside another's
// source. Judges by what was looked at, else by the text; refuses nothing itself.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"

namespace hardened {

// The destination of a mount as it is written, in normal form and absolute, as runtimes take it.
std::string written_place(const Json& mount);

// Where it lands: never empty; the written place where nobody could look.
std::vector<std::string> mount_places(const Json& mount, const Facts& facts);

// Whether a source is named below the rootfs that was looked at.
bool lies_in_rootfs(const std::string& source, const RootFact& root);

// Whether a bind of `source` at `place` shows the container what its own rootfs has there anyway.
bool is_own_rootfs(const SourceFact& source, const std::string& place, const RootFact& root,
                   const std::string& root_text);

// A mount whose way leads through names inside the source of an earlier bind, where whoever can
// write that source can change them while the runtime walks. The container's own rootfs is nobody
// else's, and a fresh file system is empty: these do not count.
struct Nesting {
  std::size_t mount = 0;
  std::size_t holder = 0;  // the earlier mount that it lies in
  std::string below;       // the way from the holder's root, without a slash in front
  bool direct = true;      // the holder is the bind itself, and not a file system inside it
};
std::vector<Nesting> nested_mounts(const Json& document, const Facts& facts);

}  // namespace hardened
