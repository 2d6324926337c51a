// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/advisories.hpp"

#include <set>

#include "observation_fixture.hpp"

namespace hardened {
namespace {

std::set<std::string> holes(const std::string& output) {
  const auto version = parse_runtime_version(output);
  EXPECT_TRUE(version.has_value()) << output;
  std::set<std::string> ids;
  for (const Advisory& advisory : known_advisories()) {
    if (version && affects(advisory, *version)) ids.insert(advisory.id);
  }
  return ids;
}

TEST(Advisories, EveryEntryIsComplete) {
  EXPECT_GT(known_advisories().size(), 20U);
  for (const Advisory& one : known_advisories()) {
    EXPECT_TRUE(one.id.starts_with("CVE-")) << one.id;
    EXPECT_TRUE(one.runtime == "runc" || one.runtime == "crun") << one.id;
    EXPECT_FALSE(one.fixed.empty()) << one.id;
    for (const std::string& fixed : one.fixed) EXPECT_TRUE(parse_version(fixed)) << one.id;
    EXPECT_TRUE(one.introduced.empty() || parse_version(one.introduced)) << one.id;
    EXPECT_TRUE(std::set<std::string>({"stopped", "reduced", "open"}).contains(one.hardened))
        << one.id;
    EXPECT_FALSE(one.subject.empty() || one.by.empty()) << one.id;
    EXPECT_TRUE(one.reference.starts_with("https://")) << one.id;
  }
}

TEST(Advisories, EachBranchHasItsOwnFix) {
  const std::set<std::string> procfs{"CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881"};
  const std::string late = "CVE-2026-41579";
  for (const char* fixed : {"1.2.8", "1.3.3", "1.4.0-rc.3", "1.4.0"}) {
    for (const std::string& id : procfs) {
      EXPECT_FALSE(holes(std::string("runc version ") + fixed).contains(id)) << fixed;
    }
  }
  for (const char* open : {"1.1.15", "1.2.7", "1.3.2", "1.4.0-rc.2"}) {
    for (const std::string& id : procfs) {
      EXPECT_TRUE(holes(std::string("runc version ") + open).contains(id)) << open;
    }
  }
  EXPECT_TRUE(holes("runc version 1.4.2").contains(late));
  EXPECT_TRUE(holes("runc version 1.5.0-rc.2").contains(late));
  EXPECT_EQ(holes("runc version 1.5.0").size(), 0U);
}

TEST(Advisories, WhatCameWithALaterVersionIsNotInEarlierOnes) {
  EXPECT_FALSE(holes("runc version 1.0.0-rc92").contains("CVE-2024-21626"));
  EXPECT_TRUE(holes("runc version 1.0.0-rc93").contains("CVE-2024-21626"));
  EXPECT_FALSE(holes("crun version 1.18").contains("CVE-2026-30892"));
  EXPECT_TRUE(holes("crun version 1.19").contains("CVE-2026-30892"));
  EXPECT_EQ(holes("crun version 1.30").size(), 0U);
}

TEST(Advisories, ACandidateIsOlderThanItsRelease) {
  EXPECT_TRUE(older(*parse_version("1.2.0-rc.3"), *parse_version("1.2.0")));
  EXPECT_TRUE(older(*parse_version("1.0.0~rc93+ds1"), *parse_version("1.0.0-rc95")));
  EXPECT_FALSE(older(*parse_version("1.1.5+ds1"), *parse_version("1.1.5")));
  EXPECT_TRUE(older(*parse_version("1.9"), *parse_version("1.20")));
  EXPECT_FALSE(parse_version("unknown"));
  EXPECT_FALSE(parse_version("1"));
}

TEST(Advisories, APackageIsKnownByItsVersion) {
  EXPECT_TRUE(
      parse_runtime_version("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\n")->distribution);
  EXPECT_TRUE(parse_runtime_version("runc version 1.3.0-0ubuntu2~24.04.1\n")->distribution);
  EXPECT_FALSE(
      parse_runtime_version("runc version 1.3.3\ncommit: v1.3.3-0-gd842d771\n")->distribution);
  EXPECT_FALSE(parse_runtime_version("runc 1.3.3"));
}

TEST(Advisories, UpstreamsOwnBuildFailsAndAPackageIsToBeCompared) {
  Observation seen = good();
  seen.runtime.version = "runc version 1.1.11\ncommit: v1.1.11-0-g4bccb38c\n";
  EXPECT_EQ(verdict(seen, "runtime/advisories"), Verdict::fail);
  EXPECT_TRUE(contains(finding(seen, "runtime/advisories").details.at(0), "stopped by process"));
  seen.runtime.package = "runc 1.1.11-1";
  EXPECT_EQ(verdict(seen, "runtime/advisories"), Verdict::warn);
  EXPECT_TRUE(contains(finding(seen, "runtime/advisories").remedy, "security-tracker"));
}

TEST(Advisories, ARuntimeThatIsMissingOrUnknown) {
  Observation seen = good();
  seen.runtime = {"", "", "", "no low-level runtime found"};
  EXPECT_EQ(verdict(seen, "runtime/found"), Verdict::fail);
  seen.runtime = {"/usr/bin/youki", "youki version 0.5.0\n", "", ""};
  EXPECT_EQ(verdict(seen, "runtime/advisories"), Verdict::unknown);
  seen.runtime.version = "";
  EXPECT_EQ(verdict(seen, "runtime/found"), Verdict::unknown);
}

}  // namespace
}  // namespace hardened
