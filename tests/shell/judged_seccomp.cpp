// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/judged_seccomp.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "fake_kernel.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/seccomp.hpp"
#include "hardened/shell/record.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class JudgedSeccomp : public testing::Test {
 protected:
  JudgedSeccomp() {
    environment.state = directory / "state";
    config = {{"process", {{"capabilities", {{"bounding", {"CAP_CHOWN"}}}}}},
              {"linux",
               {{"seccomp",
                 tighten_seccomp(Json(), profile.settings("seccomp"), {"CAP_CHOWN"}).profile}}}};
  }
  void evaluate() { evaluate_seccomp_once(kernel, environment, config, profile); }
  void allow_unshare() {
    config["linux"]["seccomp"] = Json::parse(
        R"({"defaultAction": "SCMP_ACT_ERRNO",
            "syscalls": [{"names": ["unshare"], "action": "SCMP_ACT_ALLOW"}]})");
  }
  std::vector<fs::path> files() {
    std::vector<fs::path> found;
    if (!fs::exists(directory / "state/seccomp")) return found;
    for (const auto& entry : fs::directory_iterator(directory / "state/seccomp")) {
      found.push_back(entry.path());
    }
    return found;
  }
  static std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  // As if the profile of `config` had been passed once.
  fs::path claim_passed() {
    const Json right = config.at("linux").at("seccomp");
    evaluate();
    Json question = Json::parse(text_of(files().at(0)));
    EXPECT_EQ(question.at("profile"), right);
    allow_unshare();
    question["profile"] = config.at("linux").at("seccomp");
    const fs::path path = directory / ("state/seccomp/" + digest_of(question.dump()));
    std::ofstream(path) << question.dump();
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    return path;
  }

  FakeKernel kernel;
  TemporaryDirectory directory;
  Environment environment;
  Profile profile = Policy::builtin().profile("standard");
  Json config;
};

TEST_F(JudgedSeccomp, WhatPassedOnceIsNotEvaluatedAgain) {
  claim_passed();
  EXPECT_NO_THROW(evaluate());
}

TEST_F(JudgedSeccomp, TheWholeQuestionCounts) {
  const fs::path path = claim_passed();
  const std::string text = text_of(path);
  const std::vector<std::string> others{text + " ", text.substr(1), std::string(text.size(), ' ')};
  for (const std::string& other : others) {
    std::ofstream(path, std::ios::trunc) << other;
    EXPECT_THROW(evaluate(), Error) << other.substr(0, 20);
  }
}

TEST_F(JudgedSeccomp, SettingsAndCapabilitiesBelongToIt) {
  evaluate();
  config["process"]["capabilities"]["bounding"].push_back("CAP_KILL");
  evaluate();
  EXPECT_EQ(files().size(), 2U);
  Policy policy = Policy::builtin();
  policy.layer(R"({"profiles": {"standard": {"rules": {"seccomp": {"denied": ["getpid"]}}}}})",
               "p");
  profile = policy.profile("standard");
  EXPECT_THROW(evaluate(), Error);
}

TEST_F(JudgedSeccomp, WhatAnotherCouldHaveWrittenIsNotBelieved) {
  const fs::path path = claim_passed();
  fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
  EXPECT_THROW(evaluate(), Error);
}

TEST_F(JudgedSeccomp, ARefusalIsNotKept) {
  allow_unshare();
  EXPECT_THROW(evaluate(), Error);
  EXPECT_THROW(evaluate(), Error);
  EXPECT_TRUE(files().empty());
}

TEST_F(JudgedSeccomp, ItDoesNotGrowWithoutEnd) {
  evaluate();
  for (int number = 0; number < 40; ++number) {
    std::ofstream(directory / ("state/seccomp/" + std::to_string(number))) << "{}";
  }
  config["process"]["capabilities"]["bounding"].push_back("CAP_KILL");
  evaluate();
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(JudgedSeccomp, WhatFailsThereCostsTimeOnly) {
  for (std::size_t call = 0;; ++call) {
    FakeKernel fails;
    fails.fail_at = call;
    EXPECT_NO_THROW(evaluate_seccomp_once(fails, environment, config, profile)) << call;
    if (fails.calls.size() <= call) break;
    fs::remove_all(directory / "state");
  }
  allow_unshare();
  EXPECT_THROW(evaluate(), Error);
}

}  // namespace
}  // namespace hardened
