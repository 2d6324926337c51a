// SPDX-License-Identifier: Apache-2.0
// What the kernel writes, with names that containers chose in it.
#include "hardened/core/mountinfo.hpp"

#include "hardened/core/error.hpp"
#include "hardened/core/overlay.hpp"
#include "targets.hpp"

namespace hardened::fuzz {
namespace {

void read_options(const Mount& mount) {
  try {
    const Overlay overlay = parse_overlay(mount.super_options);
    layer_directories(overlay, mount.mount_point);
  } catch (const Error&) {
    // An answer.
  }
}

}  // namespace

void mountinfo(Input input) {
  try {
    const MountTable table(text_of(input));
    for (const Mount& mount : table.all()) {
      if (!table.find(mount.id)) fail("a mount of the table is not in it");
      for (const Mount& below : table.below(mount.id, mount.mount_point)) {
        locate(below, mount.mount_point);
      }
      locked_options(mount);
      read_options(mount);
    }
  } catch (const Error&) {
    // An answer.
  }
}

}  // namespace hardened::fuzz
