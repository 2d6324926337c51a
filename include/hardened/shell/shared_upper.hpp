// SPDX-License-Identifier: Apache-2.0
// Two overlays over one upper directory, the engine's and the container's: each keeps the names
// that it has looked up, and does not see what the other writes behind them. What can be done about
// that at create and at exec; docs/architecture.md says what remains.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hardened/shell/kernel.hpp"

namespace hardened {

// Before the container's overlay is built: the engine's has these directories in the upper
// directory (a change of nothing copies them up, which its diff does not show), for they stay in
// use as long as the container lives; and it forgets whatever our own looking made it keep. `root`
// is the engine's, opened; both lists are absolute there, and what is `pinned` may not be there.
void prepare_shared_upper(Kernel& kernel, int root, const std::vector<std::string>& directories,
                          const std::vector<std::string>& pinned);

// Before an exec: what the engine wrote is to be seen by it (`docker cp` in), and what the
// container wrote by the engine afterwards. `root` is the engine's path, `init` the container's
// process, 0 where it is not known. Does nothing where it cannot.
void refresh_shared_upper(Kernel& kernel, const std::string& root, std::int64_t init);

}  // namespace hardened
