// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/log_view.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "hardened/core/decision.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::size_t kShortId = 12;  // as Docker prints ids

std::string text_at(const Json& line, std::string_view pointer) {
  return find_string(line, pointer).value_or("");
}

std::string short_id(const std::string& id) {
  const bool digest =
      id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return digest ? id.substr(0, kShortId) : id;
}

// Two runtimes' containers may have one id.
std::string container_of(const Json& line) {
  return text_at(line, "/root") + '\n' + text_at(line, "/id");
}

// Of a line that would have been too long.
std::size_t left_out(const Json& line, const std::string& list) {
  return static_cast<std::size_t>(find_integer(line, "/" + list + "_left_out").value_or(0));
}

std::size_t size_of(const Json& line, const std::string& list) {
  return find_array(line, "/" + list).size() + left_out(line, list);
}

bool are_strings(const Json& object, std::initializer_list<const char*> members) {
  for (const char* member : members) {
    const auto found = object.find(member);
    if (found != object.end() && !found->is_string()) return false;
  }
  return true;
}

bool are_entries(const Json& list) {
  return list.is_array() && std::ranges::all_of(list, [](const Json& entry) {
           return entry.is_object() &&
                  are_strings(entry, {"rule", "path", "pointer", "reason", "reference", "asked",
                                      "setting", "what"});
         });
}

bool are_counts(const Json& object, std::initializer_list<std::string> members) {
  return std::ranges::all_of(members, [&](const std::string& member) {
    const auto found = object.find(member);
    return found == object.end() || found->is_number_unsigned();
  });
}

// Somebody may have written it by hand; nothing in it stops the reading of the others.
bool has_form(const Json& line) {
  if (!line.is_object() || line.value("version", Json()) != Json(1)) return false;
  for (const char* list : kTrailLists) {
    const auto found = line.find(list);
    if (found != line.end() && !are_entries(*found)) return false;
    if (!are_counts(line, {std::string(list) + "_left_out"})) return false;
  }
  const Json error = line.value("error", Json());
  const Json range = line.value("id_range", Json());
  return are_strings(line, {"time", "operation", "outcome", "engine", "root", "id", "bundle",
                            "profile", "policy"}) &&
         (error.is_null() || (error.is_object() && are_strings(error, {"text", "pointer"}))) &&
         (range.is_null() || (range.is_object() && are_counts(range, {"first_id", "size"})));
}

bool names_rule(const Json& line, const std::string& rule) {
  for (const std::string list : kTrailLists) {
    if (left_out(line, list) != 0) return true;  // it may
    for (const Json& entry : find_array(line, "/" + list)) {
      if (find_string(entry, "/rule") == rule) return true;
    }
  }
  return false;
}

std::string counted(std::size_t count, const char* one, const char* several) {
  return std::to_string(count) + ' ' + (count == 1 ? one : several);
}

std::string what_of(const Json& line) {
  if (const auto error = find_string(line, "/error/text")) return *error;
  std::string text = counted(size_of(line, "changes"), "change", "changes");
  const std::size_t would_change = size_of(line, "reported");
  const std::size_t would_refuse = size_of(line, "reported_refusals");
  if (would_change != 0) text += ", " + std::to_string(would_change) + " more by rules that report";
  if (would_refuse != 0)
    text += ", would be refused: " + text_at(line, "/reported_refusals/0/asked");
  for (const Json& one : find_array(line, "/degraded"))
    text += "; without: " + text_at(one, "/what");
  for (const Json& one : find_array(line, "/reported_degraded"))
    text += "; would go on without: " + text_at(one, "/what");
  return text;
}

std::string names_of(const std::set<std::string>& containers) {
  constexpr std::size_t kMost = 3;
  std::string text = std::to_string(containers.size()) + " (";
  std::size_t count = 0;
  for (const std::string& container : containers) {
    if (count++ == kMost) {
      text += " ...";
      break;
    }
    text += (count > 1 ? " " : "") + short_id(container.substr(container.find('\n') + 1));
  }
  return text + ")";
}

std::set<std::string> everyone_in(const std::map<std::string, std::set<std::string>>& phrases) {
  std::set<std::string> everyone;
  for (const auto& [phrase, who] : phrases) everyone.insert(who.begin(), who.end());
  return everyone;
}

}  // namespace

