// SPDX-License-Identifier: Apache-2.0
// Rows of text in columns: on a terminal as wide as that, long cells in several lines; without one
// a row is one line, for grep.
#pragma once

#include <string>
#include <vector>

namespace hardened {

enum class Colour { no, yes };

using TableRow = std::vector<std::string>;

// Equally long rows, the first one the header; every cell is made printable. `columns`: of the
// terminal; 0: none. `bold`: the header.
std::string table(const std::vector<TableRow>& rows, std::size_t columns, Colour bold);

}  // namespace hardened
