// SPDX-License-Identifier: Apache-2.0
// The invariants of every rewrite, over every document that a real engine wrote and every golden's
// input, under every built-in profile: never weaker, idempotent, lossless, and whatever goes
// through passes the verifier.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "files.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/patch.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/verifier.hpp"
#include "pinned_facts.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(HARDENED_SOURCE "/tests/corpus/config"))
    found.push_back(entry.path());
  for (const auto& entry : fs::recursive_directory_iterator(HARDENED_SOURCE "/tests/golden")) {
    if (entry.path().filename() == "config.json") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Facts facts_beside(const fs::path& document) {
  return document.filename() == "config.json" ? facts_at(document.parent_path() / "facts.json")
                                              : pinned_facts();
}

struct Case {
  std::string name;
  Json document;
  Facts facts;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const fs::path& path : documents()) {
    all.push_back(
        {fs::relative(path, HARDENED_SOURCE "/tests"), document_of(path), facts_beside(path)});
  }
  return all;
}

class Invariants : public testing::TestWithParam<std::string> {
 protected:
  const Profile profile = Policy::builtin().profile(GetParam());

  Plan plan(const Json& config, const Case& entry) const {
    return make_plan(config, profile, entry.facts, "");
  }
};

TEST_P(Invariants, NeverWeaker) {
  for (const Case& entry : cases()) {
    const Plan once = plan(entry.document, entry);
    EXPECT_NO_THROW(verify_not_weaker(entry.document, once.config, entry.facts)) << entry.name;
  }
}

TEST_P(Invariants, WhatGoesThroughPassesTheVerifier) {
  std::size_t through = 0;
  for (const Case& entry : cases()) {
    const Plan once = plan(entry.document, entry);
    if (!once.refusals.empty()) {
      EXPECT_THROW(require_no_refusals(once), Error) << entry.name;
      continue;
    }
    ++through;
    EXPECT_NO_THROW(verify_plan(entry.document, once, profile, entry.facts)) << entry.name;
  }
  EXPECT_GT(through, 0U);
}

TEST_P(Invariants, ASecondRewriteChangesNothing) {
  for (const Case& entry : cases()) {
    const Plan once = plan(entry.document, entry);
    const Plan twice = plan(once.config, entry);
    EXPECT_EQ(twice.config, once.config)
        << entry.name << Json::diff(once.config, twice.config).dump(2);
    EXPECT_TRUE(twice.changes.empty()) << entry.name;
  }
}

// RFC 6902: what the audit trail keeps is what happened. Of the documents that engines wrote, each of
// which most rules change.
TEST_P(Invariants, TheRecordedChangesMakeTheRewriteOfTheOriginal) {
  for (const Case& entry : cases()) {
    if (!entry.name.starts_with("corpus/")) continue;
    const Plan once = plan(entry.document, entry);
    const Json patch = patch_of(entry.document, once.changes);
    EXPECT_EQ(entry.document.patch(patch), once.config) << entry.name;
  }
}

TEST_P(Invariants, FieldsThatNobodyKnowsComeOutAsTheyWentIn) {
  const Json mark = Json::parse(R"({"deep": [1, 2.5, 18446744073709551615, {"x": null}]})");
  for (const Case& entry : cases()) {
    Json marked = entry.document;
    std::vector<std::string> places;
    for (const char* parent : {"", "/process", "/root", "/linux"}) {
      const Json* object = find(marked, parent);
      if (object != nullptr && object->is_object()) places.push_back(join(parent, "vnd.mark"));
    }
    for (const std::string& place : places) marked[Json::json_pointer(place)] = mark;
    const Plan once = plan(marked, entry);
    for (const std::string& place : places) {
      ASSERT_NE(find(once.config, place), nullptr) << entry.name << place;
      EXPECT_EQ(*find(once.config, place), mark) << entry.name << place;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Under, Invariants, testing::Values("standard", "strict", "pod", "build"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace hardened
