// SPDX-License-Identifier: Apache-2.0
// A container that shows whether containers start under hardened on this host, before all of them
// have to. Made of our own static executable alone: no image has to be there, no registry asked.
#pragma once

#include "hardened/shell/docker_engine.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// Runs one to its end, without a network, under the engine's runtime `hardened`. Throws with the
// engine's own reason where it does not start or fails. Container and image are removed again.
void try_docker(Kernel& kernel, const DockerClient& docker);

}  // namespace hardened
