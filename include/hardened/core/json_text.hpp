// SPDX-License-Identifier: Apache-2.0
// Edits of a JSON text that leave every byte alone which they are not about: the author's order,
// indentation and spelling. Refuses (invalid_input) what parse_document refuses, and a path that
// leads through something else than objects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened {

using MemberPath = std::vector<std::string>;  // names of members from the root on, not empty

// The document, for reading only; an empty text (blanks) is an empty object, as absent files are.
Json parse_json_text(std::string_view text);

// The member has `value`; objects on the way are made. A new member is its object's last one, in
// the form of those before it.
std::string with_member(std::string_view text, const MemberPath& path, const Json& value);

// Without the member; the same text where there is none.
std::string without_member(std::string_view text, const MemberPath& path);

}  // namespace hardened
