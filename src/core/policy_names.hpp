// SPDX-License-Identifier: Apache-2.0
// Names in a policy that its schema cannot know. Refuses those that stand for nothing: in a list of
// what is denied or allowed, a misspelt one would be missed by nobody.
#pragma once

#include "hardened/core/json.hpp"

namespace hardened {

// `over` is a policy file, its schema checked. Throws Error(invalid_input) with the pointer and the
// nearest known name.
void check_policy_names(const Json& over);

}  // namespace hardened
