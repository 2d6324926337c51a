// SPDX-License-Identifier: Apache-2.0
// What is made in the runtime's own mount namespace before it starts, and which strings of its copy
// of the document then name it. Pure: a list to be carried out, and shown by dry-run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hardened/core/id_map.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/overlay.hpp"

namespace hardened {

struct Facts;

enum class MountKind {
  clone,              // the vetted object itself
  overlay,            // built anew of its layers, over the same upper directory
  overlay_in_memory,  // likewise, all layers read-only, below an upper directory in memory
  copy,               // of a secret's content, owned by the container's ids
  in_rootfs,          // a directory of the rootfs as it is built anew
  device              // a node of its own, for a user namespace can make none
};

struct DeviceNode {
  char type = 'c';  // c, b or p, as mknod(1)
  std::uint32_t major = 0, minor = 0;
  std::uint32_t mode = 0666;          // permission bits
  std::uint32_t user = 0, group = 0;  // of the host
  bool operator==(const DeviceNode&) const = default;
};

struct MountOperation {
  MountKind kind = MountKind::clone;
  // Of the string in the document that the copy replaces ("/root/path", "/mounts/3/source"); of a
  // device its whole entry, for which a mount takes its place.
  std::string pointer;
  std::string object;  // that string; of in_rootfs the path below the rootfs; of a device its path
  bool recursive = false;
  bool id_mapped = false;
  // Set on every mount of the object, for the runtime's own options reach only the topmost.
  bool read_only = false, nosuid = false, nodev = false, noexec = false;
  Overlay overlay = {};
  DeviceNode device = {};
};

// For a rewritten document. `mapping` as in the plan.
std::vector<MountOperation> mount_operations(const Json& config, const Facts& facts,
                                             const std::optional<IdMaps>& mapping);

// "/mounts/3/source: /srv/data, id-mapped", one line for people.
std::string describe(const MountOperation& operation);

}  // namespace hardened
