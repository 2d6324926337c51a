// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "files.hpp"
#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

const Json kConfig = Json::parse(R"({
  "process": {
    "user": {"uid": 0, "gid": 0}, "args": ["sh"], "cwd": "/", "noNewPrivileges": true,
    "apparmorProfile": "hardened-default", "selinuxLabel": "s:c1", "oomScoreAdj": 100,
    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"]},
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 4096, "soft": 1024}, {"type": "RLIMIT_CORE", "hard": 0, "soft": 0}]
  },
  "linux": {
    "uidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}],
    "gidMappings": [{"containerID": 0, "hostID": 200000, "size": 1000}]
  }
})");

Profile profile(const std::string& overlay = "{}") {
  Policy policy = Policy::builtin();
  policy.layer(overlay, "test");
  return policy.profile("standard");
}

Ceiling ceiling(const std::string& overlay = "{}") { return ceiling_of(kConfig, profile(overlay)); }

Plan exec_of(const std::string& process, const Ceiling& most = ceiling()) {
  return plan_exec(parse_document(process), most);
}

Json lowered(const std::string& process) { return exec_of(process).config; }

void expect_refused(const std::string& process, const std::string& pointer,
                    const std::string& rule) {
  const Plan plan = exec_of(process);
  ASSERT_EQ(plan.refusals.size(), 1U) << process;
  EXPECT_EQ(plan.refusals[0].pointer, pointer);
  EXPECT_EQ(plan.refusals[0].rule, rule);
}

TEST(Exec, PrivilegedGetsNoMoreThanTheContainersBoundingSet) {
  const Json process = document_of(HARDENED_SOURCE "/tests/corpus/process/docker28-exec-priv.json");
  const Plan plan = plan_exec(process, ceiling());
  EXPECT_EQ(plan.config.at("capabilities").at("bounding"), Json({"CAP_CHOWN", "CAP_KILL"}));
  EXPECT_EQ(plan.config.at("capabilities").at("effective"), Json({"CAP_CHOWN", "CAP_KILL"}));
  EXPECT_EQ(plan.config.at("noNewPrivileges"), true);
  EXPECT_EQ(plan.config.at("apparmorProfile"), "hardened-default");
  EXPECT_TRUE(plan.refusals.empty());
  EXPECT_TRUE(std::any_of(plan.changes.begin(), plan.changes.end(), [](const Change& change) {
    return change.rule == "capabilities" && change.reference == "CIS 5.23";
  }));
}

// runc takes what it started the container with, which only a record has lowered.
TEST(Exec, WithoutCapabilitiesOfItsOwnItHasTheContainersAndNoMore) {
  const Json all{"CAP_CHOWN", "CAP_KILL"};
  const Json none = Json::array();
  for (const std::string absent : {"", R"(, "capabilities": null)"}) {
    const auto given = [&](const char* user) {
      return lowered(R"({"cwd": "/", "args": ["id"], "user": {"uid": )" + std::string(user) +
                     R"(, "gid": 0})" + absent + "}")
          .at("capabilities");
    };
    EXPECT_EQ(given("0"), (Json{{"bounding", all},
                                {"effective", all},
                                {"inheritable", none},
                                {"permitted", all},
                                {"ambient", none}}));
    EXPECT_EQ(given("33"), (Json{{"bounding", all},
                                 {"effective", none},
                                 {"inheritable", none},
                                 {"permitted", none},
                                 {"ambient", none}}));
  }
}

TEST(Exec, AContainerWithoutCapabilitiesGivesNone) {
  Ceiling none = ceiling();
  none.json["capabilities"] = Json::array();
  const Json process = document_of(HARDENED_SOURCE "/tests/corpus/process/docker28-exec-priv.json");
  const Plan plan = plan_exec(process, none);
  for (const auto& [set, names] : plan.config.at("capabilities").items())
    EXPECT_EQ(names, Json::array()) << set;
}

TEST(Exec, EveryProcessOfTheCorpusIsLoweredOnceAndForAll) {
  std::size_t documents = 0;
  for (const auto& entry : fs::directory_iterator(HARDENED_SOURCE "/tests/corpus/process")) {
    const Plan once = plan_exec(document_of(entry.path()), ceiling());
    const Plan twice = plan_exec(once.config, ceiling());
    EXPECT_EQ(once.config, twice.config) << entry.path();
    EXPECT_TRUE(twice.changes.empty()) << entry.path();
    EXPECT_TRUE(once.refusals.empty()) << entry.path();
    ++documents;
  }
  EXPECT_EQ(documents, 5U);
}

