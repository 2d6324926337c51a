// SPDX-License-Identifier: Apache-2.0
// What evaluate_seccomp() has passed on this host is not evaluated again: the compilation of a
// profile is the longest part of a start, and a host has few profiles.
#pragma once

#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// evaluate_seccomp(), unless <state>/seccomp holds the very same question: profile, settings,
// capabilities and this program itself, compared as a whole. Whatever stands in the way of that
// directory costs time only. Throws as evaluate_seccomp().
void evaluate_seccomp_once(Kernel& kernel, const Environment& environment, const Json& config,
                           const Profile& profile);

}  // namespace hardened
