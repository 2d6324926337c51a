// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/table.hpp"

#include <algorithm>
#include <numeric>

#include "hardened/core/text.hpp"

namespace hardened {
namespace {

using Widths = std::vector<std::size_t>;

constexpr std::size_t kNarrowest = 8;  // column on a terminal
constexpr std::size_t kFarthest = 40;  // that a table without a width pads a column

// On a terminal the widest columns give way until all fit.
Widths widths_of(const std::vector<TableRow>& rows, std::size_t columns) {
  Widths widths(rows.front().size());
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  if (columns == 0) return widths;
  const std::size_t between = 2 * (widths.size() - 1);
  for (std::size_t& width : widths) width = std::min(width, columns);
  for (;;) {
    std::size_t& widest = *std::max_element(widths.begin(), widths.end());
    const std::size_t sum = std::accumulate(widths.begin(), widths.end(), between);
    if (sum <= columns || widest <= kNarrowest) return widths;
    --widest;
  }
}

// One row, in as many lines as its longest cell needs; without a terminal in one, and a long cell
// pushes the ones behind it to the right.
std::string lines_of(const TableRow& row, const Widths& widths, bool terminal) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    cells.push_back(terminal ? wrapped(row[i], widths[i]) : std::vector{row[i]});
    height = std::max(height, cells[i].size());
  }
  std::string out;
  for (std::size_t at = 0; at < height; ++at) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string text = at < cells[i].size() ? cells[i][at] : "";
      const std::size_t width = terminal ? widths[i] : std::min(widths[i], kFarthest);
      line += text + std::string(width - std::min(width, width_of(text)) + 2, ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return out;
}

}  // namespace

std::string table(const std::vector<TableRow>& given, std::size_t columns, Colour bold) {
  std::vector<TableRow> rows = given;
  for (TableRow& row : rows) {
    for (std::string& text : row) text = printable(text, kWhole);
  }
  const Widths widths = widths_of(rows, columns);
  std::string out;
  for (const TableRow& row : rows) {
    const std::string lines = lines_of(row, widths, columns != 0);
    const bool header = &row == &rows.front() && bold == Colour::yes;
    out += header ? "\x1b[1m" + lines + "\x1b[0m" : lines;
  }
  return out;
}

}  // namespace hardened
