// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "files.hpp"
#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/limits.hpp"

namespace hardened {
namespace {

constexpr std::int64_t kMaximum = 8'000'000'000 / 4096 * 4096;  // 80 percent of the host's
constexpr std::int64_t kMost = kMaximum - 4096;                 // a page of it is swap

HostFacts host() {
  HostFacts facts;
  facts.memory_bytes = 10'000'000'000;
  facts.cpus = 2;
  return facts;
}

Profile profile(const std::string& overlay = "{}") {
  Policy policy = Policy::builtin();
  policy.layer(overlay, "test");
  return policy.profile("standard");
}

Plan update_of(const std::string& resources) {
  return plan_update(parse_document(resources), profile(), host());
}

Json lowered(const std::string& resources) { return update_of(resources).config; }

void expect_refused(const std::string& resources, const std::string& pointer,
                    const std::string& rule) {
  const Plan plan = update_of(resources);
  ASSERT_EQ(plan.refusals.size(), 1U) << resources;
  EXPECT_EQ(plan.refusals[0].pointer, pointer);
  EXPECT_EQ(plan.refusals[0].rule, rule);
}

TEST(Update, DockersUnlimitedPidsComeDownAndTheRestStays) {
  const std::string text = text_of(below_tests("corpus/resources/docker28-update.json"));
  const Json original = parse_document(text);
  const Json result = lowered(text);
  EXPECT_EQ(result.at("pids").at("limit"), 1024);
  EXPECT_EQ(result.at("memory"), original.at("memory"));
  EXPECT_EQ(result.at("cpu"), original.at("cpu"));
}

TEST(Update, WhatIsAbsentStaysAbsent) {
  EXPECT_EQ(lowered("{}"), Json::object());
  EXPECT_EQ(lowered(R"({"pids": {}, "memory": {"swappiness": 3}})"),
            Json::parse(R"({"pids": {}, "memory": {"swappiness": 3}})"));
  EXPECT_EQ(lowered(R"({"pids": null, "new": 1})"), Json::parse(R"({"pids": null, "new": 1})"));
}

TEST(Update, PidsZeroIsUnlimitedToSomeRuntimes) {
  EXPECT_EQ(lowered(R"({"pids": {"limit": 0}})").at("pids").at("limit"), 1024);
  EXPECT_EQ(lowered(R"({"pids": {"limit": 1025}})").at("pids").at("limit"), 1024);
  EXPECT_EQ(lowered(R"({"pids": {"limit": 5}})").at("pids").at("limit"), 5);
}

TEST(Update, MemoryIsAtMostTheShareOfTheHost) {
  const Json memory =
      lowered(R"({"memory": {"limit": 9000000000, "swap": -1, "reservation": -1}})").at("memory");
  EXPECT_EQ(memory, Json({{"limit", kMost}, {"swap", kMaximum}, {"reservation", kMaximum}}));
  EXPECT_EQ(lowered(R"({"memory": {"limit": 0, "swap": 0}})"),
            Json::parse(R"({"memory": {"limit": 0, "swap": 0}})"));
}

TEST(Update, ProcessesAtTheLimitStayKillable) {
  EXPECT_EQ(lowered(R"({"memory": {"disableOOMKiller": true}})").at("memory"),
            Json({{"disableOOMKiller", false}}));
}

TEST(Update, UnlimitedMemoryBoundsSwapWithIt) {
  EXPECT_EQ(lowered(R"({"memory": {"limit": -1}})").at("memory").at("swap"), kMaximum);
  HostFacts without = host();
  without.swap_accounting = false;
  const Plan plan = plan_update(parse_document(R"({"memory": {"limit": -1}})"), profile(), without);
  EXPECT_FALSE(plan.config.at("memory").contains("swap"));
}

TEST(Update, CpuWeightIsAtMostTheMachineAndRealTimeIsRefused) {
  EXPECT_EQ(lowered(R"({"cpu": {"shares": 262144, "quota": -1}})").at("cpu"),
            Json({{"shares", 2048}, {"quota", -1}}));
  expect_refused(R"({"cpu": {"realtimeRuntime": 950000}})", "/cpu/realtimeRuntime", "cpu");
  EXPECT_TRUE(update_of(R"({"cpu": {"realtimeRuntime": 0}})").refusals.empty());
}

TEST(Update, UnifiedIsClampedLikeItsTypedTwins) {
  const Json unified =
      lowered(R"({"unified": {"pids.max": "max", "memory.max": "9G", "memory.swap.max": "max",
      "memory.low": "max", "memory.high": "max", "cpu.weight": "10000", "cpu.max": "max 100000",
      "io.weight": "10", "io.bfq.weight": "900"}})")
          .at("unified");
  EXPECT_EQ(unified.at("pids.max"), "1024");
  EXPECT_EQ(unified.at("memory.max"), std::to_string(kMaximum));
  EXPECT_EQ(unified.at("memory.swap.max"), "0");
  EXPECT_EQ(unified.at("memory.low"), std::to_string(kMaximum));
  EXPECT_EQ(unified.at("memory.high"), "max");
  EXPECT_EQ(unified.at("cpu.weight"), "200");
  EXPECT_EQ(unified.at("cpu.max"), "max 100000");
  EXPECT_EQ(unified.at("io.weight"), "10");
  EXPECT_EQ(unified.at("io.bfq.weight"), "100");
  EXPECT_EQ(lowered(R"({"unified": {"pids.max": "7"}})").at("unified").at("pids.max"), "7");
}

