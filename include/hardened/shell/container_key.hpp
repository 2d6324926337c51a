// SPDX-License-Identifier: Apache-2.0
// Which container a call is about: the runtime's state directory, as it really is, and the id.
#pragma once

#include <string>

#include "hardened/core/invocation.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/record.hpp"

namespace hardened {

// `--root` with its links followed as far as it exists, or the default of the runtime at path
// `runtime`. Throws Error(usage) without a valid id.
ContainerKey container_key(Kernel& kernel, const Environment& environment,
                           const Invocation& invocation, const std::string& runtime);

}  // namespace hardened
