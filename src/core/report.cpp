// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/report.hpp"

#include <algorithm>

#include "core/cell.hpp"
#include "core/plan_json.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/line_diff.hpp"
#include "hardened/core/table.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongest = 160;  // cell of a table without a terminal

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
                  {"reported_unverified", degraded_json(plan.reported_unverified)},
                  {"degraded", degraded_json(plan.degraded)},
                  {"reported_degraded", degraded_json(plan.reported_degraded)},
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

TableRow row_of(const Change& change, std::size_t longest) {
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
  for (const Degradation& one : plan.reported_degraded)
    add("would go on without: " + describe(one));
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

std::vector<TableRow> rows_of(const Plan& plan, std::size_t longest) {
  std::vector<TableRow> rows{{"RULE", "FIELD", "BEFORE", "AFTER", "REFERENCE"}};
  for (const Change& change : plan.changes) rows.push_back(row_of(change, longest));
  for (const Change& change : plan.reported) {
    rows.push_back(row_of(change, longest));
    rows.back()[0] += " (report)";
  }
  for (const Refusal& refusal : plan.reported_refusals) {
    rows.push_back(
        {refusal.rule + " (report)", refusal.pointer, refusal.asked, "refused", refusal.reference});
  }
  return rows;
}

std::string as_table(const Plan& plan, const ReportStyle& style) {
  const std::size_t longest = style.columns == 0 ? kLongest : std::string::npos;
  return table(rows_of(plan, longest), style.columns, style.colour) +
         beside_the_document(plan, style);
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
