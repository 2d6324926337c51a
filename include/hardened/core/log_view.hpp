// SPDX-License-Identifier: Apache-2.0
// The audit trail as people read it: a line's place in a table, and what all of them say together.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hardened/core/json.hpp"
#include "hardened/core/table.hpp"

namespace hardened {

// What is not given matches everything.
struct LogFilter {
  std::string since = {};  // RFC 3339 in UTC, or its beginning: compared as text
  std::string id = {};     // or its beginning
  std::string operation = {}, outcome = {}, engine = {}, profile = {};
  std::string rule = {};  // that changed, refused or reported something
};

// nullopt: it is no line of the trail. What it gives has every member that the views read, of its
// type.
std::optional<Json> parse_line(std::string_view line);

// The line in an entry of the journal as `journalctl --output=json` prints it. nullopt: not ours.
// The uid says no more than root, and root's engine logs for containers under a name and with
// fields of their choice: an entry with fields that we do not write is theirs.
std::optional<std::string> line_of_journal(std::string_view entry);
bool matches(const Json& line, const LogFilter& filter);

// A time to filter by: "2026-11-28", "2026-11-28T06:10", or "90s", "15m", "2h", "7d" before `now`
// (microseconds since 1970). Throws Error(usage).
std::string since_time(std::string_view text, std::uint64_t now);

// The header, and a row for a line.
TableRow log_header();
TableRow log_row(const Json& line);

// What the whole trail says of its containers, each counted once: which rules changed or refused
// something, and which would have if they were not in report mode. The way to an enforced host is
// to ease, name or accept each row.
class LogSummary {
 public:
  void add(const Json& line);
  std::string text(std::size_t columns, Colour colour) const;
  Json json() const;

 private:
  // What was said, a line's end and its setting: of which containers.
  using Phrases = std::map<std::string, std::set<std::string>>;
  struct Rule {
    std::set<std::string> changed, would_change;  // containers
    Phrases asked, would_ask, would_lack;         // refused; or that could not be had
  };
  std::vector<TableRow> rows() const;
  std::set<std::string> containers_;
  std::set<std::string> policies_;  // their digests
  std::string first_, last_;        // times
  Phrases failed_;                  // why
  Phrases left_out_;                // lists that a line was too long for
  std::map<std::string, Rule> rules_;
};

}  // namespace hardened
