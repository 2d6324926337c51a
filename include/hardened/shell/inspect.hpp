// SPDX-License-Identifier: Apache-2.0
// Looks at what a document names (sources, namespaces, hooks, the rootfs) and at the host: opens each object once,
// keeps the descriptor, and states facts about it. Judges nothing.
#pragma once

#include <string>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"
#include "hardened/shell/stage.hpp"

namespace hardened {

HostFacts inspect_host(Kernel& kernel, const Profile& profile);

struct Inspection {
  Facts facts;
  HeldObjects objects;
};

// `bundle` is its canonical path (root.path may be relative to it). With `must_see` anything that exists but cannot be opened throws;
// without (dry-run) it is Sight::unseen.
enum class Looking { must_see, as_far_as_possible };
Inspection inspect(Kernel& kernel, const Json& document, const Profile& profile, const std::string& bundle,
                   Looking looking);

}  // namespace hardened
