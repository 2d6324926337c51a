// SPDX-License-Identifier: Apache-2.0
// Parts of a plan as JSON: the same names in dry-run's output and in the audit trail.
#pragma once

#include <vector>

#include "hardened/core/plan.hpp"

namespace hardened {

Json refusals_json(const std::vector<Refusal>& refusals);
Json degraded_json(const std::vector<Degradation>& degraded);

}  // namespace hardened
