// SPDX-License-Identifier: Apache-2.0
// What the two ways to a ceiling share.
#pragma once

#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

// The members that come from the policy: enforced, rootUser, realtime.
void add_policy(Json& ceiling, const Profile& profile);

}  // namespace hardened
