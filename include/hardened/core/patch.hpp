// SPDX-License-Identifier: Apache-2.0
// Recorded changes as a JSON Patch (RFC 6902), each operation with its rule and its reason beside
// it.
#pragma once

#include <vector>

#include "hardened/core/json.hpp"
#include "hardened/core/plan.hpp"

namespace hardened {

// Applied to `original` it gives what the rules made of it. Beside op, path and value, which RFC
// 6902 knows, each operation has rule, before (where there was something), reason and reference,
// which it tells readers to ignore. Objects that a change made on the way come as operations of
// their own.
Json patch_of(const Json& original, const std::vector<Change>& changes);

// Changes that nobody made: each as patch_of() has it, in no document's order.
Json operations_of(const std::vector<Change>& changes);

}  // namespace hardened
