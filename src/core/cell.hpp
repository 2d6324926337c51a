// SPDX-License-Identifier: Apache-2.0
// A value before or after a change, as one cell of a table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hardened/core/json.hpp"

namespace hardened {

// "-" where it is absent. Of a list only what the other side does not have, each with `sign` before
// it: 14 capabilities say less than the six that went. What is longer than `longest` is told by its
// size.
std::string cell(const std::optional<Json>& value, const std::optional<Json>& other,
                 std::string_view sign, std::size_t longest);

}  // namespace hardened
