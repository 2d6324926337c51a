// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

const Ceiling kCeiling{Json::parse(R"({
  "capabilities": ["CAP_CHOWN", "CAP_KILL"], "noNewPrivileges": true, "apparmorProfile": "own", "selinuxLabel": "s:own",
  "rlimits": [], "oomScoreAdj": 0, "uidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}],
  "gidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}], "rootUser": "allow", "realtime": "refuse",
  "enforced": ["capabilities", "no-new-privileges", "lsm", "rlimits", "process", "cpu"]})")};

using Words = std::vector<std::string>;

Words lowered(const Words& words, const Ceiling& ceiling = kCeiling) {
  Invocation invocation = Invocation::parse(words);
  lower_exec_flags(invocation, ceiling);
  return invocation.arguments();
}

void expect_error(const Words& words, ErrorKind kind, const std::string& text,
                  const Ceiling& ceiling = kCeiling) {
  try {
    lowered(words, ceiling);
    ADD_FAILURE() << "accepted: " << words[1];
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(ExecFlags, CapabilitiesBeyondTheContainerAreDropped) {
  EXPECT_EQ(lowered({"exec", "--cap", "CAP_SYS_ADMIN", "-c", "CAP_KILL", "c1", "sh"}),
            (Words{"exec", "--cap", "CAP_KILL", "--no-new-privs", "c1", "sh"}));
  EXPECT_EQ(lowered({"exec", "--cap=CAP_SYS_ADMIN", "c1", "sh"}),
            (Words{"exec", "--no-new-privs", "c1", "sh"}));
}

TEST(ExecFlags, NoNewPrivilegesCannotBeSwitchedOffOrLeftOut) {
  EXPECT_EQ(lowered({"exec", "--no-new-privs=false", "c1", "sh"}),
            (Words{"exec", "--no-new-privs", "c1", "sh"}));
  EXPECT_EQ(lowered({"exec", "c1", "sh"}), (Words{"exec", "--no-new-privs", "c1", "sh"}));
}

TEST(ExecFlags, LabelsBecomeTheContainers) {
  EXPECT_EQ(
      lowered({"exec", "--apparmor", "unconfined", "--process-label=x", "c1", "sh"}),
      (Words{"exec", "--apparmor", "own", "--process-label=s:own", "--no-new-privs", "c1", "sh"}));
}

TEST(ExecFlags, UsersOutsideTheMappingAreRefusedAndWrappedOnesAreNoIds) {
  expect_error({"exec", "--user", "70000", "c1", "sh"}, ErrorKind::refused, "/user/uid");
  expect_error({"exec", "-u", "0:70000", "c1", "sh"}, ErrorKind::refused, "/user/gid");
  expect_error({"exec", "-g", "70000", "c1", "sh"}, ErrorKind::refused, "/user/additionalGids/0");
  for (const std::string user : {"4294967296", "-1", "root", "0x0", "1:", " 1"}) {
    expect_error({"exec", "--user=" + user, "c1", "sh"}, ErrorKind::usage, "is no id");
  }
  EXPECT_NO_THROW(lowered({"exec", "--user", "33:33", "c1", "sh"}));
}

TEST(ExecFlags, RootIsRefusedOnlyWhereItIsAskedFor) {
  Ceiling no_root = kCeiling;
  no_root.json["rootUser"] = "refuse";
  expect_error({"exec", "--user", "0", "c1", "sh"}, ErrorKind::refused, "CIS 5.24", no_root);
  EXPECT_NO_THROW(lowered({"exec", "c1", "sh"}, no_root));
}

TEST(ExecFlags, WorkingDirectoryThroughADescriptorIsRefused) {
  expect_error({"exec", "--cwd", "/proc/self/fd/7", "c1", "sh"}, ErrorKind::refused,
               "CVE-2024-21626");
}

TEST(ExecFlags, CgroupsOfOthersAreRefused) {
  for (const std::string cgroup :
       {"../x", "a/../../b", "cpu:../x", "/system.slice", "cpu:/x", "a:b:c"}) {
    expect_error({"exec", "--cgroup", cgroup, "c1", "sh"}, ErrorKind::refused, "--cgroup");
  }
  EXPECT_NO_THROW(lowered({"exec", "--cgroup", "sub/a..b", "c1", "sh"}));
  EXPECT_NO_THROW(lowered({"exec", "--cgroup", "/", "c1", "sh"}));
}

TEST(ExecFlags, TheRestPasses) {
  const Words words{"exec", "--no-new-privs", "--env", "A=1", "-e", "B=2",   "--preserve-fds",
                    "2",    "--pid-file",     "/p",    "c1",  "sh", "--cap", "x"};
  EXPECT_EQ(lowered(words), words);
}

TEST(ExecFlags, WhatThePolicyLeftAloneIsLeftAlone) {
  Ceiling loose = kCeiling;
  loose.json["enforced"] = Json::array();
  const Words words{"exec", "--cap", "CAP_BPF", "--user", "70000", "c1", "sh"};
  EXPECT_EQ(lowered(words, loose), words);
}

}  // namespace
}  // namespace hardened
