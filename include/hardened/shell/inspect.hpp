// SPDX-License-Identifier: Apache-2.0
// Looks at what a document names (sources, namespaces, hooks, the rootfs) and at the host: opens
// each object once, keeps the descriptor, and states facts about it. Refuses what cannot be placed
// on this host. Judges nothing.
#pragma once

#include <string>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/stage.hpp"

namespace hardened {

// runtime_name and runtime_version are left to the caller.
HostFacts inspect_host(Kernel& kernel, const Profile& profile);

struct Inspection {
  Facts facts;  // host too
  // Mount sources and namespaces as written, all O_PATH, and the state directories of the rule
  // read-only-rootfs, which are sources too: under facts.root.path followed by the directory.
  HeldObjects objects;
};

// `bundle` is its canonical path (root.path and sources may be relative to it); empty: there is
// none, relative names stay unseen. With `must_see` what exists but cannot be opened throws, with
// the pointer in front; without (dry-run) it is Sight::unseen, and so is what is missing: it may
// well exist where the document comes from. `offered` are the host's ids that the container would
// get: they become facts.host.id_range, and what they cannot be laid over is stated; a size of 0:
// none, and nothing is tried.
enum class Looking { must_see, as_far_as_possible };
Inspection inspect(Kernel& kernel, const Json& document, const Profile& profile,
                   const std::string& bundle, Looking looking, IdRange offered = {});

}  // namespace hardened