TEST(Exec, SetsAreCutSoThatTheyNest) {
  const Json given = Json::parse(R"({"capabilities": {
      "bounding": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_BPF"], "effective": ["CAP_KILL"],
      "inheritable": ["CAP_KILL", "CAP_CHOWN"], "ambient": ["CAP_KILL", "CAP_CHOWN"]}})");
  Ceiling most = ceiling();
  most.json["inheritable"] = most.json["ambient"] = Json({"CAP_CHOWN", "CAP_KILL"});
  const Json capabilities = plan_exec(given, most).config.at("capabilities");
  EXPECT_EQ(capabilities.at("permitted"), Json({"CAP_CHOWN"}));
  EXPECT_EQ(capabilities.at("effective"), Json::array());
  EXPECT_EQ(capabilities.at("inheritable"), Json({"CAP_CHOWN"}));
  EXPECT_EQ(capabilities.at("ambient"), Json({"CAP_CHOWN"}));
}

// Root is permitted by being root; what an execve of somebody else keeps is what the container's
// own process would keep.
TEST(Exec, InheritableAndAmbientAreTheContainersOwn) {
  const Json given = Json::parse(R"({"user": {"uid": 1000}, "capabilities": {
      "bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"],
      "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}})");
  const Json none = plan_exec(given, ceiling()).config.at("capabilities");
  EXPECT_EQ(none.at("inheritable"), Json::array());
  EXPECT_EQ(none.at("ambient"), Json::array());
  EXPECT_EQ(none.at("permitted"), Json({"CAP_KILL"}));
  Json config = kConfig;
  config["process"]["capabilities"]["inheritable"] = Json({"CAP_KILL"});
  config["process"]["capabilities"]["ambient"] = Json({"CAP_KILL"});
  const Ceiling most = ceiling_of(config, profile("{}"));
  EXPECT_EQ(plan_exec(given, most).config.at("capabilities").at("ambient"), Json({"CAP_KILL"}));
}

TEST(Exec, ANameSpelledOtherwiseIsNotInTheCeiling) {
  EXPECT_EQ(lowered(R"({"capabilities": {"bounding": ["cap_chown", "CAP_KILL", "KILL", "ALL"]}})")
                .at("capabilities")
                .at("bounding"),
            Json({"CAP_KILL"}));
}

TEST(Exec, AbsentAndFalseNoNewPrivilegesBecomeTheContainers) {
  EXPECT_EQ(lowered("{}").at("noNewPrivileges"), true);
  EXPECT_EQ(lowered(R"({"noNewPrivileges": false})").at("noNewPrivileges"), true);
}

TEST(Exec, LabelsBecomeTheContainersEmptyOnesToo) {
  EXPECT_EQ(lowered(R"({"apparmorProfile": "unconfined"})").at("apparmorProfile"),
            "hardened-default");
  EXPECT_EQ(lowered(R"({"apparmorProfile": ""})").at("apparmorProfile"), "hardened-default");
  EXPECT_EQ(lowered(R"({"selinuxLabel": "s:spc_t"})").at("selinuxLabel"), "s:c1");
  EXPECT_FALSE(lowered("{}").contains("apparmorProfile"));
}

TEST(Exec, RlimitsAreTheContainersAndMayBeLower) {
  const Json rlimits = lowered(R"({"rlimits": [
      {"type": "RLIMIT_NOFILE", "hard": 18446744073709551615, "soft": 18446744073709551615},
      {"type": "RLIMIT_MEMLOCK", "hard": 18446744073709551615, "soft": 0}]})")
                           .at("rlimits");
  EXPECT_EQ(rlimits, Json::parse(R"([{"type": "RLIMIT_NOFILE", "hard": 4096, "soft": 4096},
                                     {"type": "RLIMIT_CORE", "hard": 0, "soft": 0}])"));
  EXPECT_EQ(lowered(R"({"rlimits": [{"type": "RLIMIT_NOFILE", "hard": 10, "soft": 5}]})")
                .at("/rlimits/0/hard"_json_pointer),
            10);
  EXPECT_EQ(lowered("{}").at("rlimits"), kConfig.at("process").at("rlimits"));
}

// Which of two of one type counts is the runtime's choice: the lower one is what an exec has.
TEST(Exec, OfTwoRlimitsOfTheContainersTheLowerIsTheCeiling) {
  Json config = kConfig;
  Json& own = config["process"]["rlimits"];
  own = Json::parse(R"([{"type": "RLIMIT_CORE", "hard": 7, "soft": 0},
                        {"type": "RLIMIT_CORE", "hard": 5, "soft": 0}])");
  const Ceiling two = ceiling_of(config, profile("{}"));
  EXPECT_EQ(plan_exec(Json::object(), two).config.at("rlimits"), Json::array({own[1]}));
  const Json given = {{"rlimits", {{{"type", "RLIMIT_CORE"}, {"hard", 6}, {"soft", 6}}}}};
  EXPECT_EQ(plan_exec(given, two).config.at("/rlimits/0/hard"_json_pointer), 5);
}

TEST(Exec, NegativeRlimitsAreInvalid) {
  try {
    exec_of(R"({"rlimits": [{"type": "RLIMIT_NOFILE", "hard": -1, "soft": 0}]})");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
    EXPECT_EQ(error.pointer(), "/rlimits/0/hard");
  }
}

