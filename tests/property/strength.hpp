// SPDX-License-Identifier: Apache-2.0
// The order of strength between two documents, written from the runtime specification and from what
// runc and the kernel make of a field, and not from the rules or the verifier: it finds what both
// of these take for granted.
#pragma once

#include <string>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"

namespace hardened::property {

// Each way in which `after` gives more than `before`, and each other difference that is no
// tightening: "linux.namespaces: ...". Both documents have passed the check of their field types.
std::vector<std::string> weaker(const Json& before, const Json& after, const Facts& facts);

// Each way in which a process that enters has more than its container, of which `container` is the
// rewritten config: of what the profile enforces.
std::vector<std::string> exceeds_container(const Json& process, const Json& container,
                                           const Profile& profile);

// Each way in which a resources document lifts a limit beyond the profile's.
std::vector<std::string> exceeds_policy(const Json& resources, const Profile& profile,
                                        const HostFacts& host);
// The same of two such documents as weaker().
std::vector<std::string> weaker_resources(const Json& before, const Json& after);

// Whether a filter lets some call through that the other one stops.
std::vector<std::string> weaker_filter(const Json* before, const Json* after);

}  // namespace hardened::property
