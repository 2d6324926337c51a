// SPDX-License-Identifier: Apache-2.0
// A container that shows whether containers start under hardened on this host, before all of them
// have to. Made of our own static executable alone: no image has to be there, no registry asked.
#pragma once

#include <string>

#include "hardened/shell/docker_engine.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// Runs one to its end, without a network, under the engine's runtime `hardened`. Throws with the
// engine's own reason where it does not start or fails. Container and image are removed again.
void try_docker(Kernel& kernel, const DockerClient& docker);

// The same without an engine: a bundle of the runtime's own `spec`, run by `executable` (our own,
// by the name that chooses the profile) as an engine would. Bundle and container are removed again.
void try_bundle(Kernel& kernel, const Environment& environment, const std::string& executable);

}  // namespace hardened
