// SPDX-License-Identifier: Apache-2.0
// tests/golden/<rule>/<case>/: config.json through that one rule gives expected.json: the RFC 6902
// patch, the refusals as the user reads them, what was judged by its text. Beside them, where
// needed: policy.json (laid over the built-in one; its "use" names the profile), facts.json, and
// mapping.json where an earlier rule has given the container ids of its own.
// UPDATE_GOLDEN=1 rewrites expected.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "files.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/rule.hpp"
#include "pinned_facts.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

const Rule& rule_named(const std::string& name) {
  for (const Rule& rule : catalogue()) {
    if (rule.name == name) return rule;
  }
  throw std::runtime_error("no rule is called " + name);
}

Profile profile_of(const fs::path& directory) {
  Policy policy = Policy::builtin();
  std::string profile = "standard";
  if (fs::exists(directory / "policy.json")) {
    Json json = parse_document(text_of(directory / "policy.json"), {.comments = true});
    profile = json.value("use", profile);
    json.erase("use");
    policy.layer(json.dump(), "policy.json");
  }
  return policy.profile(profile);
}

// Every refusal says what was asked for and where, which recommendation stands against it, and the
// setting that would allow it: one that the profile has.
void expect_complete(const Refusal& refusal, const Rule& rule, const Profile& profile) {
  const std::string text = describe(refusal);
  EXPECT_EQ(refusal.rule, rule.name) << text;
  EXPECT_TRUE(refusal.pointer.starts_with('/')) << text;
  EXPECT_FALSE(refusal.asked.empty()) << text;
  const std::regex reference(R"((CIS \d|PSS |CVE-\d|runtime-spec |\w+\(\d\)).*)");
  EXPECT_TRUE(std::regex_match(refusal.reference, reference)) << text;
  EXPECT_TRUE(refusal.setting.starts_with("rules.")) << text;
  std::string setting = "/" + refusal.setting;
  std::replace(setting.begin(), setting.end(), '.', '/');
  EXPECT_NE(find(profile.json(), setting), nullptr) << text;
}

Json outcome(const fs::path& directory) {
  const Json config = document_of(directory / "config.json");
  const Facts facts = facts_at(directory / "facts.json");
  const Profile profile = profile_of(directory);
  const std::string name = directory.parent_path().filename();
  const Rule& rule = rule_named(name);
  Plan plan;
  plan.config = config;
  if (fs::exists(directory / "mapping.json")) {
    const Json range = document_of(directory / "mapping.json");
    plan.mapping = maps_of({range.at("first"), range.at("size")});
  }
  apply_rule(rule, plan, {config, profile, profile.settings(rule.name), facts, ""});
  for (const Refusal& refusal : plan.refusals) expect_complete(refusal, rule, profile);
  Json result{{"patch", Json::diff(config, plan.config)}};
  for (const Refusal& refusal : plan.refusals) result["refusals"].push_back(describe(refusal));
  for (const std::string& what : plan.unverified) result["unverified"].push_back(what);
  for (const Degradation& degradation : plan.degraded) {
    result["degraded"].push_back(describe(degradation));
  }
  if (plan.mapping) result["mapping"] = id_map_text(plan.mapping->users);
  return result;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, RuleGivesWhatIsExpected) {
  const Json result = outcome(GetParam());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(GetParam() / "expected.json") << result.dump(2) << '\n';
  }
  EXPECT_EQ(result, document_of(GetParam() / "expected.json")) << result.dump(2);
}

TEST(Goldens, EveryRuleHasOne) {
  for (const Rule& rule : catalogue()) {
    EXPECT_TRUE(fs::exists(fs::path(HARDENED_SOURCE "/tests/golden") / rule.name)) << rule.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Case, Golden, testing::ValuesIn(golden_cases()), [](const auto& param) {
  std::string name =
      param.param.parent_path().filename().string() + "_" + param.param.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace hardened
