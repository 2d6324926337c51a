// SPDX-License-Identifier: Apache-2.0
// The rule cgroup where the container's id and the host are known, which goldens do not have.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr const char* kId = "0e46664c2d449a86";

Plan plan_of(const std::string& path, const std::string& id, const CgroupFact& fact,
             const std::string& settings = "{}") {
  Policy policy = Policy::builtin();
  policy.layer(R"({"profiles": {"standard": {"rules": {"cgroup": )" + settings + "}}}}", "test");
  const Profile profile = policy.profile("standard");
  const Json document = {{"linux", {{"cgroupsPath", path}}}};
  Facts facts;
  facts.cgroup = fact;
  Plan plan;
  plan.config = document;
  for (const Rule& rule : catalogue()) {
    if (rule.name == "cgroup")
      apply_rule(rule, plan, {document, profile, profile.settings("cgroup"), facts, id});
  }
  return plan;
}

constexpr CgroupFact kFree{Sight::seen, false, false};

void expect_refused(const Plan& plan, const std::string& setting) {
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_EQ(plan.refusals[0].pointer, "/linux/cgroupsPath");
  EXPECT_EQ(plan.refusals[0].setting, setting);
}

TEST(Cgroup, EveryEnginesOwnFormPasses) {
  for (const std::string before :
       {"/docker/", "system.slice:docker:", "/default/", "/k8s.io/", "machine.slice:libpod:",
        "/kubepods/burstable/pod1/", "kubepods-burstable-pod1.slice:cri-containerd:", ":docker:",
        "/kubepods.slice/kubepods-pod1.slice/crio-", "kubepods-pod1.slice:crio:", "buildkit/",
        "/team/batch/", "team-batch.slice:docker:", "/libpod_parent/libpod-", "",
        "/libpod_parent/0e46664c2d449a860e46664c2d449a860e46664c2d449a860e46664c2d449a86/"
        "libpod-"}) {
    const Plan plan = plan_of(before + kId, kId, kFree);
    EXPECT_TRUE(plan.refusals.empty()) << before << describe(plan.refusals.front());
    EXPECT_TRUE(plan.unverified.empty()) << before;
  }
  EXPECT_TRUE(
      plan_of("/system.slice/docker-" + std::string(kId) + ".scope", kId, kFree).refusals.empty());
}

TEST(Cgroup, EveryPathThatAnEngineWroteIsForItsContainerAndForNoOther) {
  std::size_t seen = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(HARDENED_SOURCE "/tests/corpus/config")) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const auto path = find_string(parse_document(text.str()), "/linux/cgroupsPath");
    if (!path) continue;
    ++seen;
    const std::string id = path->substr(path->find_last_of(":/") + 1);
    EXPECT_TRUE(plan_of(*path, id, kFree).refusals.empty()) << *path;
    expect_refused(plan_of(*path, "other", kFree), "rules.cgroup.other_names");
  }
  EXPECT_GT(seen, 20U);
}

TEST(Cgroup, PathsOfOthersAreRefused) {
  for (const std::string path :
       {"/docker/other", "system.slice:docker:other", "/docker/0e46664c2d449a86/other",
        "system.slice:0e46664c2d449a86:other", "/docker/x0e46664c2d449a86"}) {
    expect_refused(plan_of(path, kId, kFree), "rules.cgroup.other_names");
    EXPECT_TRUE(plan_of(path, kId, kFree, R"({"other_names": "allow"})").refusals.empty());
  }
}

TEST(Cgroup, FormsThatRuntimesReadDifferentlyAreRefused) {
  const std::string id = kId;
  for (const std::string& path : std::vector<std::string>{
           "/docker.slice", "system.slice:" + id, "system.slice:docker:x:" + id, "/a.scope/" + id,
           "system.slice:/../docker:" + id, "system.slice:do cker:" + id, "/docker:x/" + id,
           "system.slice:docker:../" + id}) {
    expect_refused(plan_of(path, kId, kFree), "rules.cgroup.mode");
  }
}

TEST(Cgroup, WhatIsInUseAlreadyIsRefused) {
  const std::string path = "/docker/" + std::string(kId);
  expect_refused(plan_of(path, kId, {Sight::seen, true, false}), "rules.cgroup.occupied");
  expect_refused(plan_of(path, kId, {Sight::seen, false, true}), "rules.cgroup.occupied");
  EXPECT_TRUE(
      plan_of(path, kId, {Sight::seen, true, true}, R"({"occupied": "allow"})").refusals.empty());
}

TEST(Cgroup, WhatWasNotLookedAtIsUnverified) {
  const std::string path = "/docker/" + std::string(kId);
  EXPECT_EQ(plan_of(path, kId, {}).unverified.size(), 1U);
  EXPECT_TRUE(plan_of(path, "", kFree).unverified.empty()) << "dry-run knows no id to compare";
  EXPECT_TRUE(plan_of(path, "", kFree).refusals.empty());
}

}  // namespace
}  // namespace hardened
