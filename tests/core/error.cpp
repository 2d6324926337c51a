// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "hardened/core/plan.hpp"

namespace hardened {
namespace {

TEST(Errors, ReasonsAreNotTheWordsThatDockerTakesForAMissingCommand) {
  EXPECT_EQ(errno_text(ENOENT), "does not exist");
  EXPECT_EQ(errno_text(EACCES), "access denied");
  EXPECT_EQ(errno_text(ENOTDIR), "is no directory");
  EXPECT_EQ(errno_text(ENOSPC), "no space left on device");
  EXPECT_EQ(errno_text(12345), "error 12345");
}

TEST(Errors, ContextGoesBeforeAndMoreGoesBehind) {
  Error error(ErrorKind::refused, "/a", "no");
  EXPECT_STREQ(error.within("file").followed_by("and 2 more").what(), "file: /a: no; and 2 more");
  EXPECT_EQ(error.pointer(), "/a");
}

TEST(Errors, ARefusalNamesRulePlaceWishReferenceAndSetting) {
  const Refusal refusal{"cpu", "/linux", "all of it", "CIS 5.12", "rules.cpu.shares"};
  EXPECT_EQ(describe(refusal),
            "cpu: /linux: asks for all of it (CIS 5.12); policy setting: rules.cpu.shares");
  EXPECT_EQ(refused(refusal).kind(), ErrorKind::refused);
  EXPECT_EQ(refused(refusal).pointer(), "/linux");
  EXPECT_STREQ(refused({"restore", "", "x", "CIS 5", "restore"}).what(),
               "restore: asks for x (CIS 5); policy setting: restore");
  EXPECT_EQ(describe({"cgroup", "/c", "x", "CIS 5.25", "rules.cgroup.mode"}),
            "cgroup: /c: asks for x (CIS 5.25); policy setting: rules.cgroup.mode, for the whole "
            "rule");
}

TEST(Errors, AnEngineIsToldThreeRefusalsAndHowManyMore) {
  Plan plan;
  require_no_refusals(plan);
  for (const char* pointer : {"/a", "/b", "/c", "/d", "/e"}) {
    plan.refusals.push_back({"r", pointer, "x", "CIS 5", "s"});
  }
  try {
    require_no_refusals(plan);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(error.pointer(), "/a");
    EXPECT_STREQ(error.what(),
                 "r: /a: asks for x (CIS 5); policy setting: s; r: /b: asks for x (CIS 5); policy "
                 "setting: s; r: /c: asks for x (CIS 5); policy setting: s; and 2 more");
  }
}

}  // namespace
}  // namespace hardened
