// SPDX-License-Identifier: Apache-2.0
// The low-level runtime: the link <configuration>/runtime, else fixed absolute paths of runc, then
// crun. Never PATH, never ourselves (also through links), never a file that anyone but root could
// replace.
#pragma once

#include <string>

#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// The absolute path. Throws Error(unsupported) naming every place that was looked at.
std::string find_runtime(Kernel& kernel, const Environment& environment);

}  // namespace hardened