std::optional<Json> parse_line(std::string_view line) {
  try {
    Json json = parse_document(line);
    if (has_form(json) && !text_at(json, "/operation").empty()) return json;
  } catch (const Error&) {
    // Somebody else's line.
  }
  return std::nullopt;
}

std::optional<std::string> line_of_journal(std::string_view entry) {
  constexpr std::array<std::string_view, 4> kOurs{"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER",
                                                  "HARDENED_DECISION"};
  try {
    const Json json = parse_document(entry);
    for (const auto& [name, value] : json.items()) {
      if (!name.starts_with('_') && std::ranges::find(kOurs, name) == kOurs.end())
        return std::nullopt;
    }
    return find_string(json, "/HARDENED_DECISION");
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool matches(const Json& line, const LogFilter& filter) {
  const auto is = [&](const std::string& wanted, std::string_view pointer) {
    return wanted.empty() || text_at(line, pointer) == wanted;
  };
  return text_at(line, "/time") >= filter.since && text_at(line, "/id").starts_with(filter.id) &&
         is(filter.operation, "/operation") && is(filter.outcome, "/outcome") &&
         is(filter.engine, "/engine") && is(filter.profile, "/profile") &&
         (filter.rule.empty() || names_rule(line, filter.rule));
}

std::string since_time(std::string_view text, std::uint64_t now) {
  constexpr std::array<std::pair<char, std::uint64_t>, 4> kUnits{
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  for (const auto& [unit, seconds] : kUnits) {
    if (error != std::errc{} || end + 1 != text.data() + text.size() || *end != unit) continue;
    constexpr std::uint64_t kMost = 100ULL * 365 * 86400;
    if (count > kMost / seconds) break;
    const std::uint64_t before = count * seconds * 1000000U;
    return utc_time(before < now ? now - before : 0);
  }
  const std::string whole = "0000-00-00T00:00:00.000000Z";
  const bool fits = text.size() >= 4 && text.size() <= whole.size() &&
                    std::equal(text.begin(), text.end(), whole.begin(), [](char given, char form) {
                      return form == '0' ? given >= '0' && given <= '9' : given == form;
                    });
  if (!fits) {
    throw Error(ErrorKind::usage, "--since: \"" + printable(text, 60) +
                                      "\" is neither 90s, 15m, 2h or 7d ago nor a time like "
                                      "2026-11-28T06:10 (UTC)");
  }
  return std::string(text);
}

TableRow log_header() {
  return {"TIME", "OPERATION", "OUTCOME", "ENGINE", "CONTAINER", "PROFILE", "WHAT"};
}

TableRow log_row(const Json& line) {
  const std::string time = text_at(line, "/time");
  const auto or_dash = [&](std::string_view pointer) {
    const std::string text = text_at(line, pointer);
    return text.empty() ? "-" : text;
  };
  return {time.size() > 19 ? time.substr(0, 19) + "Z" : time,
          text_at(line, "/operation"),
          text_at(line, "/outcome"),
          or_dash("/engine"),
          short_id(or_dash("/id")),
          or_dash("/profile"),
          what_of(line)};
}

void LogSummary::add(const Json& line) {
  const std::string container = container_of(line);
  containers_.insert(container);
  const std::string time = text_at(line, "/time");
  if (first_.empty() || time < first_) first_ = time;
  if (time > last_) last_ = time;
  if (const std::string policy = text_at(line, "/policy"); !policy.empty())
    policies_.insert(policy);
  for (const Json& entry : find_array(line, "/changes")) {
    // A parent that a change needed has no rule.
    const std::string rule = text_at(entry, "/rule");
    if (!rule.empty()) rules_[rule].changed.insert(container);
  }
  for (const Json& entry : find_array(line, "/reported"))
    rules_[text_at(entry, "/rule")].would_change.insert(container);
  const auto note = [&](const char* list, const char* phrase, Phrases Rule::*said) {
    for (const Json& entry : find_array(line, list)) {
      Phrases& phrases = rules_[text_at(entry, "/rule")].*said;
      phrases[text_at(entry, phrase) + '\n' + text_at(entry, "/setting")].insert(container);
    }
  };
  note("/refusals", "/asked", &Rule::asked);
  note("/reported_refusals", "/asked", &Rule::would_ask);
  note("/reported_degraded", "/what", &Rule::would_lack);
  for (const char* list : kTrailLists) {
    if (left_out(line, list) != 0)
      left_out_["more " + std::string(list) + " than the line holds"].insert(container);
  }
  if (text_at(line, "/outcome") == "failed")
    failed_[text_at(line, "/error/text")].insert(container);
  // By no rule: a document that cannot be read, a host that cannot do it.
  if (text_at(line, "/outcome") == "refused" && find_array(line, "/refusals").empty()) {
    rules_["-"].asked[text_at(line, "/error/text") + '\n'].insert(container);
  }
}

std::vector<TableRow> LogSummary::rows() const {
  std::vector<TableRow> rows{{"RULE", "DECISION", "CONTAINERS", "SETTING"}};
  for (const auto& [name, rule] : rules_) {
    const auto add = [&, &rule_name = name](const auto& refusals, const std::string& how) {
      for (const auto& [asked, who] : refusals) {
        const std::size_t end = asked.find('\n');
        rows.push_back(
            {rule_name, how + asked.substr(0, end), names_of(who), asked.substr(end + 1)});
      }
    };
    add(rule.asked, "refused: ");
    add(rule.would_ask, "would refuse: ");
    add(rule.would_lack, "would go on without: ");
    if (!rule.changed.empty())
      rows.push_back({name, "changed", names_of(rule.changed), setting_of(name)});
    if (!rule.would_change.empty())
      rows.push_back({name, "would change", names_of(rule.would_change), setting_of(name)});
  }
  for (const auto& [why, who] : failed_) rows.push_back({"-", "failed: " + why, names_of(who), ""});
  for (const auto& [what, who] : left_out_) rows.push_back({"-", what, names_of(who), ""});
  return rows;
}

std::string LogSummary::text(std::size_t columns, Colour colour) const {
  std::set<std::string> refused, would;
  for (const auto& [name, rule] : rules_) {
    refused.merge(everyone_in(rule.asked));
    would.merge(everyone_in(rule.would_ask));
  }
  std::string out = counted(containers_.size(), "container", "containers") + ", " +
                    std::to_string(refused.size()) + " refused, " + std::to_string(would.size()) +
                    " that would be refused if every rule were enforced\n";
  if (!containers_.empty()) out += "decided from " + first_ + " to " + last_ + '\n';
  if (policies_.size() > 1) {
    out += "under " + std::to_string(policies_.size()) +
           " policies: what an earlier one said is in it too, --since leaves that out\n";
  }
  const std::vector<TableRow> found = rows();
  if (found.size() == 1) return out;
  return out + '\n' + table(found, columns, colour);
}

Json LogSummary::json() const {
  const auto list = [](const std::set<std::string>& containers) {
    Json array = Json::array();
    for (const std::string& container : containers) {
      const std::size_t end = container.find('\n');
      array.push_back({{"root", container.substr(0, end)}, {"id", container.substr(end + 1)}});
    }
    return array;
  };
  Json rules = Json::object();
  for (const auto& [name, rule] : rules_) {
    const auto refusals_of = [&](const auto& refusals) {
      Json array = Json::array();
      for (const auto& [asked, who] : refusals) {
        const std::size_t end = asked.find('\n');
        array.push_back({{"asked", asked.substr(0, end)},
                         {"setting", asked.substr(end + 1)},
                         {"containers", list(who)}});
      }
      return array;
    };
    rules[name] = {{"changed", list(rule.changed)},
                   {"refused", list(everyone_in(rule.asked))},
                   {"would_change", list(rule.would_change)},
                   {"would_refuse", list(everyone_in(rule.would_ask))},
                   {"would_go_without", list(everyone_in(rule.would_lack))},
                   {"refusals", refusals_of(rule.asked)},
                   {"would_be_refusals", refusals_of(rule.would_ask)},
                   {"setting", setting_of(name)}};
  }
  Json failures = Json::array();
  for (const auto& [why, who] : failed_)
    failures.push_back({{"error", why}, {"containers", list(who)}});
  return {{"first", first_},       {"last", last_},
          {"policies", policies_}, {"containers", list(containers_)},
          {"rules", rules},        {"failed", failures}};
}

}  // namespace hardened
