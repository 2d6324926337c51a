// SPDX-License-Identifier: Apache-2.0
// Starting programs: becoming one, and running one for its output. Refuses what does not end with
// exit code 0.
#pragma once

#include <string>
#include <vector>

#include "hardened/shell/kernel.hpp"

namespace hardened {

// The bodies of RealKernel::execute and RealKernel::output_of; see the contracts there.
[[noreturn]] void replace_process(const std::string& path,
                                  const std::vector<std::string>& arguments);
std::string run_program(Kernel& kernel, const std::string& path,
                        const std::vector<std::string>& arguments);

}  // namespace hardened
