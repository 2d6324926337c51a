// SPDX-License-Identifier: Apache-2.0
// The administrator's policy as files: policy.json and policy.d/*.json below the configuration
// directory. Refuses any that someone other than root could write, links, and what is no regular
// file.
#pragma once

#include <optional>
#include <string>

#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// The built-in policy, policy.json laid over it, then policy.d/*.json in the order of their bytes
// (hidden names and other endings are left out). What is not there is skipped. Every error names
// its file: Error(invalid_input) for one that cannot be trusted and for its content.
Policy load_policy(Kernel& kernel, const Environment& environment);

// The built-in policy with `path` alone ("-": standard input) laid over it, whoever owns it: for
// dry-run and `policy check`, which decide nothing.
Policy load_policy_file(Kernel& kernel, const std::string& path);

// The profile for a document (its annotation hardened.profile is heard; one without annotations,
// such as a process document, is fine), `named` being our own --profile. Errors as core's
// select_profile.
Profile select_profile(const Policy& policy, const Environment& environment,
                       const std::optional<std::string>& named, const Json& document);

}  // namespace hardened
