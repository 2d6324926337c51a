// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/report.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "hardened/core/document.hpp"
#include "hardened/core/line_diff.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kNarrowest = 8;  // column of a table
constexpr std::size_t kFarthest = 40;  // that a table without a width pads a column
constexpr std::size_t kLongest = 160;  // cell of such a table

Json value_or_null(const std::optional<Json>& value) { return value ? *value : Json(nullptr); }

Json changes_json(const std::vector<Change>& changes) {
  Json array = Json::array();
  for (const Change& change : changes) {
    array.push_back({{"rule", change.rule},
                     {"pointer", change.pointer},
                     {"before", value_or_null(change.before)},
                     {"after", value_or_null(change.after)},
                     {"reason", change.reason},
                     {"reference", change.reference}});
  }
  return array;
}

Json refusals_json(const std::vector<Refusal>& refusals) {
  Json array = Json::array();
  for (const Refusal& refusal : refusals) {
    array.push_back({{"rule", refusal.rule},
                     {"pointer", refusal.pointer},
                     {"asked", refusal.asked},
                     {"reference", refusal.reference},
                     {"setting", refusal.setting}});
  }
  return array;
}

Json operations_json(const std::vector<MountOperation>& operations) {
  Json array = Json::array();
  for (const MountOperation& operation : operations) {
    array.push_back({{"pointer", operation.pointer},
                     {"object", operation.object},
                     {"id_mapped", operation.id_mapped},
                     {"layers", operation.overlay.lower},
                     {"text", describe(operation)}});
  }
  return array;
}

Json degraded_json(const std::vector<Degradation>& degraded) {
  Json array = Json::array();
  for (const Degradation& one : degraded) {
    array.push_back({{"rule", one.rule}, {"pointer", one.pointer}, {"what", one.what}});
  }
  return array;
}

Json mapping_json(const std::optional<IdMaps>& mapping) {
  if (!mapping) return nullptr;
  return {{"uidMappings", to_json(mapping->users)}, {"gidMappings", to_json(mapping->groups)}};
}

// dry-run takes no ids: a create gives others than it shows.
bool is_example(const Plan& plan, const ReportStyle& style) {
  return plan.mapping && style.example.size != 0 && *plan.mapping == maps_of(style.example);
}

std::string as_json(const Plan& plan, const ReportStyle& style) {
  const Json json{{"config", plan.config},
                  {"changes", changes_json(plan.changes)},
                  {"refusals", refusals_json(plan.refusals)},
                  {"reported", changes_json(plan.reported)},
                  {"reported_refusals", refusals_json(plan.reported_refusals)},
                  {"unverified", plan.unverified},
                  {"degraded", degraded_json(plan.degraded)},
                  {"mapping", mapping_json(plan.mapping)},
                  {"mapping_is_example", is_example(plan, style)},
                  {"operations", operations_json(plan.operations)}};
  return json.dump(2) + '\n';
}

