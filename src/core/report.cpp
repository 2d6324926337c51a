// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/report.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/line_diff.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kNarrowest = 12;  // of a table's value column

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

std::string as_json(const Plan& plan) {
  const Json json{{"config", plan.config},
                  {"changes", changes_json(plan.changes)},
                  {"refusals", refusals_json(plan.refusals)},
                  {"reported", changes_json(plan.reported)},
                  {"reported_refusals", refusals_json(plan.reported_refusals)},
                  {"unverified", plan.unverified},
                  {"degraded", degraded_json(plan.degraded)},
                  {"mapping", mapping_json(plan.mapping)},
                  {"operations", operations_json(plan.operations)}};
  return json.dump(2) + '\n';
}

std::string as_diff(const Json& original, const Plan& plan, Colour colour) {
  std::string out;
  for (const DiffLine& line : line_diff(original.dump(2), plan.config.dump(2))) {
    const std::string text = printable(line.text, 400);
    if (colour == Colour::yes && line.sign != ' ') {
      out += line.sign == '+' ? "\x1b[32m" : line.sign == '-' ? "\x1b[31m" : "\x1b[36m";
    }
    out += line.sign == '@' ? text : line.sign + text;
    if (colour == Colour::yes && line.sign != ' ') out += "\x1b[0m";
    out += '\n';
  }
  return out.empty()
             ? out
             : "--- config.json as the engine wrote it\n+++ config.json as the runtime gets it\n" +
                   out;
}

// What `left` has and `right` has not, where both are arrays: a list of 14 capabilities says less
// than the six that went.
std::string items_missing(const Json& left, const Json& right, std::string_view sign) {
  std::string text;
  for (const Json& item : left) {
    if (std::find(right.begin(), right.end(), item) != right.end()) continue;
    text += (text.empty() ? "" : " ") + std::string(sign) +
            (item.is_string() ? item.get<std::string>() : item.dump());
  }
  return text;
}

std::string cell(const std::optional<Json>& value, const std::optional<Json>& other,
                 std::string_view sign) {
  if (!value) return "-";
  if (value->is_array() && other && other->is_array() && !value->empty()) {
    return items_missing(*value, *other, sign);
  }
  return value->is_string() ? value->get<std::string>() : value->dump();
}

using Row = std::array<std::string, 5>;

Row row_of(const Change& change) {
  return {change.rule, change.pointer, cell(change.before, change.after, "-"),
          cell(change.after, change.before, "+"), change.reference};
}

// The value columns share what the others leave of the terminal.
std::array<std::size_t, 5> widths_of(const std::vector<Row>& rows, std::size_t columns) {
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const std::size_t fixed = widths[0] + widths[1] + widths[4] + 8;
  const std::size_t left = std::max(columns > fixed ? columns - fixed : 0, 2 * kNarrowest);
  const std::size_t half = left / 2;
  if (widths[2] + widths[3] <= left) return widths;
  if (widths[2] < half) {
    widths[3] = left - widths[2];
  } else if (widths[3] < half) {
    widths[2] = left - widths[3];
  } else {
    widths[2] = widths[3] = half;
  }
  return widths;
}

// What stands below the table: what no field of the document says.
std::string beside_the_document(const Plan& plan) {
  std::string out;
  for (const Degradation& one : plan.degraded) out += "\nwithout: " + describe(one);
  if (plan.mapping) {
    for (const IdMapping& map : plan.mapping->users) {
      out += "\nuser namespace: container ids from " + std::to_string(map.container) +
             " are the host's from " + std::to_string(map.host) + ", " + std::to_string(map.size) +
             " of them";
    }
  }
  for (const MountOperation& operation : plan.operations) out += "\nmount: " + describe(operation);
  return out.empty() ? out : out + '\n';
}

std::string as_table(const Plan& plan, Colour colour, std::size_t columns) {
  std::vector<Row> rows{{"RULE", "FIELD", "BEFORE", "AFTER", "REFERENCE"}};
  for (const Change& change : plan.changes) rows.push_back(row_of(change));
  for (const Change& change : plan.reported) {
    rows.push_back(row_of(change));
    rows.back()[0] += " (report)";
  }
  for (Row& row : rows) {
    for (std::string& text : row) text = printable(text, 4096);
  }
  const auto widths = widths_of(rows, columns);
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string text = row[i];
      if (text.size() > widths[i]) text = text.substr(0, widths[i] - 3) + "...";
      line += text + std::string(widths[i] - text.size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    const bool heading = &row == &rows.front();
    out += heading && colour == Colour::yes ? "\x1b[1m" + line + "\x1b[0m\n" : line + '\n';
  }
  return out + beside_the_document(plan);
}

}  // namespace

std::string report(const Json& original, const Plan& plan, ReportFormat format, Colour colour,
                   std::size_t columns) {
  switch (format) {
    case ReportFormat::config:
      return plan.config.dump(2) + '\n';
    case ReportFormat::diff:
      return as_diff(original, plan, colour);
    case ReportFormat::patch:
      return Json::diff(original, plan.config).dump(2) + '\n';
    case ReportFormat::table:
      return as_table(plan, colour, columns);
    case ReportFormat::json:
      return as_json(plan);
  }
  return {};
}

}  // namespace hardened
