// SPDX-License-Identifier: Apache-2.0
// Directories of the rootfs that the container holds for as long as it runs.
#pragma once

#include <string>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"

namespace hardened {

// The working directory and what mounts stand in ("/etc" of /etc/hosts), sorted, without "/" and
// what other mounts cover. Each may be missing, or lead through links. An overlay remembers for
// such a directory that it lies in a lower layer alone: what an engine writes there meanwhile
// (`docker cp`) would not show before the container starts again.
std::vector<std::string> pinned_directories(const Json& config, const Facts& facts);

}  // namespace hardened
