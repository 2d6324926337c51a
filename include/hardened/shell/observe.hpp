// SPDX-License-Identifier: Apache-2.0
// Looks at the host and at Docker for `doctor`: by reading files and /proc, and by trying what the
// rules will do. Changes nothing on the host and asks no daemon. Never throws for what it cannot
// see: the observation says so.
#pragma once

#include <string>

#include "hardened/core/observation.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

struct Whereabouts {
  std::string docker_config;  // the daemon.json of the dockerd that is meant; empty: the host's
  std::string docker_socket;  // its socket, where neither it nor its configuration tells
};

// Ends in a mount namespace of its own, in which the last probe mounted something.
Observation observe(Kernel& kernel, const Environment& environment, const Whereabouts& where);

// Of the Docker container of that name, running or not, as the engine of this host keeps it; empty:
// there is none. Throws Error where its data root cannot be read.
std::string docker_container_id(Kernel& kernel, const std::string& name);

}  // namespace hardened
