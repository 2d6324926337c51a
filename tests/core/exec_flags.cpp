// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

const Ceiling kCeiling{Json::parse(R"({
  "capabilities": ["CAP_CHOWN", "CAP_KILL"], "noNewPrivileges": true, "apparmorProfile": "own", "selinuxLabel": "s:own",
  "rlimits": [{"type": "RLIMIT_CORE", "hard": 0, "soft": 0}], "oomScoreAdj": 0, "uidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}],
  "gidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}], "rootUser": "allow", "realtime": "refuse",
  "enforced": ["capabilities", "no-new-privileges", "lsm", "rlimits", "process", "cpu"]})")};

using Words = std::vector<std::string>;

// The container's own process: what an unhardened engine wrote.
Json own() {
  return Json::parse(R"({"args": ["init"], "cwd": "/srv", "env": ["A=1"], "terminal": true,
    "user": {"uid": 33, "gid": 33}, "noNewPrivileges": false, "apparmorProfile": "weak", "oomScoreAdj": 5,
    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_ADMIN"], "effective": ["CAP_CHOWN"],
                     "permitted": ["CAP_CHOWN", "CAP_SYS_ADMIN"], "inheritable": []},
    "rlimits": [{"type": "RLIMIT_CORE", "hard": 7, "soft": 7}]})");
}

Plan plan_of(const Words& words, const Ceiling& ceiling = kCeiling) {
  return plan_exec(process_of_flags(own(), Invocation::parse(words)), ceiling);
}

Json lowered(const Words& words, const Ceiling& ceiling = kCeiling) {
  return plan_of(words, ceiling).config;
}

void expect_refused(const Words& words, const std::string& pointer,
                    const Ceiling& ceiling = kCeiling) {
  const Plan plan = plan_of(words, ceiling);
  ASSERT_EQ(plan.refusals.size(), 1U) << words[1];
  EXPECT_EQ(plan.refusals[0].pointer, pointer);
}

