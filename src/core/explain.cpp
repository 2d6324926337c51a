// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/explain.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/cell.hpp"
#include "hardened/core/decision.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLongest = 300;  // cell without a terminal
constexpr std::string_view kIndent = "  ";

std::string text_at(const Json& json, std::string_view pointer) {
  return find_string(json, pointer).value_or("");
}

const Rule* rule_named(const std::string& name) {
  const auto rules = catalogue();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

std::optional<Json> member(const Json& object, const char* key) {
  const Json* value = find(object, join("", key));
  return value == nullptr ? std::nullopt : std::optional(*value);
}

// The trail tells a long value by its size and digest.
std::string value_cell(const Json& change, const char* key, const char* other, const char* sign,
                       std::size_t longest) {
  const auto value = member(change, key);
  if (value && value->is_object() && value->size() == 2 && value->contains("digest")) {
    return std::to_string(find_integer(*value, "/bytes").value_or(0)) + " bytes";
  }
  return cell(value, member(change, other), sign, longest);
}

class Explanation {
 public:
  Explanation(const Json& decision, const ExplainStyle& style)
      : decision_(decision), style_(style) {}

  std::string text() {
    head();
    refusals("/refusals", "refused");
    refusals("/reported_refusals", "would be refused, if this rule were enforced");
    changes("/changes", "");
    changes("/reported", " (reported: nothing was changed)");
    degraded("/degraded", " (the host could not)", "went on without: ");
    degraded("/reported_degraded", " (reported: the host could not)", "would go on without: ");
    return std::move(out_);
  }

 private:
  void head() {
    const auto some = [&](const char* pointer, const std::string& before) {
      const std::string value = text_at(decision_, pointer);
      return value.empty() ? "" : before + value;
    };
    std::string text = text_at(decision_, "/operation") + some("/id", " of ") +
                       some("/engine", " by ") + some("/profile", ", profile ") + ", " +
                       text_at(decision_, "/time") + ": " + text_at(decision_, "/outcome");
    bold(text);
    if (const auto error = find_string(decision_, "/error/text")) line(*error);
    if (const auto first = find_integer(decision_, "/id_range/first_id")) {
      line("its ids from 0 on are the host's from " + std::to_string(*first) + " on, " +
           std::to_string(find_integer(decision_, "/id_range/size").value_or(0)) + " of them");
    }
    bool whole = true;
    for (const std::string list : kTrailLists) {
      const auto more = find_integer(decision_, "/" + list + "_left_out");
      if (more) line(std::to_string(*more) + " more " + list + " than the trail's line holds");
      whole = whole && !more;
    }
    const bool nothing =
        find_array(decision_, "/changes").empty() && find_array(decision_, "/refusals").empty();
    if (nothing && whole && text_at(decision_, "/outcome") == "passed") line("nothing was changed");
  }

  void refusals(const char* list, const std::string& how) {
    std::optional<std::string> rule;
    for (const Json& one : find_array(decision_, list)) {
      if (text_at(one, "/rule") != rule) {
        rule = text_at(one, "/rule");
        title(*rule, " (" + how + ")");
        stops(*rule, "");
      }
      const std::string reference = text_at(one, "/reference");
      line(text_at(one, "/pointer") + " asks for " + text_at(one, "/asked") +
           (reference.empty() ? "" : " (" + reference + ")"));
      setting(text_at(one, "/setting"));
    }
  }

  void changes(const char* list, const std::string& how) {
    std::vector<std::string> rules;
    for (const Json& change : find_array(decision_, list)) {
      const std::string rule = text_at(change, "/rule");
      if (!rule.empty() && std::ranges::find(rules, rule) == rules.end()) rules.push_back(rule);
    }
    for (const std::string& rule : rules) {
      title(rule, how);
      std::string reference;
      std::vector<TableRow> rows{{"FIELD", "BEFORE", "AFTER", "WHY"}};
      const std::size_t longest = style_.columns == 0 ? kLongest : std::string::npos;
      for (const Json& change : find_array(decision_, list)) {
        if (text_at(change, "/rule") != rule) continue;
        reference = text_at(change, "/reference");
        rows.push_back(
            {text_at(change, "/path"), value_cell(change, "before", "value", "-", longest),
             value_cell(change, "value", "before", "+", longest), text_at(change, "/reason")});
      }
      stops(rule, reference);
      setting(setting_of(rule));
      indent(table(rows, inner_columns(), Colour::no));
    }
  }

  void degraded(const char* list, const std::string& how, const std::string& what) {
    for (const Json& one : find_array(decision_, list)) {
      title(text_at(one, "/rule"), how);
      line(what + text_at(one, "/what"));
    }
  }

  void stops(const std::string& name, const std::string& reference) {
    const Rule* rule = rule_named(name);
    if (rule == nullptr) return;
    line("stops: " + std::string(rule->stops) + (reference.empty() ? "" : " (" + reference + ")"));
  }

  void setting(const std::string& setting) {
    if (!setting.empty()) line("setting: " + setting);
  }

  void title(const std::string& rule, const std::string& how) {
    out_ += '\n';
    bold((rule.empty() ? "the document" : rule) + how);
  }

  std::size_t inner_columns() const {
    return style_.columns == 0 ? 0 : std::max<std::size_t>(style_.columns, 40) - kIndent.size();
  }

  void bold(const std::string& text) {
    const std::string shown = printable(text, kWhole);
    out_ += style_.colour == Colour::yes ? "\x1b[1m" + shown + "\x1b[0m\n" : shown + '\n';
  }

  void line(const std::string& text) {
    const std::string shown = printable(text, kWhole);
    if (style_.columns == 0) return indent(shown + '\n');
    for (const std::string& part : wrapped(shown, inner_columns())) indent(part + '\n');
  }

  void indent(std::string_view lines) {
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n') + 1;
      out_.append(kIndent).append(lines.substr(0, end));
      lines.remove_prefix(end);
    }
  }

  const Json& decision_;
  const ExplainStyle& style_;
  std::string out_;
};

}  // namespace

std::string explain(const Json& decision, const ExplainStyle& style) {
  return Explanation(decision, style).text();
}

Json explained(const Json& decision) {
  Json copy = decision;
  for (const char* list : {"changes", "refusals", "reported", "reported_refusals"}) {
    for (Json& one : copy[list]) {
      const std::string name = text_at(one, "/rule");
      if (const Rule* rule = rule_named(name)) one["stops"] = rule->stops;
      if (!one.contains("setting") && !name.empty()) one["setting"] = setting_of(name);
    }
  }
  return copy;
}

}  // namespace hardened
