// SPDX-License-Identifier: Apache-2.0
// What the low-level runtime itself keeps of a container, read from its own files: to ask it would
// start a process. What is not there is not told; what cannot be read is an Error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hardened/shell/kernel.hpp"
#include "hardened/shell/liveness.hpp"

namespace hardened {

struct RuntimeState {
  std::int64_t init = 0;    // its pid; 0: not told
  std::uint64_t start = 0;  // its start time, as of processes; 0: not told
  std::string bundle;       // as the runtime names it; empty: not told
};

// As runc and crun write it, in a form of their own.
RuntimeState runtime_state(Kernel& kernel, const ContainerKey& key);

// Whether the container of that id was created from `bundle`. What the files do not tell, the
// runtime is asked; false where it knows no such container.
bool runs_from(Kernel& kernel, const std::string& runtime, const ContainerKey& key,
               const RuntimeState& state, const std::string& bundle);

}  // namespace hardened
