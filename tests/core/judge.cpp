// SPDX-License-Identifier: Apache-2.0
#include "judge_fixture.hpp"

namespace hardened::judging {
namespace {

TEST(Judge, WhatTheProfileLeavesPassesEveryItemThatTheKernelShows) {
  const Judgement judgement = judged(hardened_container());
  for (const Judged& item : judgement.items) {
    EXPECT_LE(item.verdict, Verdict::pass) << item.id << ' ' << said(item);
  }
  EXPECT_EQ(Verdict::pass, worst(judgement));
}

TEST(Judge, EveryItemOfTheBenchmarkIsThereOnceAndInItsOrder) {
  const Judgement judgement = judged(hardened_container());
  for (int number = 1; number <= 32; ++number) {
    EXPECT_EQ("CIS 5." + std::to_string(number), judgement.items.at(number - 1).id);
  }
}

TEST(Judge, WhatOnlyTheEngineKnowsIsNeverPassed) {
  const Judgement judgement = judged(hardened_container());
  for (const std::string id : {"5.1", "5.8", "5.9", "5.14", "5.15", "5.27", "5.28", "5.30"}) {
    EXPECT_EQ(Verdict::not_judged, item_of(judgement, "CIS " + id).verdict) << id;
  }
}

// Everything gone: nothing may pass of what needs a look.
TEST(Judge, NothingSeenIsNothingPassed) {
  ContainerSighting container;
  HostSighting host;
  host.facts.apparmor = true;
  host.facts.cgroup_version = 2;
  const Judgement judgement = judged(container, host);
  for (const Judged& item : judgement.items) {
    EXPECT_NE(Verdict::pass, item.verdict) << item.id << ' ' << said(item);
  }
  EXPECT_EQ("privileged", judgement.level);
}

TEST(Judge, AProcessThatEndedMeanwhileIsSaidByEveryCheckOfProcesses) {
  ContainerSighting container = hardened_container();
  container.unseen = {"process 4711 ended while it was looked at"};
  const Judgement judgement = judged(container);
  for (const std::string id : {"CIS 5.4", "CIS 5.22", "CIS 5.23", "CIS 5.26", "CIS 5.31", "oom"}) {
    EXPECT_EQ("WARN: process 4711 ended while it was looked at", said(item_of(judgement, id)));
  }
  EXPECT_EQ(Verdict::pass, item_of(judgement, "CIS 5.13").verdict);
}

TEST(Judge, APartThatIsClosedIsSaidAndNotPassed) {
  ContainerSighting container = hardened_container();
  container.processes[0].unseen = {"limits: access denied"};
  const Judgement judgement = judged(container);
  EXPECT_EQ("WARN: pid 100 (nginx) could not be looked at: limits: access denied",
            said(item_of(judgement, "CIS 5.19")));
  EXPECT_EQ(Verdict::pass, item_of(judgement, "CIS 5.4").verdict);
}

TEST(Judge, AFindingWithoutALineIsNoPass) {
  EXPECT_EQ(Verdict::warn, Finding().verdict());
  EXPECT_EQ(std::vector<std::string>{"nothing was looked at"}, Finding().evidence());
}

TEST(Judge, EvidenceBeginsWithTheWorstAndSaysHowMuchIsLeftOut) {
  Finding finding;
  finding.pass("fine");
  finding.warn("doubtful");
  for (int index = 0; index < 8; ++index) finding.fail("bad " + std::to_string(index));
  EXPECT_EQ(Verdict::fail, finding.verdict());
  const std::vector<std::string> evidence = finding.evidence();
  EXPECT_EQ("bad 0", evidence.front());
  EXPECT_EQ("and 3 more", evidence.back());
}

TEST(Judge, TheLevelIsTheHighestWhoseEveryControlPasses) {
  ContainerSighting container = hardened_container();
  Judgement judgement = judged(container);
  EXPECT_EQ("baseline", judgement.level);
  EXPECT_TRUE(judgement.level_ends.starts_with("Capabilities: pid 100 (nginx) has CAP_CHOWN"))
      << judgement.level_ends;
  container.processes[0].capabilities = {0, 0x400, 0x400, 0x400, 0};
  judgement = judged(container);
  EXPECT_EQ("restricted", judgement.level);
  EXPECT_EQ("", judgement.level_ends);
  container.processes[0].namespaces["net"] = "net:[4026531800]";
  judgement = judged(container);
  EXPECT_EQ("privileged", judgement.level);
  EXPECT_EQ("Host Namespaces: pid 100 (nginx) is in the host's net:[4026531800]",
            judgement.level_ends);
}

TEST(Judge, WhatCouldNotBeLookedAtGivesNoLevel) {
  ContainerSighting container = hardened_container();
  container.processes[0].capabilities = {0, 0x400, 0x400, 0x400, 0};
  container.unseen = {"process 4711 ended while it was looked at"};
  EXPECT_EQ("privileged", judged(container).level);
}

}  // namespace
}  // namespace hardened::judging