TEST(Update, UnifiedThatCannotBeBoundedIsRefused) {
  expect_refused(R"({"unified": {"pids.max": "0x10000"}})", "/unified/pids.max", "pids-limit");
  expect_refused(R"({"unified": {"pids.max": "max\n"}})", "/unified/pids.max", "pids-limit");
  expect_refused(R"({"unified": {"pids.max": "07777"}})", "/unified/pids.max", "pids-limit");
  expect_refused(R"({"unified": {"memory.max": ""}})", "/unified/memory.max", "memory-limit");
  expect_refused(R"({"unified": {"memory.new": "1"}})", "/unified/memory.new", "memory-limit");
  expect_refused(R"({"unified": {"cgroup.procs": "1"}})", "/unified/cgroup.procs", "resources");
  expect_refused(R"({"unified": {"../pids.max": "1"}})", "/unified/..~1pids.max", "resources");
  expect_refused(R"({"unified": {"io.latency": "8:0 target=1"}})", "/unified/io.latency",
                 "resources");
  expect_refused(R"({"unified": {"io.weight": "max"}})", "/unified/io.weight", "resources");
  expect_refused(R"({"unified": {"cpu.weight.nice": "-20"}})", "/unified/cpu.weight.nice", "cpu");
  expect_refused(R"({"unified": {"cpuset.cpus.partition": "isolated"}})",
                 "/unified/cpuset.cpus.partition", "cpu");
}

TEST(Update, UnifiedSwapIsWhatIsLeftBesideMemory) {
  const auto swap = [](const std::string& memory) {
    return lowered(R"({"memory": )" + memory + R"(, "unified": {"memory.swap.max": "max"}})")
        .at("unified")
        .at("memory.swap.max");
  };
  EXPECT_EQ(swap(R"({"limit": 1000000000})"), std::to_string(kMaximum - 1000000000));
  EXPECT_EQ(swap(R"({"limit": 1000000000, "swap": 1500000000})"), "500000000");
  EXPECT_EQ(swap("{}"), "0") << "the container may have all of its memory already";
}

TEST(Update, WeightsOnDisksComeDownAndNetworkClassesAreRefused) {
  const Json block =
      lowered(R"({"blockIO": {"weight": 1000, "weightDevice": [{"major": 8, "weight": 700}]}})")
          .at("blockIO");
  EXPECT_EQ(block.at("weight"), 100);
  EXPECT_EQ(block.at("weightDevice").at(0).at("weight"), 100);
  expect_refused(R"({"network": {"classID": 1048577}})", "/network", "powerful-fields");
  expect_refused(R"({"network": {"priorities": [{"name": "eth0", "priority": 9}]}})", "/network",
                 "powerful-fields");
  EXPECT_TRUE(update_of(R"({"network": {}})").refusals.empty());
}

TEST(Update, DevicesAreNotOpened) {
  const Json result =
      lowered(R"({"devices": [{"allow": true, "access": "rwm"}, {"allow": false, "access": "rwm"},
      {"allow": true, "type": "b", "major": 8, "access": "r"}]})");
  EXPECT_EQ(result.at("devices"), Json::parse(R"([{"allow": false, "access": "rwm"}])"));
}

TEST(Update, ReportAndOffAreNotClamped) {
  for (const std::string mode : {"report", "off"}) {
    const Plan plan =
        plan_update(parse_document(R"({"pids": {"limit": -1}})"),
                    profile(R"({"profiles": {"standard": {"rules": {"pids-limit": {"mode": ")" +
                            mode + R"("}}}}})"),
                    host());
    EXPECT_EQ(plan.config.at("pids").at("limit"), -1);
    EXPECT_TRUE(plan.changes.empty());
    EXPECT_EQ(plan.reported.size(), mode == "report" ? 1U : 0U);
  }
}

TEST(Update, WhatWasLoweredIsNotLoweredAgain) {
  const Json once =
      lowered(R"({"pids": {"limit": -1}, "memory": {"limit": -1}, "cpu": {"shares": 9999},
                                "unified": {"memory.max": "max"}})");
  const Plan twice = plan_update(once, profile(), host());
  EXPECT_TRUE(twice.changes.empty());
  EXPECT_EQ(twice.config, once);
}

TEST(Update, WithoutTheHostsMemorySizeNothingIsAssumed) {
  const Plan plan =
      plan_update(parse_document(R"({"memory": {"limit": -1}})"), profile(), HostFacts{});
  EXPECT_EQ(plan.unverified.size(), 1U);
}

