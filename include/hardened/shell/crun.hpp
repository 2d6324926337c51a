// SPDX-License-Identifier: Apache-2.0
// What crun does otherwise than runc where a container has a user namespace, and what is done about
// it. Under any other runtime these do nothing.
#pragma once

#include <string>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

bool is_crun(const std::string& runtime);

// crun (1.8) takes only the topmost mount of a bind into a user namespace: what stands inside it
// would be missing, and what the user has read-only or in memory be written to the outer source.
// Throws Error(refused).
void require_nested_kept(const std::string& runtime, const Plan& plan, const Facts& facts);

// crun (1.8) clears nosuid, nodev and noexec on what it binds into a user namespace, unless the
// bind is read-only; the recursive words it sets afterwards. So `config` says each in that way too:
// for a bind that takes nothing along it is the same.
void repeat_mount_flags(const std::string& runtime, Json& config);

// crun gives whatever its standard streams are to the container's root. The host's /dev/null would
// be that container's from then on, on the host: its root could close it to everybody. A device of
// memory (/dev/null, /dev/zero ...) is replaced by a node of the container's own; any other device
// but a terminal is refused, with Error(refused). `maps` are those of the container; none: it has
// no user namespace.
void give_own_nodes(Kernel& kernel, const std::string& runtime, const IdMaps& maps);

}  // namespace hardened
