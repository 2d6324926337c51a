// SPDX-License-Identifier: Apache-2.0
// A refusal names the setting that would allow it. Here somebody does what it says, with nothing
// but its words, for everything that is refused in a golden: it must go through then, the verifier
// included.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>

#include "files.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/verifier.hpp"
#include "pinned_facts.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

// Whatever a message names: each run of up to three of its words ("c 10:229 rwm"), without quotes,
// and without what follows "=".
std::vector<std::string> named_in(const std::string& asked) {
  std::vector<std::string> words;
  std::istringstream stream(asked);
  for (std::string word; stream >> word;) {
    std::erase_if(word,
                  [](char c) { return std::string_view("\",;()").find(c) != std::string::npos; });
    words.push_back(word);
  }
  std::vector<std::string> runs;
  for (std::size_t first = 0; first < words.size(); ++first) {
    std::string run;
    for (std::size_t last = first; last < std::min(first + 3, words.size()); ++last) {
      run += (run.empty() ? "" : " ") + words[last];
      runs.push_back(run);
      runs.push_back(run.substr(0, run.find('=')));
    }
  }
  return runs;
}

const Json& resolved(const Json& schema, const Json& part) {
  if (!part.contains("$ref")) return part;
  const std::string name = part.at("$ref").get<std::string>();
  return resolved(schema, schema.at(Json::json_pointer(name.substr(1))));
}

const Json& schema_of(const Json& schema, const std::string& rule, const std::string& setting) {
  return resolved(
      schema,
      schema.at("$defs").at("rules").at("properties").at(rule).at("properties").at(setting));
}

// A list and what the message names, as far as the schema takes it.
Json longer(const Json& list, const Json& items, const Refusal& refusal) {
  Json all = list;
  std::vector<std::string> names = named_in(refusal.asked);
  // The pointer is a part of the message, and holds what blanks would tear apart.
  names.push_back(Json::json_pointer(refusal.pointer).back());
  const std::regex pattern(items.value("pattern", "^"));
  for (const std::string& name : names) {
    if (std::regex_search(name, pattern)) all.push_back(name);
  }
  return all;
}

// The value of a setting that allows more than `now` does.
Json eased(const Json& schema, const Refusal& refusal, const Json& now) {
  const std::size_t dot = refusal.setting.find('.', 6);
  const std::string name = refusal.setting.substr(dot + 1);
  const std::string rule = refusal.setting.substr(6, dot - 6);
  const Json& part = schema_of(schema, rule, name);
  if (name == "mode") return "off";
  if (now.is_boolean()) return name.starts_with("allow");
  if (now.is_array()) {
    Json items = resolved(schema, part.at("items"));
    if (refusal.setting == "rules.devices.allowed") items["pattern"] = "^[abc] \\S+:\\S+ [rwm]+$";
    return longer(now, items, refusal);
  }
  if (now.is_number())
    return name == "lowest_host_id" ? Json(0) : part.value("maximum", Json(1LL << 40));
  for (const Json& choice : part.at("enum")) {
    if (choice != "refuse") return choice;
  }
  return now;
}

Profile ease(Policy& policy, const std::string& profile, const Refusal& refusal) {
  static const Json schema =
      parse_document(text_of(HARDENED_SOURCE "/defaults/policy.schema.json"));
  const std::size_t dot = refusal.setting.find('.', 6);
  const std::string rule = refusal.setting.substr(6, dot - 6);
  const Profile before = policy.profile(profile);
  const Json& now = before.settings(rule);
  const std::string name = refusal.setting.substr(dot + 1);
  const Json value = eased(schema, refusal, now.at(name));
  const Json layer{{"profiles", {{profile, {{"rules", {{rule, {{name, value}}}}}}}}}};
  policy.layer(layer.dump(), "eased.json");
  return policy.profile(profile);
}

// What an earlier rule gave, and will give again.
void without_ids(Json& document) {
  for (const char* list : {"uidMappings", "gidMappings", "namespaces"}) {
    if (document.contains("linux")) document["linux"].erase(list);
  }
}

class Settings : public testing::TestWithParam<std::string> {};

TEST_P(Settings, TheOneThatARefusalNamesAllows) {
  std::size_t refused = 0;
  for (const fs::path& directory : golden_cases()) {
    if (!document_of(directory / "expected.json").contains("refusals")) continue;
    Json document = document_of(directory / "config.json");
    if (fs::exists(directory / "mapping.json")) without_ids(document);
    Facts facts = facts_at(directory / "facts.json");
    Policy policy = Policy::builtin();
    Profile profile = policy.profile(GetParam());
    Plan plan = make_plan(document, profile, facts, "");
    SCOPED_TRACE(directory.parent_path().filename().string() + '/' + directory.filename().string());
    // One after the other: what was refused may have hidden something else.
    for (int round = 0; round < 5 && !plan.refusals.empty(); ++round) {
      ++refused;
      for (const Refusal& refusal : plan.refusals) profile = ease(policy, GetParam(), refusal);
      const Json& range = profile.settings("user-namespace").at("range_size");
      if (facts.host.id_range.size != 0) facts.host.id_range.size = range.get<std::uint32_t>();
      plan = make_plan(document, profile, facts, "");
    }
    EXPECT_TRUE(plan.refusals.empty())
        << (plan.refusals.empty() ? "" : describe(plan.refusals.front()));
    if (!plan.refusals.empty()) continue;
    EXPECT_NO_THROW(verify_plan(document, plan, profile, facts));
  }
  EXPECT_GT(refused, 100U);
}

INSTANTIATE_TEST_SUITE_P(Under, Settings, testing::Values("standard", "strict"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace hardened
