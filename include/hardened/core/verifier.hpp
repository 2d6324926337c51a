// SPDX-License-Identifier: Apache-2.0
// Post-conditions of a rewritten document, checked by code that shares nothing with the rules but the
// document accessors. A failed one is a defect of ours, and refuses.
#pragma once

#include <string>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

// Throws Error(refused, pointer, "verifier: ...") on the first post-condition of an enforced rule that does
// not hold, and on any dimension in which `plan.config` is weaker than `original`.
void verify_plan(const Json& original, const Plan& plan, const Profile& profile, const Facts& facts);

}  // namespace hardened
