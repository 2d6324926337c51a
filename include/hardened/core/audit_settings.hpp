// SPDX-License-Identifier: Apache-2.0
// The policy's `audit`: where the trail goes, and what happens where it cannot be written.
#pragma once

#include <cstdint>

#include "hardened/core/policy.hpp"

namespace hardened {

struct AuditSettings {
  // automatic: journald where it listens, else files.
  enum class Destination { automatic, journald, file, none };
  Destination destination = Destination::automatic;
  bool required = false;                 // nothing starts that leaves no line
  std::uint64_t file_bytes = 16U << 20;  // of one file; then it is put aside
  std::uint32_t files = 8;               // kept, the current one among them
  bool whole_values = false;             // long values too, which a line else tells by their digest
};

// Those of a policy that cannot be read are the defaults above.
AuditSettings audit_settings(const Policy& policy);

}  // namespace hardened
