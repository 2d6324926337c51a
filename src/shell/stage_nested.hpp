// SPDX-License-Identifier: Apache-2.0
// Staged clones, and file systems in memory, inside other staged clones. Refuses mounts below a
// source that were not there when it was inspected, and mount points that changed meanwhile.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "hardened/core/facts.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// Between inspection and cloning something can be mounted below a source, and a recursive clone
// takes it along. `at` is where the clone stands now.
void require_inspected_submounts(const MountTable& mounts, std::uint64_t clone,
                                 const std::string& at, const SourceFact& source);

struct Inner {
  const Descriptor& clone;
  MountOptions options;
};
struct Outer {
  const Descriptor& clone;
  // What it is a clone of: mount points are made there, for through an id-mapped clone the host's
  // root has no id to own them by.
  const Descriptor& source;
  bool read_only = false;  // then nothing is created in it
  // Of the container's root, who owns what is made in a file system of the container's own.
  std::optional<FileSystemIds> owner = {};
};
// Moves the inner mount, which stands somewhere of its own, to `below` inside the outer one,
// without following a link, and gives it the options that the runtime would have. A missing mount
// point is created, as runtimes do.
void nest(Kernel& kernel, const Inner& inner, const Outer& outer, const std::string& below);

// A tmpfs as the runtime would make it from inside the container: with the mode of the directory
// that it covers, and owners that are the container's ids (`maps`; empty: the host's own).
struct TmpfsRequest {
  const Json& mount;
  std::string label;  // linux.mountLabel
  IdMaps maps;
  std::optional<mode_t> covered;  // permission bits of that directory, if it is there
};
// Mounts it at `target`. Throws Error(refused) for an owner without a host id behind it.
void mount_tmpfs(Kernel& kernel, const TmpfsRequest& request, const std::string& target);

// Permission bits of the directory at `below` inside the outer mount; nullopt: nothing is there.
std::optional<mode_t> covered_mode(Kernel& kernel, const Outer& outer, const std::string& below);

}  // namespace hardened
