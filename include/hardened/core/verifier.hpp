// SPDX-License-Identifier: Apache-2.0
// Post-conditions of a rewritten document, checked by code that shares nothing with the rules but
// the document accessors. A failed one is a defect of ours, and refuses.
#pragma once

#include <string_view>
#include <vector>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

// Throws Error(refused, pointer, "verifier: ...") on the first post-condition of an enforced rule
// that does not hold, on any dimension in which `plan.config` is weaker than `original`, and on any
// difference between the two that the plan does not state.
void verify_plan(const Json& original, const Plan& plan, const Profile& profile,
                 const Facts& facts);

// The dimensions alone: `after` has no more privilege than `before`. The facts tell the rootfs's
// canonical path, from where new binds may come (else root.path as `before` gives it), and what the
// names of hooks stand for. Throws Error(refused).
void verify_not_weaker(const Json& before, const Json& after, const Facts& facts);

// What is verified, by name: a condition per rule, and the dimensions of strength.
std::vector<std::string_view> verifier_conditions();
std::vector<std::string_view> verifier_dimensions();

// An exec document against the ceiling, an update document against the profile.
void verify_exec(const Json& process, const Ceiling& ceiling);
void verify_update(const Json& resources, const Profile& profile, const HostFacts& host);

}  // namespace hardened
