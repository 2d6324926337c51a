// SPDX-License-Identifier: Apache-2.0
// What the two ways to a ceiling share.
#pragma once

#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

// All that the kernel has, by bit (linux/capability.h).
std::vector<std::string_view> capability_names();

// The members that come from the policy: enforced, rootUser, realtime.
void add_policy(Json& ceiling, const Profile& profile);

}  // namespace hardened
