// SPDX-License-Identifier: Apache-2.0
// The operator's own commands, beside the runtime's. Each gets the words after its name and returns
// the exit code; what goes wrong is thrown as for every other call.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

using Arguments = std::span<const std::string>;

// True for `hardened`, `hardened --help`, and where the first word, or the first behind our own
// --profile, is one of our own commands.
bool is_own_command(Arguments arguments);
bool is_own_name(std::string_view name);

int run_own_command(Arguments arguments, Kernel& kernel, const Environment& environment);

int dry_run_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int policy_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int explain_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int log_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int doctor_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int configure_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int unconfigure_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int verify_command(Arguments arguments, Kernel& kernel, const Environment& environment);
int version_command(Arguments arguments, Kernel& kernel, const Environment& environment);

}  // namespace hardened