std::vector<std::string> flags(const std::vector<std::string>& words) {
  Invocation invocation = Invocation::parse(words);
  const Plan plan = plan_update_flags(invocation, profile(), host());
  require_no_refusals(plan);
  set_update_flags(invocation, plan);
  return invocation.arguments();
}

using Words = std::vector<std::string>;

TEST(UpdateFlags, AreClampedLikeTheDocument) {
  EXPECT_EQ(flags({"update", "--pids-limit", "-1", "c1"}),
            (Words{"update", "--pids-limit", "1024", "c1"}));
  EXPECT_EQ(flags({"update", "--pids-limit=5000", "--pids-limit", "4", "c1"}),
            (Words{"update", "--pids-limit=4", "--pids-limit", "4", "c1"}));
  EXPECT_EQ(flags({"update", "--cpu-share=99999", "c1"}),
            (Words{"update", "--cpu-share=2048", "c1"}));
  EXPECT_EQ(flags({"update", "--blkio-weight", "1000", "c1"}),
            (Words{"update", "--blkio-weight", "100", "c1"}));
  const std::string most = std::to_string(kMaximum);
  const std::string memory = std::to_string(kMost);
  EXPECT_EQ(flags({"update", "--memory", "-1", "c1"}),
            (Words{"update", "--memory", memory, "--memory-swap", most, "c1"}));
  EXPECT_EQ(
      flags({"update", "--memory", "9g", "--memory-swap=-1", "--memory-reservation", "1TiB", "c1"}),
      (Words{"update", "--memory", memory, "--memory-swap=" + most, "--memory-reservation", most,
             "c1"}));
}

TEST(UpdateFlags, SizesWithinTheProfileStayAsWritten) {
  for (const std::string size : {"512m", "1.5g", "1 g", "64MB", "7KiB", "100b", "0", ""}) {
    const Words words{"update", "--memory=" + size, "c1"};
    EXPECT_EQ(flags(words), words);
  }
}

TEST(UpdateFlags, NumbersThatRuntimesReadDifferentlyAreUsageErrors) {
  for (const std::string flag :
       {"--pids-limit=0x800", "--pids-limit=010", "--pids-limit=1_000", "--pids-limit=1k",
        "--memory=1x", "--memory=-2", "--memory=1e99", "--memory=g", "--cpu-share=+5"}) {
    try {
      flags({"update", flag, "c1"});
      ADD_FAILURE() << "accepted: " << flag;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << flag;
    }
  }
}

TEST(UpdateFlags, SharesOfTheHostsCacheAreRefused) {
  for (const std::string flag : {"--l3-cache-schema=L3:0=f", "--mem-bw-schema=MB:0=20"}) {
    try {
      flags({"update", flag, "c1"});
      ADD_FAILURE() << "accepted: " << flag;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused);
      EXPECT_NE(std::string(error.what()).find("rules.powerful-fields.intel_rdt"),
                std::string::npos);
    }
  }
  EXPECT_NO_THROW(flags({"update", "--l3-cache-schema=", "c1"}));
}

TEST(UpdateFlags, WhatARuleInReportModeWouldRefuseIsToldAndHandedOn) {
  Policy policy = Policy::builtin();
  policy.layer(R"({"profiles": {"standard": {"mode": "report"}}})", "test");
  Invocation invocation = Invocation::parse({"update", "--mem-bw-schema=MB:0=20", "c1"});
  const Plan plan = plan_update_flags(invocation, policy.profile("standard"), host());
  EXPECT_TRUE(plan.refusals.empty());
  ASSERT_EQ(plan.reported_refusals.size(), 1U);
  EXPECT_EQ(plan.reported_refusals[0].rule, "powerful-fields");
  set_update_flags(invocation, plan);
  EXPECT_EQ(invocation.arguments(), (Words{"update", "--mem-bw-schema=MB:0=20", "c1"}));
}

TEST(Update, WhatCouldNotBeLookedAtARuleInReportModeWouldHaveRefused) {
  Policy policy = Policy::builtin();
  policy.layer(R"({"profiles": {"standard": {"mode": "report"}}})", "test");
  Plan plan = plan_update(parse_document(R"({"memory": {"limit": -1}})"),
                          policy.profile("standard"), HostFacts{});
  EXPECT_TRUE(plan.unverified.empty());
  refuse_reported_unverified(plan);
  ASSERT_EQ(plan.reported_refusals.size(), 1U);
  EXPECT_EQ(plan.reported_refusals[0].setting, "rules.memory-limit.mode");
}

TEST(UpdateFlags, RealTimeIsRefused) {
  try {
    flags({"update", "--cpu-rt-runtime", "950000", "c1"});
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(std::string(error.what()).find("rules.cpu.realtime"), std::string::npos);
  }
}

}  // namespace
}  // namespace hardened
