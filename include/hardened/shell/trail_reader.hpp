// SPDX-License-Identifier: Apache-2.0
// The audit trail, read back line by line, oldest first, from wherever the policy has it written.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "hardened/core/audit_settings.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

enum class Following { no, yes };  // yes: waits for what is written from now on, and never returns

// Each line without its end. Throws Error(unsupported) where there is no trail to read.
void read_trail(Kernel& kernel, const Environment& environment, const AuditSettings& settings,
                Following following, const std::function<void(std::string_view)>& line);

// The same of one file; "-" is standard input.
void read_trail_file(Kernel& kernel, const std::string& path,
                     const std::function<void(std::string_view)>& line);

}  // namespace hardened
