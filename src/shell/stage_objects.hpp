// SPDX-License-Identifier: Apache-2.0
// What a container gets made for itself beside its stage: device nodes, and copies of secrets. Each
// kind lies on a tmpfs of its own with the mount flags that the runtime asks of a bind of it, for a
// bind of the stage would have the stage's, which nobody in a user namespace can clear.
#pragma once

#include <string>
#include <string_view>

#include "hardened/core/id_map.hpp"
#include "hardened/core/mount_operations.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/stage_directory.hpp"

namespace hardened {

class StageObjects {
 public:
  explicit StageObjects(Kernel& kernel) : kernel_(kernel) {}

  // A user namespace can make no nodes, and the runtime's way there, a bind of the host's node of
  // the same name, gives the wrong one for `--device a:b` and one that nobody in the container
  // owns. Detached.
  Descriptor make_node(const StageDirectory& stage, const std::string& name,
                       const DeviceNode& device);

  // The content of a regular file of at most 1 MiB, its owner as the maps have it, or the
  // container's root where they have none. Detached and read-only. Error(invalid_input) over it.
  Descriptor copy(const StageDirectory& stage, const std::string& name, const Descriptor& source,
                  const IdMaps& maps);

 private:
  Descriptor memory(const StageDirectory& stage, std::string_view kind, unsigned long flags,
                    const std::string& data, bool& mounted);

  Kernel& kernel_;
  bool nodes_mounted_ = false, copies_mounted_ = false;
};

}  // namespace hardened
