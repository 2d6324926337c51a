// SPDX-License-Identifier: Apache-2.0
// A container that has no record, as its runtime and the kernel show it. Refuses what cannot be
// read.
#pragma once

#include <optional>
#include <string>

#include "hardened/core/ceiling.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/record.hpp"

namespace hardened {

struct InitProcess {
  std::string bundle;
  InitStatus status;
};

// nullopt: the runtime has nothing to say about such a container. Asks the runtime for the
// container's state, then reads /proc/PID of its init through one descriptor, so that a pid that is
// used anew meanwhile is not mistaken for it. Throws Error(refused).
std::optional<InitProcess> init_process(Kernel& kernel, const std::string& runtime,
                                        const ContainerKey& key);

}  // namespace hardened