TEST(Exec, OomScoreIsNotBelowTheContainers) {
  EXPECT_EQ(lowered(R"({"oomScoreAdj": -999})").at("oomScoreAdj"), 100);
  EXPECT_EQ(lowered(R"({"oomScoreAdj": 500})").at("oomScoreAdj"), 500);
  EXPECT_FALSE(lowered("{}").contains("oomScoreAdj"));
}

TEST(Exec, UsersOutsideTheMappingAreRefused) {
  expect_refused(R"({"user": {"uid": 65536, "gid": 0}})", "/user/uid", "process");
  expect_refused(R"({"user": {"uid": 0, "gid": 1000}})", "/user/gid", "process");
  expect_refused(R"({"user": {"uid": 0, "additionalGids": [5, 4294967295]}})",
                 "/user/additionalGids/1", "process");
  EXPECT_TRUE(exec_of(R"({"user": {"uid": 65535, "gid": 999}})").refusals.empty());
}

TEST(Exec, RootIsRefusedWhereTheContainerMustNotHaveIt) {
  const Ceiling strict = ceiling_of(kConfig, Policy::builtin().profile("strict"));
  ASSERT_EQ(exec_of("{}", strict).refusals.size(), 1U);
  EXPECT_EQ(exec_of("{}", strict).refusals[0].setting, "rules.process.root_user");
  EXPECT_TRUE(exec_of(R"({"user": {"uid": 33, "gid": 33}})", strict).refusals.empty());
}

TEST(Exec, WorkingDirectoriesThroughADescriptorAreRefused) {
  for (const std::string cwd : {"/proc/self/fd/7", "/proc", "//proc/./1/cwd", "/x/../proc/self",
                                "/dev/fd/3", "proc/1", "/link/../../proc", "/dev/stdin"}) {
    EXPECT_TRUE(through_descriptor(cwd)) << cwd;
    expect_refused("{\"cwd\": \"" + cwd + "\"}", "/cwd", "process");
  }
  for (const std::string cwd : {"/", "", "/home/proc", "/procs", "/dev", "/a/../b"}) {
    EXPECT_FALSE(through_descriptor(cwd)) << cwd;
  }
}

TEST(Exec, ALabelThatTheContainerDoesNotHaveIsRefused) {
  Ceiling without = ceiling();
  without.json.erase("selinuxLabel");
  const Plan plan = exec_of(R"({"selinuxLabel": "u:r:spc_t:s0"})", without);
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_EQ(plan.refusals[0].pointer, "/selinuxLabel");
  EXPECT_TRUE(exec_of(R"({"selinuxLabel": ""})", without).refusals.empty());
}

TEST(Exec, AnIoPriorityIsDroppedWhereCreateRefusesIt) {
  const std::string process = R"({"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 0}})";
  EXPECT_FALSE(lowered(process).contains("ioPriority"));
  const Ceiling allowing = ceiling(
      R"({"profiles": {"standard": {"rules": {"powerful-fields": {"io_priority": "allow"}}}}})");
  EXPECT_TRUE(exec_of(process, allowing).config.contains("ioPriority"));
  // Whatever the policy says of the processor.
  const Ceiling realtime =
      ceiling(R"({"profiles": {"standard": {"rules": {"cpu": {"realtime": "allow"}}}}})");
  EXPECT_FALSE(exec_of(process, realtime).config.contains("ioPriority"));
}

TEST(Exec, PrioritiesOverTheHostAreDropped) {
  const Json process = lowered(R"({"scheduler": {"policy": "SCHED_FIFO", "priority": 99},
                                   "ioPriority": {"class": "IOPRIO_CLASS_RT", "priority": 0}})");
  EXPECT_FALSE(process.contains("scheduler"));
  EXPECT_FALSE(process.contains("ioPriority"));
  EXPECT_EQ(lowered(R"({"scheduler": {"policy": "SCHED_BATCH", "nice": -20}})")
                .at("scheduler")
                .at("nice"),
            0);
}

TEST(Exec, WhatThePolicyLeftAloneAtCreateIsLeftAlone) {
  for (const std::string mode : {"report", "off"}) {
    const Ceiling most =
        ceiling(R"({"profiles": {"standard": {"rules": {"capabilities": {"mode": ")" + mode +
                R"("}, "no-new-privileges": {"mode": ")" + mode + R"("}}}}})");
    const Json process = exec_of(R"({"capabilities": {"bounding": ["CAP_BPF"]}})", most).config;
    EXPECT_EQ(process.at("capabilities").at("bounding"), Json({"CAP_BPF"})) << mode;
    EXPECT_FALSE(process.contains("noNewPrivileges")) << mode;
  }
}

TEST(Exec, EverythingElseComesOutAsItWentIn) {
  const Json process = parse_document(
      R"({"terminal": true, "consoleSize": {"height": 1}, "args": ["a"], "env": ["X=1"], "cwd": "/a", "new": 1.5})");
  const Json result = plan_exec(process, ceiling()).config;
  for (const auto& [key, value] : process.items()) EXPECT_EQ(result.at(key), value) << key;
}

}  // namespace
}  // namespace hardened
