// SPDX-License-Identifier: Apache-2.0
// Cgroups and devices.
#include "judge_fixture.hpp"

namespace hardened::judging {
namespace {

std::string verdict_of(const std::string& id, const ContainerSighting& container,
                       const HostSighting& host = host_for_tests()) {
  return said(item_of(judged(container, host), id));
}

ContainerSighting with_limits(std::vector<CgroupFile> limits) {
  ContainerSighting container = hardened_container();
  container.limits = std::move(limits);
  return container;
}

HostSighting host_with_v1() {
  HostSighting host = host_for_tests();
  host.facts.cgroup_version = 1;
  return host;
}

TEST(JudgeCgroups, AMemoryLimitBelowTheHostsMemoryPasses) {
  const std::string max = "FAIL: memory.max of /a: max; the host has 8589934592";
  EXPECT_EQ("PASS: memory.max of /a: 1048576",
            verdict_of("CIS 5.11", with_limits({{"/a", "memory.max", "1048576\n"}})));
  EXPECT_EQ(max, verdict_of("CIS 5.11", with_limits({{"/a", "memory.max", "max\n"}})));
  EXPECT_EQ("FAIL: memory.limit_in_bytes of /a: 9223372036854771712; the host has 8589934592",
            verdict_of("CIS 5.11",
                       with_limits({{"/a", "memory.limit_in_bytes", "9223372036854771712\n"}}),
                       host_with_v1()));
}

TEST(JudgeCgroups, ALimitOfACgroupAboveCounts) {
  EXPECT_EQ("PASS: memory.max of /pod: 1048576",
            verdict_of("CIS 5.11", with_limits({{"/pod/a", "memory.max", "max\n"},
                                                {"/pod", "memory.max", "1048576\n"}})));
  EXPECT_EQ("PASS: pids.max of /pod: 100",
            verdict_of("CIS 5.29", with_limits({{"/pod/a", "pids.max", "1000\n"},
                                                {"/pod", "pids.max", "100\n"}})));
}

TEST(JudgeCgroups, WhatCannotBeReadIsNoPass) {
  for (const std::string id : {"CIS 5.11", "CIS 5.12", "CIS 5.29"}) {
    EXPECT_EQ(Verdict::warn, item_of(judged(with_limits({})), id).verdict) << id;
    EXPECT_EQ(Verdict::warn,
              item_of(judged(with_limits({{"/a", "memory.max", "?"}, {"/a", "pids.max", ""}})), id)
                  .verdict);
  }
}

TEST(JudgeCgroups, ProcessesWithoutALimitFail) {
  EXPECT_EQ("FAIL: pids.max of /a: max",
            verdict_of("CIS 5.29", with_limits({{"/a", "pids.max", "max\n"}})));
  EXPECT_EQ("WARN: pids.max of /a: 4194304: as good as none",
            verdict_of("CIS 5.29", with_limits({{"/a", "pids.max", "4194304\n"}})));
}

TEST(JudgeCgroups, MoreThanAnEqualShareOfTheCpuWarnsAndRealTimeFails) {
  const auto cpu = [](const std::string& name, const std::string& text) {
    return verdict_of("CIS 5.12", with_limits({{"/a", name, text + "\n"}}));
  };
  EXPECT_EQ("PASS: cpu.weight of /a: 100, no quota: no more than an equal share",
            cpu("cpu.weight", "100"));
  EXPECT_EQ("WARN: cpu.weight of /a: 500, no quota: more than an equal share, which is 100",
            cpu("cpu.weight", "500"));
  EXPECT_EQ("PASS: cpu.shares of /a: 1024, no quota: no more than an equal share",
            cpu("cpu.shares", "1024"));
  EXPECT_EQ("PASS: cpu.max of /a: 50000 100000", cpu("cpu.max", "50000 100000"));
  EXPECT_EQ("FAIL: cpu.rt_runtime_us of /a: 950000: a budget of real time",
            verdict_of("CIS 5.12", with_limits({{"/a", "cpu.rt_runtime_us", "950000\n"},
                                                {"/a", "cpu.shares", "2\n"}})));
  ContainerSighting container = hardened_container();
  container.processes[0].real_time = true;
  EXPECT_EQ("FAIL: pid 100 (nginx) has a real-time scheduler", verdict_of("CIS 5.12", container));
}

TEST(JudgeCgroups, AProcessOutsideTheCgroupIsOutsideItsLimits) {
  ContainerSighting container = hardened_container();
  container.processes.push_back(hardened_process(300));
  container.processes[1].in_cgroup = false;
  for (const std::string id : {"CIS 5.11", "CIS 5.25", "CIS 5.29"}) {
    EXPECT_EQ("FAIL: pid 300 (nginx) is in the container but not in its cgroup",
              verdict_of(id, container));
  }
}

TEST(JudgeCgroups, TheHostsRootCgroupFails) {
  ContainerSighting container = hardened_container();
  container.cgroups = {"/"};
  EXPECT_EQ("FAIL: in the host's root cgroup", verdict_of("CIS 5.25", container));
  container.cgroups = {"/", "/docker/a"};  // v1: not every hierarchy is used
  EXPECT_EQ("PASS: cgroup /docker/a", verdict_of("CIS 5.25", container));
}

TEST(JudgeDevices, ANodeThatNotEveryContainerHasFails) {
  EXPECT_EQ("PASS: the 2 nodes in /dev are those that every container has",
            verdict_of("CIS 5.18", hardened_container()));
  ContainerSighting container = hardened_container();
  container.devices.push_back({"/dev/null2", FileKind::block, 8, 0});
  EXPECT_EQ("FAIL: /dev/null2 (b 8:0 rw)", verdict_of("CIS 5.18", container));
}

TEST(JudgeDevices, WhoCanMakeNodesUnderAFilterThatNoFileShowsWarns) {
  ContainerSighting container = hardened_container();
  container.processes[0].capabilities.bounding |= std::uint64_t{1} << 27;
  EXPECT_EQ(Verdict::pass, item_of(judged(container), "CIS 5.18").verdict);  // not from in there
  container.processes[0].namespaces["user"] = "user:[4026531800]";
  EXPECT_TRUE(verdict_of("CIS 5.18", container)
                  .starts_with("WARN: pid 100 (nginx) can make nodes (CAP_MKNOD), and cgroup v2"));
}

TEST(JudgeDevices, TheV1FilterIsRead) {
  ContainerSighting container =
      with_limits({{"/a", "devices.list", "c *:* m\nb *:* m\nc 1:3 rwm\nc 10:200 rwm\n"}});
  EXPECT_EQ(Verdict::pass, item_of(judged(container, host_with_v1()), "CIS 5.18").verdict);
  container.processes[0].capabilities.bounding |= std::uint64_t{1} << 27;
  container.processes[0].namespaces["user"] = "user:[4026531800]";
  EXPECT_TRUE(verdict_of("CIS 5.18", container, host_with_v1())
                  .starts_with("WARN: devices.list: c 10:200 rwm, and pid 100 (nginx)"));
  container.limits = {{"/a", "devices.list", "a *:* rwm\n"}};
  EXPECT_EQ("FAIL: devices.list: a *:* rwm", verdict_of("CIS 5.18", container, host_with_v1()));
}

TEST(JudgeDevices, ALinkInThePlaceOfDevIsNoPass) {
  ContainerSighting container = hardened_container();
  container.unseen = {"devices: /dev: is no directory"};
  EXPECT_EQ("WARN: devices: /dev: is no directory", verdict_of("CIS 5.18", container));
}

}  // namespace
}  // namespace hardened::judging
