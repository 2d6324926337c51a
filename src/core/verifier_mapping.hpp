// SPDX-License-Identifier: Apache-2.0
// The post-conditions of the rule user-namespace, which bear on the plan as a whole: whose ids the
// container has, and that they are laid over everything it is given.
#pragma once

#include "core/verifier_conditions.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/policy.hpp"

namespace hardened::verifier {

// Throws Error(refused, pointer, "verifier: ...").
void user_namespace_given(const Plan& plan, const Profile& profile, const Facts& facts);
void ids_laid_over_mounts(const Plan& plan, const Facts& facts);

// Of two mounts at one place: whether `after` is the host's own view in place of a fresh
// kernel file system that `before` is.
bool is_view_in_place_of(const Json& before, const Json& after);
// Whether the mount is such a view of a namespace that the container shares with the host.
bool is_view(const Subject& subject, const Json& mount);

}  // namespace hardened::verifier
