// SPDX-License-Identifier: Apache-2.0
// Where the audit trail is to be read from.
#pragma once

#include <iostream>

#include "hardened/core/audit_settings.hpp"
#include "hardened/core/error.hpp"
#include "hardened/shell/policy_files.hpp"

namespace hardened {

// A policy that is broken stops no one from reading why nothing starts.
inline AuditSettings settings_to_read_by(Kernel& kernel, const Environment& environment) {
  try {
    return audit_settings(load_policy(kernel, environment));
  } catch (const Error& error) {
    std::cerr << "hardened: " << error.what() << "; taking the built-in policy's audit\n";
    return {};
  }
}

}  // namespace hardened
