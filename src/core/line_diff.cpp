// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/line_diff.hpp"

#include <algorithm>

namespace hardened {
namespace {

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Myers' greedy algorithm: for each number of edits, how far each diagonal gets. The furthest x per
// diagonal is kept for every round, to walk back from the end.
std::vector<std::vector<std::ptrdiff_t>> furthest_reaches(const Lines& before, const Lines& after) {
  const auto rows = static_cast<std::ptrdiff_t>(before.size());
  const auto columns = static_cast<std::ptrdiff_t>(after.size());
  const std::ptrdiff_t most = rows + columns;
  const auto slot = [most](std::ptrdiff_t diagonal) {
    return static_cast<std::size_t>(diagonal + most + 1);
  };
  std::vector<std::ptrdiff_t> reach(static_cast<std::size_t>(2 * most + 3), 0);
  std::vector<std::vector<std::ptrdiff_t>> rounds;
  for (std::ptrdiff_t edits = 0; edits <= most; ++edits) {
    rounds.push_back(reach);
    for (std::ptrdiff_t k = -edits; k <= edits; k += 2) {
      const bool down = k == -edits || (k != edits && reach[slot(k - 1)] < reach[slot(k + 1)]);
      std::ptrdiff_t x = down ? reach[slot(k + 1)] : reach[slot(k - 1)] + 1;
      while (x < rows && x - k < columns &&
             before[static_cast<std::size_t>(x)] == after[static_cast<std::size_t>(x - k)]) {
        ++x;
      }
      reach[slot(k)] = x;
      if (x >= rows && x - k >= columns) return rounds;
    }
  }
  return rounds;
}

std::vector<DiffLine> script_of(const Lines& before, const Lines& after) {
  const auto rounds = furthest_reaches(before, after);
  auto x = static_cast<std::ptrdiff_t>(before.size());
  auto y = static_cast<std::ptrdiff_t>(after.size());
  const std::ptrdiff_t most = x + y;
  const auto line = [](const Lines& lines, std::ptrdiff_t index) {
    return std::string(lines[static_cast<std::size_t>(index)]);
  };
  std::vector<DiffLine> script;
  for (auto edits = static_cast<std::ptrdiff_t>(rounds.size()) - 1; edits >= 0; --edits) {
    const auto& reach = rounds[static_cast<std::size_t>(edits)];
    const auto at = [&](std::ptrdiff_t k) { return reach[static_cast<std::size_t>(k + most + 1)]; };
    const std::ptrdiff_t k = x - y;
    const bool down = k == -edits || (k != edits && at(k - 1) < at(k + 1));
    const std::ptrdiff_t from = edits == 0 ? 0 : at(down ? k + 1 : k - 1);
    const std::ptrdiff_t from_y = edits == 0 ? 0 : from - (down ? k + 1 : k - 1);
    while (x > from && y > from_y) {
      script.push_back({' ', line(before, --x)});
      --y;
    }
    if (edits == 0) break;
    script.push_back(down ? DiffLine{'+', line(after, --y)} : DiffLine{'-', line(before, --x)});
  }
  std::reverse(script.begin(), script.end());
  return script;
}

struct Range {
  std::size_t first;
  std::size_t last;
};

// Runs of changed lines with their context, neighbours joined.
std::vector<Range> hunks_of(const std::vector<DiffLine>& script, std::size_t context) {
  std::vector<Range> hunks;
  for (std::size_t index = 0; index < script.size(); ++index) {
    if (script[index].sign == ' ') continue;
    const std::size_t first = index > context ? index - context : 0;
    const std::size_t last = std::min(index + context, script.size() - 1);
    if (!hunks.empty() && first <= hunks.back().last + 1) {
      hunks.back().last = last;
    } else {
      hunks.push_back({first, last});
    }
  }
  return hunks;
}

}  // namespace

std::vector<DiffLine> line_diff(std::string_view before, std::string_view after,
                                std::size_t context) {
  const std::vector<DiffLine> script = script_of(lines_of(before), lines_of(after));
  std::vector<DiffLine> out;
  std::size_t old_line = 1, new_line = 1, next = 0;
  const auto count = [&](std::size_t first, std::size_t last, char skip) {
    return static_cast<std::size_t>(
        std::count_if(script.begin() + static_cast<std::ptrdiff_t>(first),
                      script.begin() + static_cast<std::ptrdiff_t>(last),
                      [skip](const DiffLine& entry) { return entry.sign != skip; }));
  };
  for (const Range& hunk : hunks_of(script, context)) {
    old_line += count(next, hunk.first, '+');
    new_line += count(next, hunk.first, '-');
    const std::size_t end = hunk.last + 1;
    const std::size_t old_count = count(hunk.first, end, '+'),
                      new_count = count(hunk.first, end, '-');
    out.push_back({'@', "@@ -" + std::to_string(old_line) + ',' + std::to_string(old_count) + " +" +
                            std::to_string(new_line) + ',' + std::to_string(new_count) + " @@"});
    out.insert(out.end(), script.begin() + static_cast<std::ptrdiff_t>(hunk.first),
               script.begin() + static_cast<std::ptrdiff_t>(end));
    old_line += old_count;
    new_line += new_count;
    next = end;
  }
  return out;
}

}  // namespace hardened