std::string as_diff(const Json& original, const Plan& plan, const ReportStyle& style) {
  const auto painted = [&](std::string_view code, const std::string& text) {
    return style.colour == Colour::yes ? std::string(code) + text + "\x1b[0m\n" : text + '\n';
  };
  std::string out;
  for (const DiffLine& line : line_diff(original.dump(2), plan.config.dump(2))) {
    const std::string text = printable(line.text, kWhole);
    if (line.sign == ' ') out += ' ' + text + '\n';
    if (line.sign == '+') out += painted("\x1b[32m", '+' + text);
    if (line.sign == '-') out += painted("\x1b[31m", '-' + text);
    if (line.sign == '@') out += painted("\x1b[36m", text);
  }
  if (out.empty()) return out;
  return "--- " + style.document + " as the engine wrote it\n+++ " + style.document +
         " as the runtime gets it\n" + out;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// A mount by where and what it is: its options have a line of their own where they change.
std::string summary(const Json& value) {
  if (!value.is_object() || !value.contains("destination")) return text_of(value);
  const Json type = value.value("type", Json("bind"));
  return text_of(value.at("destination")) + " (" + text_of(type) + ')';
}

// What a list is made of; of a seccomp profile the names that it answers in another way than by
// default. nullopt: it is no list.
std::optional<std::vector<std::string>> items_of(const Json& value) {
  std::vector<std::string> items;
  if (value.is_array()) {
    for (const Json& item : value) items.push_back(summary(item));
    return items;
  }
  if (!value.is_object() || !value.contains("syscalls")) return std::nullopt;
  for (const Json& entry : find_array(value, "/syscalls")) {
    const bool conditional = !find_array(entry, "/args").empty();
    const std::string action = find_string(entry, "/action").value_or("");
    const bool allows = action == "SCMP_ACT_ALLOW";
    for (const std::string& name : find_strings(entry, "/names")) {
      std::string item = name + (allows ? "" : "=" + action) + (conditional ? "(arguments)" : "");
      if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(item);
    }
  }
  return items;
}

// What it is where there is no room for it: a seccomp profile in one line helps nobody.
std::string size_of(const std::string& text, std::string_view sign, std::size_t items) {
  const std::string characters = std::to_string(width_of(text)) + " characters";
  return items == 0 ? characters : std::string(sign) + std::to_string(items) + " entries";
}

// A list of 14 capabilities says less than the six that went: what the other side has too is left
// out.
std::string cell(const std::optional<Json>& value, const std::optional<Json>& other,
                 std::string_view sign, std::size_t longest) {
  if (!value) return "-";
  const auto items = items_of(*value);
  const auto others = items && other ? items_of(*other) : std::nullopt;
  std::string text = items && items->empty() ? "none" : items ? "" : summary(*value);
  std::size_t count = 0;
  for (const std::string& item : items.value_or(std::vector<std::string>{})) {
    if (others && std::find(others->begin(), others->end(), item) != others->end()) continue;
    text += (text.empty() ? "" : " ") + (others ? std::string(sign) : "") + item;
    ++count;
  }
  return text.size() <= longest ? text : size_of(text, others ? sign : "", count);
}

using Row = std::array<std::string, 5>;
using Widths = std::array<std::size_t, 5>;

Row row_of(const Change& change, std::size_t longest) {
  return {change.rule, change.pointer, cell(change.before, change.after, "-", longest),
          cell(change.after, change.before, "+", longest), change.reference};
}

// What stands below the table: what no field of the document says.
std::string beside_the_document(const Plan& plan, const ReportStyle& style) {
  std::string out;
  const auto add = [&](const std::string& line) {
    const bool terminal = style.columns != 0;
    for (const std::string& part : terminal ? wrapped(line, style.columns) : std::vector{line}) {
      out += '\n' + part;
    }
  };
  for (const Degradation& one : plan.degraded) add("without: " + describe(one));
  const bool example = is_example(plan, style);
  if (plan.mapping) {
    for (const IdMapping& map : plan.mapping->users) {
      add("user namespace: container ids from " + std::to_string(map.container) +
          " are the host's from " + std::to_string(map.host) + ", " + std::to_string(map.size) +
          " of them" + (example ? " (an example: each create draws a range that is free)" : ""));
    }
  }
  for (const MountOperation& operation : plan.operations) add("mount: " + describe(operation));
  return out.empty() ? out : out + '\n';
}

std::vector<Row> rows_of(const Plan& plan, std::size_t longest) {
  std::vector<Row> rows{{"RULE", "FIELD", "BEFORE", "AFTER", "REFERENCE"}};
  for (const Change& change : plan.changes) rows.push_back(row_of(change, longest));
  for (const Change& change : plan.reported) {
    rows.push_back(row_of(change, longest));
    rows.back()[0] += " (report)";
  }
  for (const Refusal& refusal : plan.reported_refusals) {
    rows.push_back(
        {refusal.rule + " (report)", refusal.pointer, refusal.asked, "refused", refusal.reference});
  }
  for (Row& row : rows) {
    for (std::string& text : row) text = printable(text, kWhole);
  }
  return rows;
}

// On a terminal the widest columns give way until all fit.
Widths widths_of(const std::vector<Row>& rows, std::size_t columns) {
  Widths widths{};
  for (const Row& row : rows) {
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
std::string lines_of(const Row& row, const Widths& widths, bool terminal) {
  std::array<std::vector<std::string>, 5> cells;
  std::size_t height = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    cells[i] = terminal ? wrapped(row[i], widths[i]) : std::vector{row[i]};
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

std::string as_table(const Plan& plan, const ReportStyle& style) {
  const std::size_t longest = style.columns == 0 ? kLongest : std::string::npos;
  const std::vector<Row> rows = rows_of(plan, longest);
  const Widths widths = widths_of(rows, style.columns);
  std::string out;
  for (const Row& row : rows) {
    const std::string lines = lines_of(row, widths, style.columns != 0);
    const bool bold = &row == &rows.front() && style.colour == Colour::yes;
    out += bold ? "\x1b[1m" + lines + "\x1b[0m" : lines;
  }
  return out + beside_the_document(plan, style);
}

}  // namespace

std::string report(const Json& original, const Plan& plan, ReportFormat format,
                   const ReportStyle& style) {
  switch (format) {
    case ReportFormat::config:
      return plan.config.dump(2) + '\n';
    case ReportFormat::diff:
      return as_diff(original, plan, style);
    case ReportFormat::patch:
      return Json::diff(original, plan.config).dump(2) + '\n';
    case ReportFormat::table:
      return as_table(plan, style);
    case ReportFormat::json:
      return as_json(plan, style);
  }
  return {};
}

}  // namespace hardened
