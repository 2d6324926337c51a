// SPDX-License-Identifier: Apache-2.0
// Whether this process lives in the host's own user namespace: where root is root.
#pragma once

#include "hardened/shell/kernel.hpp"

namespace hardened {

// By the namespace's own number and its map: a user namespace may map every id onto itself.
// Throws Error where /proc does not tell.
bool in_initial_user_namespace(Kernel& kernel);

}  // namespace hardened
