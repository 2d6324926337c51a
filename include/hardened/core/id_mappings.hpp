// SPDX-License-Identifier: Apache-2.0
// Vets linux.uidMappings and gidMappings: mappings that are none, that overlap, that reach the
// host's root or its users.
#pragma once

#include "hardened/core/rule.hpp"

namespace hardened {

// For the rule user-namespace: refuses with its settings' names.
void vet_id_mappings(Draft& draft, const RuleInput& input);

}  // namespace hardened
