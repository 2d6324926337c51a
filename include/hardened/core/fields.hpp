// SPDX-License-Identifier: Apache-2.0
// What the runtime spec's fields are: their types, and which rule answers for each
// (defaults/fields.json). Refuses wrong types, keys that differ from a field only in case, and,
// where asked, fields nobody listed.
#pragma once

#include "hardened/core/json.hpp"

namespace hardened {

// What a document is decides where in the spec its root lies: / , /process or /linux/resources.
enum class DocumentKind { config, process, resources };
enum class UnlistedFields { keep, refuse };

// Throws Error(invalid_input) with the pointer of the first field that the low-level runtime could
// not read by its listed type, or could read under another name; Error(refused) for an unlisted
// field where those are refused. After this a rule may read any listed field by its listed type:
// absent and null are alike, and no array or map of a listed field holds a null.
void check_fields(const Json& document, DocumentKind kind, UnlistedFields unlisted);

// Throws Error(invalid_input) where that is missing without which no runtime starts a process.
void require_process(const Json& document, DocumentKind kind);

}  // namespace hardened
