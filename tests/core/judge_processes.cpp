// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/error.hpp"
#include "judge_fixture.hpp"

namespace hardened::judging {
namespace {

constexpr std::uint64_t kSysAdmin = std::uint64_t{1} << 21;
constexpr std::uint64_t kEverything = (std::uint64_t{1} << 41) - 1;

ContainerSighting with(ProcessSighting process) {
  ContainerSighting container = hardened_container();
  process.pid = 200;
  process.inner_pid = 7;
  process.name = "sh";
  container.processes.push_back(std::move(process));
  return container;
}

std::string verdict_of(const std::string& id, const ContainerSighting& container,
                       const HostSighting& host = host_for_tests()) {
  return said(item_of(judged(container, host), id));
}

TEST(JudgeProcesses, EveryNamedCapabilityIsEvidence) {
  EXPECT_EQ(
      "PASS: CapBnd CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID "
      "CAP_SETUID "
      "CAP_NET_BIND_SERVICE",
      verdict_of("CIS 5.4", hardened_container()));
}

TEST(JudgeProcesses, WhatEnginesGiveByDefaultWarnsAndWhatIsAddedFails) {
  ContainerSighting container = hardened_container();
  container.processes[0].capabilities.bounding = 0xa80425fb;  // Docker's fourteen
  EXPECT_TRUE(verdict_of("CIS 5.4", container)
                  .starts_with("WARN: pid 100 (nginx) has CAP_SETPCAP CAP_NET_RAW CAP_SYS_CHROOT"));
  container.processes[0].capabilities.ambient = kSysAdmin;
  EXPECT_TRUE(
      verdict_of("CIS 5.4", container).starts_with("FAIL: pid 100 (nginx) has CAP_SYS_ADMIN"));
}

TEST(JudgeProcesses, AnExecWithMoreThanInitFailsWithItsPid) {
  ProcessSighting process = hardened_process();
  process.capabilities.effective |= kSysAdmin;
  EXPECT_EQ(
      "FAIL: pid 200 (sh) has CAP_SYS_ADMIN, which the first process, pid 100 (nginx), has not",
      verdict_of("CIS 5.23", with(process)));
  EXPECT_EQ("FAIL: pid 200 (sh) has CAP_SYS_ADMIN", verdict_of("CIS 5.4", with(process)));
}

TEST(JudgeProcesses, AnExecWithoutInitsFiltersFails) {
  ProcessSighting process = hardened_process();
  process.seccomp = 0;
  EXPECT_TRUE(
      verdict_of("CIS 5.23", with(process)).starts_with("FAIL: pid 200 (sh) has no seccomp"));
  EXPECT_EQ("FAIL: pid 200 (sh) has Seccomp: 0: none", verdict_of("CIS 5.22", with(process)));
  process = hardened_process();
  process.seccomp_filters = 0;
  EXPECT_TRUE(verdict_of("CIS 5.23", with(process))
                  .starts_with("FAIL: pid 200 (sh) has fewer seccomp filters (0 of 1)"));
  process = hardened_process();
  process.no_new_privileges = false;
  EXPECT_TRUE(
      verdict_of("CIS 5.23", with(process)).starts_with("FAIL: pid 200 (sh) has the means"));
  EXPECT_EQ("FAIL: pid 200 (sh) has NoNewPrivs: 0", verdict_of("CIS 5.26", with(process)));
}

TEST(JudgeProcesses, AnExecWithLessOrTheSamePasses) {
  ProcessSighting process = hardened_process();
  process.capabilities = {};
  process.seccomp_filters = 2;
  EXPECT_EQ("PASS: none of 2 processes has more than the first, pid 100 (nginx)",
            verdict_of("CIS 5.23", with(process)));
}

TEST(JudgeProcesses, AnExecAsRootBesideAnotherUserWarns) {
  ContainerSighting container = with(hardened_process());
  EXPECT_EQ(Verdict::pass, item_of(judged(container), "CIS 5.24").verdict);
  container.processes[0].users = {1879049192, 1879049192, 1879049192, 1879049192};
  EXPECT_TRUE(verdict_of("CIS 5.24", container).starts_with("WARN: pid 200 (sh) entered as root"));
  container.processes[1].parent = 100;  // a child of the container's own did not enter
  EXPECT_EQ(Verdict::pass, item_of(judged(container), "CIS 5.24").verdict);
}

TEST(JudgeProcesses, AppArmorConfinesOnlyWhereItEnforces) {
  ContainerSighting container = hardened_container();
  EXPECT_EQ("PASS: AppArmor profile hardened-default (enforce)", verdict_of("CIS 5.2", container));
  for (const std::string label : {"unconfined", "", "docker-default (complain)"}) {
    container.processes[0].apparmor = label;
    EXPECT_TRUE(verdict_of("CIS 5.2", container).starts_with("FAIL: pid 100 (nginx) has "))
        << label;
  }
}

TEST(JudgeProcesses, AKernelWithoutASecurityModuleIsSaidOnce) {
  HostSighting host = host_for_tests();
  host.facts.apparmor = false;
  EXPECT_TRUE(
      verdict_of("CIS 5.2", hardened_container(), host).starts_with("WARN: this kernel has"));
  EXPECT_EQ(Verdict::not_judged, item_of(judged(hardened_container(), host), "CIS 5.3").verdict);
  EXPECT_EQ(Verdict::not_judged,
            control_of(judged(hardened_container(), host), "baseline", "AppArmor").verdict);
}

TEST(JudgeProcesses, SelinuxTypesThatConfineNothingFail) {
  HostSighting host = host_for_tests();
  host.facts.apparmor = false;
  host.facts.selinux = true;
  ContainerSighting container = hardened_container();
  container.processes[0].selinux = "system_u:system_r:container_t:s0:c1,c2";
  EXPECT_EQ("PASS: SELinux label system_u:system_r:container_t:s0:c1,c2",
            verdict_of("CIS 5.3", container, host));
  EXPECT_EQ(Verdict::not_judged, item_of(judged(container, host), "CIS 5.2").verdict);
  for (const std::string label : {"system_u:system_r:spc_t:s0", "unconfined", ""}) {
    container.processes[0].selinux = label;
    EXPECT_TRUE(verdict_of("CIS 5.3", container, host).starts_with("FAIL: ")) << label;
  }
}

TEST(JudgeProcesses, AnSshServerIsToldByItsNameOrItsProgram) {
  EXPECT_EQ("PASS: none of 1 process is called like an SSH server",
            verdict_of("CIS 5.7", hardened_container()));
  ProcessSighting process = hardened_process();
  process.executable = "/usr/sbin/dropbear";
  EXPECT_TRUE(
      verdict_of("CIS 5.7", with(process)).starts_with("FAIL: pid 200 (sh) is an SSH server"));
}

TEST(JudgeProcesses, LimitsOverThePolicysWarn) {
  ContainerSighting container = hardened_container();
  container.processes[0].limits["RLIMIT_NPROC"].hard = ~std::uint64_t{0};
  EXPECT_EQ("WARN: pid 100 (nginx) has RLIMIT_NPROC unlimited, over 65536",
            verdict_of("CIS 5.19", container));
}

TEST(JudgeProcesses, AScoreBelowZeroFails) {
  ContainerSighting container = hardened_container();
  container.processes[0].oom_score_adj = -500;
  EXPECT_TRUE(
      verdict_of("oom", container).starts_with("FAIL: pid 100 (nginx) has oom_score_adj -500"));
}

TEST(JudgeProcesses, EveryCapabilityWithoutAFilterIsPrivileged) {
  ContainerSighting container = hardened_container();
  container.processes[0].capabilities.bounding = kEverything;
  EXPECT_TRUE(
      verdict_of("CIS 5.5", container).starts_with("WARN: pid 100 (nginx) has nearly every"));
  container.processes[0].seccomp = 0;
  EXPECT_EQ("FAIL: pid 100 (nginx) has nearly every capability, no seccomp filter",
            verdict_of("CIS 5.5", container));
}

TEST(JudgeProcesses, RootOfTheHostIsNotRestricted) {
  ContainerSighting container = hardened_container();
  EXPECT_EQ(Verdict::pass,
            control_of(judged(container), "restricted", "Running as Non-root").verdict);
  container.processes[0].users[2] = 0;  // saved: setuid brings it back
  EXPECT_EQ("FAIL: pid 100 (nginx) runs as the host's root",
            said(control_of(judged(container), "restricted", "Running as Non-root")));
}

TEST(JudgeProcesses, HostNamespacesFailItemByItem) {
  for (const auto& [file, id] : std::map<std::string, std::string>{
           {"net", "5.10"}, {"pid", "5.16"}, {"ipc", "5.17"}, {"uts", "5.21"}, {"user", "5.31"}}) {
    ContainerSighting container = hardened_container();
    EXPECT_EQ(Verdict::pass, item_of(judged(container), "CIS " + id).verdict);
    container.processes[0].namespaces[file] = file + ":[4026531800]";
    EXPECT_EQ("FAIL: pid 100 (nginx) is in the host's " + file + ":[4026531800]",
              verdict_of("CIS " + id, container));
    container.processes[0].namespaces.erase(file);
    EXPECT_EQ(Verdict::warn, item_of(judged(container), "CIS " + id).verdict);
  }
}

TEST(JudgeProcesses, AUserNamespaceThatMapsTheHostsRootFails) {
  ContainerSighting container = hardened_container();
  EXPECT_EQ(Verdict::pass, item_of(judged(container), "CIS 5.31").verdict);
  container.processes[0].user_map = {{0, 1000, 1}, {1, 0, 1}};
  EXPECT_EQ("FAIL: pid 100 (nginx) has the host's root in its uid_map 0 1000 1, 1 0 1",
            verdict_of("CIS 5.31", container));
}

TEST(ProcessSightings, AreReadFromTheTextsOfProc) {
  ProcessTexts texts;
  texts.status =
      "Name:\tevil\\n) R 1\nPid:\t42\nPPid:\t7\nNSpid:\t42\t3\nUid:\t0\t1\t2\t3\n"
      "CapInh:\t0000000000000000\nCapPrm:\t00000000000004fb\nCapEff:\t00000000000004fb\n"
      "CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
      "Seccomp_filters:\t3\n";
  texts.stat =
      "42 (evil\n) R 1) S 7 42 42 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0 "
      "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 1 2 0 0 0 0 0";
  texts.limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files  1024  unlimited  files\n";
  texts.user_map = "         0 1879048192      65536\n";
  texts.oom_score_adj = "-5\n";
  texts.apparmor = "docker-default (enforce)\n";
  const ProcessSighting process = process_of(texts);
  EXPECT_EQ(42, process.pid);
  EXPECT_EQ(3, process.inner_pid);
  EXPECT_EQ(777U, process.start);
  EXPECT_TRUE(process.real_time);
  EXPECT_EQ((std::array<std::uint32_t, 4>{0, 1, 2, 3}), process.users);
  EXPECT_EQ(0x1ffffffffffU, process.capabilities.bounding);
  EXPECT_EQ(3U, process.seccomp_filters);
  EXPECT_EQ(~std::uint64_t{0}, process.limits.at("RLIMIT_NOFILE").hard);
  EXPECT_EQ(-5, process.oom_score_adj);
  EXPECT_EQ("docker-default (enforce)", process.apparmor);
  EXPECT_EQ((std::vector<IdMapping>{{0, 1879048192, 65536}}), process.user_map);
}

TEST(ProcessSightings, TextThatTheKernelWouldNotWriteIsRefused) {
  ProcessTexts texts;
  texts.status = "Name:\tx\nPid:\t4x\n";
  try {
    process_of(texts);
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(ErrorKind::invalid_input, error.kind());
  }
}

}  // namespace
}  // namespace hardened::judging
