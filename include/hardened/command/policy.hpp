// SPDX-License-Identifier: Apache-2.0
// `hardened policy`: shows the policy in force, checks policy files, prints their schema. Changes
// nothing.
#pragma once

#include <span>
#include <string>

#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// `arguments` after the word `policy`. Returns the exit code; throws Error.
int policy_command(std::span<const std::string> arguments, Kernel& kernel,
                   const Environment& environment);

}  // namespace hardened
