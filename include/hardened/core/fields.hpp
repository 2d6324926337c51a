// SPDX-License-Identifier: Apache-2.0
// What the runtime spec's fields are: their types, and which rule answers for each (defaults/fields.json).
// Refuses wrong types, keys that differ from a field only in case, and, where asked, fields nobody listed.
#pragma once

#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened {

enum class DocumentKind { config, process, resources };
enum class UnlistedFields { keep, refuse };

// Throws Error(invalid_input) with the pointer of the first wrong field. After this a rule may read any
// listed field by its listed type.
void check_fields(const Json& document, DocumentKind kind, UnlistedFields unlisted);

}  // namespace hardened
