// SPDX-License-Identifier: Apache-2.0
// The catalogue as a whole, and what must hold of every plan whatever its rules: never twice,
// nothing lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/rule.hpp"
#include "pinned_facts.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

std::map<std::string, Json> corpus() {
  std::map<std::string, Json> documents;
  for (const auto& entry : fs::directory_iterator(HARDENED_SOURCE "/tests/corpus/config")) {
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    documents[entry.path().stem()] = parse_document(text.str());
  }
  return documents;
}

Facts facts() {
  Facts facts = pinned_facts();
  facts.host.memory_bytes = 8ULL << 30;
  facts.host.resource_limits = {{"RLIMIT_NOFILE", {1024, 524288}}};
  return facts;
}

// A profile in which every rule has `mode`.
Profile profile_with(std::string_view name, std::string_view mode) {
  Json json = Policy::builtin().profile(name).json();
  for (const Rule& rule : catalogue()) json.at("rules").at(std::string(rule.name))["mode"] = mode;
  return Profile(std::string(name), json);
}

TEST(Catalogue, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Rule& rule : catalogue()) EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
}

TEST(Catalogue, EveryRuleSaysWhatItStopsAndHasSettings) {
  const Profile standard = Policy::builtin().profile("standard");
  for (const Rule& rule : catalogue()) {
    EXPECT_FALSE(rule.stops.empty()) << rule.name;
    EXPECT_NO_THROW(standard.settings(rule.name).at("mode")) << rule.name;
  }
}

TEST(Catalogue, RulesThatReadOthersWorkComeAfterThem) {
  const auto place = [](std::string_view name) {
    const auto all = catalogue();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Rule& rule) { return rule.name == name; });
    EXPECT_NE(found, all.end()) << name;
    return found - all.begin();
  };
  EXPECT_LT(place("privileged"), place("capabilities"));
  EXPECT_LT(place("privileged"), place("devices"));
  EXPECT_LT(place("user-namespace"), place("process"));
  EXPECT_LT(place("read-only-rootfs"), place("mounts"));
}

TEST(Plans, ARuleInReportModeChangesNothingAndRefusesNothing) {
  const Profile profile = profile_with("standard", "report");
  for (const auto& [name, document] : corpus()) {
    const Plan plan = make_plan(document, profile, facts(), "");
    EXPECT_EQ(plan.config, document) << name;
    EXPECT_TRUE(plan.changes.empty() && plan.refusals.empty()) << name;
    EXPECT_FALSE(plan.reported.empty()) << name;
  }
}

TEST(Plans, ARuleThatIsOffDoesNothing) {
  const Profile profile = profile_with("standard", "off");
  for (const auto& [name, document] : corpus()) {
    const Plan plan = make_plan(document, profile, facts(), "");
    EXPECT_EQ(plan.config, document) << name;
    EXPECT_TRUE(plan.reported.empty() && plan.reported_refusals.empty()) << name;
  }
}

TEST(Plans, RewritingWhatWasRewrittenChangesNothing) {
  for (const char* name : {"standard", "strict", "pod", "build"}) {
    const Profile profile = Policy::builtin().profile(name);
    for (const auto& [document_name, document] : corpus()) {
      const Plan first = make_plan(document, profile, facts(), "");
      const Plan second = make_plan(first.config, profile, facts(), "");
      EXPECT_EQ(second.config, first.config) << name << ' ' << document_name;
      EXPECT_TRUE(second.changes.empty())
          << name << ' ' << document_name << ' ' << second.changes.front().pointer;
    }
  }
}

// Fields that nobody knows, with numbers at the edges, at the top and inside objects that rules
// write to.
TEST(Plans, WhatNoRuleOwnsComesOutAsItWentIn) {
  const Json unknown = parse_document(
      R"({"b": 18446744073709551615, "a": [-9223372036854775808, 1.5, null], "": {}})");
  for (const char* name : {"standard", "strict", "pod", "build"}) {
    const Profile profile = Policy::builtin().profile(name);
    for (auto [document_name, document] : corpus()) {
      for (const char* parent :
           {"", "/process", "/process/capabilities", "/linux", "/linux/resources"}) {
        document[Json::json_pointer(parent)]["x-unknown"] = unknown;
      }
      const Plan plan = make_plan(document, profile, facts(), "");
      for (const char* parent :
           {"", "/process", "/process/capabilities", "/linux", "/linux/resources"}) {
        const Json* kept = find(plan.config, std::string(parent) + "/x-unknown");
        ASSERT_NE(kept, nullptr) << name << ' ' << document_name << ' ' << parent;
        EXPECT_EQ(kept->dump(), unknown.dump()) << name << ' ' << document_name << ' ' << parent;
      }
      EXPECT_EQ(plan.config.at("process").at("args"), document.at("process").at("args"));
      EXPECT_EQ(find_array(plan.config, "/process/env"), find_array(document, "/process/env"));
    }
  }
}

}  // namespace
}  // namespace hardened
