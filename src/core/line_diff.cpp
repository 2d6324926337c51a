// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/line_diff.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

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

using Position = std::ptrdiff_t;

struct Span {
  Position first;
  Position last;  // one past the end
  Position size() const { return last - first; }
};

// Where two texts are alike in the middle of their difference: before[first] to before[last], and
// the same number of lines of the other.
struct Snake {
  Span before;
  Span after;
};

// Myers' difference in linear space: the middle of the shortest way is looked for from both ends,
// then each half on its own.
class Difference {
 public:
  Difference(const Lines& before, const Lines& after)
      : before_(before), after_(after), gone_(before.size()), came_(after.size()) {
    compare({0, static_cast<Position>(before.size())}, {0, static_cast<Position>(after.size())});
  }

  std::vector<DiffLine> script() const {
    std::vector<DiffLine> script;
    std::size_t x = 0, y = 0;
    while (x < before_.size() || y < after_.size()) {
      if (x < before_.size() && gone_[x]) {
        script.push_back({'-', std::string(before_[x++])});
      } else if (y < after_.size() && came_[y]) {
        script.push_back({'+', std::string(after_[y++])});
      } else {
        script.push_back({' ', std::string(before_[x++])});
        ++y;
      }
    }
    return script;
  }

 private:
  using Reach = std::vector<Position>;
  enum class From { start, end };

  // From either end. Of a document that somebody made so that nothing fits: all of it is shown as
  // replaced.
  static constexpr Position kMostEdits = 4000;

  bool alike(Position x, Position y) const {
    return before_[static_cast<std::size_t>(x)] == after_[static_cast<std::size_t>(y)];
  }

  void compare(Span a, Span b) {
    for (; a.size() > 0 && b.size() > 0 && alike(a.first, b.first); ++a.first) ++b.first;
    for (; a.size() > 0 && b.size() > 0 && alike(a.last - 1, b.last - 1); --a.last) --b.last;
    const auto snake = a.size() > 0 && b.size() > 0 ? middle(a, b) : std::nullopt;
    if (snake) {
      compare({a.first, snake->before.first}, {b.first, snake->after.first});
      compare({snake->before.last, a.last}, {snake->after.last, b.last});
      return;
    }
    for (Position x = a.first; x < a.last; ++x) gone_[static_cast<std::size_t>(x)] = true;
    for (Position y = b.first; y < b.last; ++y) came_[static_cast<std::size_t>(y)] = true;
  }

  std::optional<Snake> middle(Span a, Span b) const {
    const Position most = std::min((a.size() + b.size() + 1) / 2, kMostEdits);
    Reach forward(static_cast<std::size_t>(2 * most + 3)), backward(forward.size());
    for (Position edits = 0; edits <= most; ++edits) {
      if (auto found = advance(a, b, From::start, edits, forward, backward)) return found;
      if (auto found = advance(a, b, From::end, edits, backward, forward)) return found;
    }
    return std::nullopt;
  }

  // One edit more from one end: how far each diagonal k gets, and whether it meets the other side.
  std::optional<Snake> advance(Span a, Span b, From from, Position edits, Reach& own,
                               const Reach& other) const {
    const auto centre = static_cast<Position>(own.size() / 2);
    const auto slot = [centre](Position k) { return static_cast<std::size_t>(k + centre); };
    const Position n = a.size(), m = b.size(), between = n - m;
    const Position met = edits - (from == From::start ? 1 : 0);  // how far the other side came
    for (Position k = -(edits - 2 * std::max<Position>(0, edits - m));
         k <= edits - 2 * std::max<Position>(0, edits - n); k += 2) {
      const bool down = k == -edits || (k != edits && own[slot(k - 1)] < own[slot(k + 1)]);
      const Position start = down ? own[slot(k + 1)] : own[slot(k - 1)] + 1;
      Position x = start;
      while (x < n && x - k < m &&
             (from == From::start ? alike(a.first + x, b.first + x - k)
                                  : alike(a.last - 1 - x, b.last - 1 - (x - k)))) {
        ++x;
      }
      own[slot(k)] = x;
      const Position opposite = between - k;
      const bool turn = ((n + m) % 2 != 0) == (from == From::start);
      if (!turn || opposite < -met || opposite > met || x + other[slot(opposite)] < n) continue;
      if (from == From::start) {
        return Snake{{a.first + start, a.first + x}, {b.first + start - k, b.first + x - k}};
      }
      return Snake{{a.last - x, a.last - start}, {b.last - (x - k), b.last - (start - k)}};
    }
    return std::nullopt;
  }

  const Lines& before_;
  const Lines& after_;
  std::vector<bool> gone_, came_;
};

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

// "3,2"; no lines are named by the one before them.
std::string lines_named(std::size_t first, std::size_t count) {
  return std::to_string(count == 0 ? first - 1 : first) + ',' + std::to_string(count);
}

}  // namespace

std::vector<DiffLine> line_diff(std::string_view before, std::string_view after,
                                std::size_t context) {
  const Lines old_lines = lines_of(before), new_lines = lines_of(after);
  const std::vector<DiffLine> script = Difference(old_lines, new_lines).script();
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
    out.push_back({'@', "@@ -" + lines_named(old_line, old_count) + " +" +
                            lines_named(new_line, new_count) + " @@"});
    out.insert(out.end(), script.begin() + static_cast<std::ptrdiff_t>(hunk.first),
               script.begin() + static_cast<std::ptrdiff_t>(end));
    old_line += old_count;
    new_line += new_count;
    next = end;
  }
  return out;
}

}  // namespace hardened
