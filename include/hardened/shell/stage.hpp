// SPDX-License-Identifier: Apache-2.0
// The private mount namespace in which the runtime starts: vetted objects stand there under names that nobody else can
// reach or change, and are gone with the container. Nothing is mounted on the host.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hardened/core/json.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// Objects that were opened for inspection, by mounts[].source or namespaces[].path as written.
using HeldObjects = std::map<std::string, Descriptor>;

// Enters a new mount namespace, places a clone of each bind source of `config` in a private tmpfs at
// <state>/stage, and shows the runtime, in place of the bundle's config.json, a copy whose bind sources are
// those and whose namespace paths are /proc/self/fd/N. The file on disk keeps the engine's own paths.
void stage_mounts(Kernel& kernel, const Environment& environment, const Json& config,
                  const HeldObjects& objects, int bundle_directory);

}  // namespace hardened
