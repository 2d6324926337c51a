// SPDX-License-Identifier: Apache-2.0
// Starting programs: becoming one, and running one for its output. Refuses what does not end with
// exit code 0.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "hardened/shell/kernel.hpp"

namespace hardened {

// The bodies of RealKernel::execute, output_of and stream_output; see the contracts there.
[[noreturn]] void replace_process(const std::string& path,
                                  const std::vector<std::string>& arguments);
std::string run_program(Kernel& kernel, const std::string& path,
                        const std::vector<std::string>& arguments);
void stream_program(Kernel& kernel, const std::string& path,
                    const std::vector<std::string>& arguments,
                    const std::function<void(std::string_view)>& part);

// A copy of this process that runs `body`, which allocates nothing, ends with what it returns and
// dies with its parent. `flags`: CLONE_NEW*. The caller's signals and children stay as they are.
pid_t start_child(int flags, const std::function<int()>& body);
// What it ended with; 128 and more: by a signal.
int wait_for_child(pid_t child);

}  // namespace hardened
