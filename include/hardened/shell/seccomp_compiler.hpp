// SPDX-License-Identifier: Apache-2.0
// A document's seccomp profile compiled as the runtimes compile it, and run against every call that
// it must deny.
#pragma once

#include <string>

#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/seccomp.hpp"

namespace hardened {

// The runtimes' translation: names unknown to libseccomp skipped, a rule equal to the default
// action skipped, two conditions on one argument become alternatives. Without the prefix that runc
// adds for numbers beyond the highest it knows: that answers ENOSYS and lets nothing through, and
// crun has none. Throws Error(invalid_input) with the pointer where libseccomp refuses.
std::vector<BpfInstruction> compile_seccomp(const Json& profile);

// The same in a child that may use 5 s of a processor. libseccomp's time grows exponentially with
// ordered comparisons beside others on one call: three lines of a profile, tightened, would keep
// root busy for hours. Throws Error(refused) beyond it.
std::vector<BpfInstruction> compile_seccomp_in_time(const Json& profile);

// Of any architecture, by libseccomp's tables.
bool is_system_call(const std::string& name);

// The version that compiles here: "2.5.4".
std::string seccomp_library_version();

// Throws Error(refused, "/linux/seccomp", ...) naming the first call of denied_calls() that gets
// through, the argument and the architecture. Nothing where the rule is not enforced.
void evaluate_seccomp(const Json& config, const Profile& profile);

}  // namespace hardened