void expect_error(const Words& words, ErrorKind kind, const std::string& text) {
  try {
    Invocation invocation = Invocation::parse(words);
    process_of_flags(own(), invocation);
    settle_exec_flags(invocation);
    ADD_FAILURE() << "accepted: " << words[1];
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(ExecFlags, TheContainersOwnProcessComesDownToTheCeiling) {
  const Json process = lowered({"exec", "c1", "sh", "-c", "x"});
  EXPECT_EQ(process.at("args"), Json({"sh", "-c", "x"}));
  EXPECT_EQ(process.at("terminal"), false);
  EXPECT_EQ(process.at("cwd"), "/srv");
  EXPECT_EQ(process.at("env"), Json({"A=1"}));
  EXPECT_EQ(process.at("user"), own().at("user"));
  EXPECT_EQ(process.at("noNewPrivileges"), true);
  EXPECT_EQ(process.at("apparmorProfile"), "own");
  EXPECT_EQ(process.at("oomScoreAdj"), 5);
  EXPECT_EQ(process.at("capabilities").at("bounding"), Json({"CAP_CHOWN"}));
  EXPECT_EQ(process.at("capabilities").at("permitted"), Json({"CAP_CHOWN"}));
  EXPECT_EQ(process.at("rlimits"), kCeiling.json.at("rlimits"));
}

TEST(ExecFlags, FlagsLieOverIt) {
  const Json process = lowered({"exec", "-t", "--cwd=/tmp", "-e", "B=2", "--env", "C=3", "-u",
                                "1:2", "-g", "3", "-g", "4", "c1", "sh"});
  EXPECT_EQ(process.at("terminal"), true);
  EXPECT_EQ(process.at("cwd"), "/tmp");
  EXPECT_EQ(process.at("env"), Json({"A=1", "B=2", "C=3"}));
  EXPECT_EQ(process.at("user"), Json({{"uid", 1}, {"gid", 2}, {"additionalGids", {3, 4}}}));
  EXPECT_EQ(lowered({"exec", "--user=7", "c1", "sh"}).at("user"), Json({{"uid", 7}, {"gid", 33}}));
}

TEST(ExecFlags, CapabilitiesBeyondTheContainerAreDropped) {
  const Json sets =
      lowered({"exec", "--cap", "CAP_SYS_ADMIN", "-c", "CAP_KILL", "c1", "sh"}).at("capabilities");
  EXPECT_EQ(sets.at("bounding"), Json({"CAP_CHOWN", "CAP_KILL"}));
  EXPECT_EQ(sets.at("effective"), Json({"CAP_CHOWN", "CAP_KILL"}));
  EXPECT_EQ(sets.at("inheritable"), Json::array());
}

TEST(ExecFlags, NoNewPrivilegesCannotBeSwitchedOff) {
  EXPECT_EQ(lowered({"exec", "--no-new-privs=false", "c1", "sh"}).at("noNewPrivileges"), true);
}

TEST(ExecFlags, LabelsBecomeTheContainers) {
  const Json process =
      lowered({"exec", "--apparmor", "unconfined", "--process-label=x", "c1", "sh"});
  EXPECT_EQ(process.at("apparmorProfile"), "own");
  EXPECT_EQ(process.at("selinuxLabel"), "s:own");
}

TEST(ExecFlags, UsersOutsideTheMappingAreRefusedAndWrappedOnesAreNoIds) {
  expect_refused({"exec", "--user", "70000", "c1", "sh"}, "/user/uid");
  expect_refused({"exec", "-u", "0:70000", "c1", "sh"}, "/user/gid");
  expect_refused({"exec", "-g", "70000", "c1", "sh"}, "/user/additionalGids/0");
  for (const std::string user : {"4294967296", "-1", "root", "0x0", "1:", " 1"}) {
    expect_error({"exec", "--user=" + user, "c1", "sh"}, ErrorKind::usage, "is no id");
  }
}

TEST(ExecFlags, RootIsRefusedOnlyWhereItIsAskedFor) {
  Ceiling no_root = kCeiling;
  no_root.json["rootUser"] = "refuse";
  expect_refused({"exec", "--user", "0", "c1", "sh"}, "/user/uid", no_root);
  EXPECT_TRUE(plan_of({"exec", "c1", "sh"}, no_root).refusals.empty());
}

TEST(ExecFlags, WorkingDirectoryThroughADescriptorIsRefused) {
  expect_refused({"exec", "--cwd", "/proc/self/fd/7", "c1", "sh"}, "/cwd");
}

TEST(ExecFlags, WithoutACommandThereIsNothingToStart) {
  expect_error({"exec", "c1"}, ErrorKind::usage, "no command");
}

TEST(ExecFlags, CgroupsOfOthersAreRefused) {
  for (const std::string cgroup :
       {"../x", "a/../../b", "cpu:../x", "/system.slice", "cpu:/x", "a:b:c"}) {
    expect_error({"exec", "--cgroup", cgroup, "c1", "sh"}, ErrorKind::refused, "--cgroup");
  }
  for (const std::string cgroup : {"sub/a..b", "/"}) {
    Invocation invocation = Invocation::parse({"exec", "--cgroup", cgroup, "c1", "sh"});
    EXPECT_NO_THROW(settle_exec_flags(invocation));
  }
}

TEST(ExecFlags, OnlyWhatTheDocumentDoesNotSayStaysOnTheCommandLine) {
  Invocation invocation = Invocation::parse({"exec",
                                             "--no-new-privs",
                                             "--env",
                                             "A=1",
                                             "-e",
                                             "B=2",
                                             "--cap=CAP_KILL",
                                             "-u",
                                             "0",
                                             "-t",
                                             "--cwd=/",
                                             "-g",
                                             "1",
                                             "--apparmor=x",
                                             "--process-label",
                                             "y",
                                             "--preserve-fds",
                                             "2",
                                             "--pid-file",
                                             "/p",
                                             "-d",
                                             "c1",
                                             "sh",
                                             "--cap",
                                             "x"});
  settle_exec_flags(invocation);
  EXPECT_EQ(invocation.arguments(), (Words{"exec", "--preserve-fds", "2", "--pid-file", "/p",
                                           "--detach", "c1", "sh", "--cap", "x"}));
}

TEST(ExecFlags, WhatThePolicyLeftAloneIsLeftAlone) {
  Ceiling loose = kCeiling;
  loose.json["enforced"] = Json::array();
  const Json process = lowered({"exec", "--cap", "CAP_BPF", "--user", "70000", "c1", "sh"}, loose);
  EXPECT_EQ(process.at("user").at("uid"), 70000);
  EXPECT_EQ(process.at("capabilities").at("effective"), Json({"CAP_CHOWN", "CAP_BPF"}));
}

}  // namespace
}  // namespace hardened
