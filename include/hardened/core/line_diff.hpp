// SPDX-License-Identifier: Apache-2.0
// The unified difference of two texts, line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hardened {

struct DiffLine {
  char sign;  // ' ', '-', '+', or '@' for a hunk's header
  std::string text;
};

// Hunks with `context` unchanged lines around them; empty where the texts are equal.
std::vector<DiffLine> line_diff(std::string_view before, std::string_view after,
                                std::size_t context = 3);

}  // namespace hardened
