// SPDX-License-Identifier: Apache-2.0
// Staged clones inside other staged clones, and what came along with them. Refuses mounts below a
// source that were not there when it was inspected, and mount points that changed meanwhile.
#pragma once

#include <string>

#include "hardened/core/facts.hpp"
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
};
// Moves the inner mount, which stands somewhere of its own, to `below` inside the outer one,
// without following a link, and gives it the options that the runtime would have. A missing mount
// point is created, as runtimes do.
void nest(Kernel& kernel, const Inner& inner, const Outer& outer, const std::string& below);

}  // namespace hardened
