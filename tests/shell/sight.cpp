// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/sight.hpp"

#include "fake_kernel.hpp"
#include "other_process.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

const std::string kId(64, 'a');
const std::string kOther(64, 'b');

Inhabitant inhabitant(int pid, const std::string& cgroup, const std::string& pids,
                      const std::string& mounts) {
  return {pid, {{"memory", cgroup}, {"", "/"}}, "pid:[" + pids + "]", "mnt:[" + mounts + "]"};
}

// A host with namespaces 1, a container of that id with namespaces 2 and its init at 100.
ProcessTable table_with(std::vector<Inhabitant> others) {
  ProcessTable table;
  table.host_pid_namespaces = {"pid:[1]"};
  table.host_mount_namespaces = {"mnt:[1]"};
  table.processes = {inhabitant(1, "/init.scope", "1", "1"),
                     inhabitant(100, "/docker/" + kId, "2", "2")};
  std::move(others.begin(), others.end(), std::back_inserter(table.processes));
  return table;
}

const std::vector<Candidate>& candidates() {
  static const std::vector<Candidate> kCandidates{{kId, "web", "/run/runc", 100}};
  return kCandidates;
}

TEST(Sight, AProcessShowsWhatItHas) {
  const OtherProcess other([] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; });
  FakeKernel kernel;
  const auto held = hold_process(kernel, other.pid());
  const auto seen = sight_process(kernel, *held);
  ASSERT_TRUE(seen);
  EXPECT_EQ(other.pid(), seen->pid);
  EXPECT_EQ(::getpid(), seen->parent);
  EXPECT_TRUE(seen->no_new_privileges);
  EXPECT_GT(seen->start, 0U);
  EXPECT_EQ(1U, seen->limits.count("RLIMIT_NOFILE"));
  EXPECT_TRUE(seen->namespaces.at("pid").starts_with("pid:["));
  EXPECT_TRUE(seen->unseen.empty());
}

// Whatever is being read at that moment: nothing of a process that is gone is told as if it ran.
TEST(Sight, AProcessThatEndsWhileItIsReadIsNotSeen) {
  for (const std::string part : {"stat", "status", "uid_map", "limits", "oom_score_adj"}) {
    const OtherProcess other([] { return true; });
    FakeKernel kernel;
    const auto held = hold_process(kernel, other.pid());
    kernel.before["open " + part] = [&] { other.kill(); };
    EXPECT_FALSE(sight_process(kernel, *held)) << part;
  }
}

TEST(Sight, AProcessThatIsGoneIsNotSeenThroughWhatHeldIt) {
  FakeKernel kernel;
  std::optional<Descriptor> held;
  {
    const OtherProcess other([] { return true; });
    held = hold_process(kernel, other.pid());
  }
  EXPECT_FALSE(sight_process(kernel, *held));
  EXPECT_FALSE(find_inhabitant(kernel, 1, *held));
}

TEST(Sight, APartThatMayNotBeReadIsSaid) {
  const OtherProcess other([] { return true; });
  FakeKernel kernel;
  const auto held = hold_process(kernel, other.pid());
  sight_process(kernel, *held);
  const auto limits = std::find(kernel.calls.begin(), kernel.calls.end(), "open limits");
  ASSERT_NE(kernel.calls.end(), limits);
  const auto index = static_cast<std::size_t>(limits - kernel.calls.begin()) - 1;
  kernel.calls.clear();
  kernel.fail_at = index;
  kernel.failure = EACCES;
  const auto seen = sight_process(kernel, *held);
  ASSERT_TRUE(seen);
  EXPECT_EQ(std::vector<std::string>{"limits: access denied"}, seen->unseen);
  EXPECT_TRUE(seen->limits.empty());
}

TEST(Sight, AContainerThatEndedIsRefused) {
  FakeKernel kernel;
  EXPECT_EQ(ErrorKind::refused, error_of([&] { sight(kernel, {kId, "", "", 0}); }).kind());
}

TEST(ContainerIds, AreReadFromTheCgroupsOfEveryEngine) {
  for (const std::string& path :
       {"/docker/" + kId, "/system.slice/docker-" + kId + ".scope",
        "/docker/" + kId + "/init.scope",
        "/kubepods/burstable/pod1/cri-containerd-" + kId + ".scope",
        "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + kId,
        "/machine.slice/libpod-" + kId + ".scope/container"}) {
    EXPECT_EQ(kId, container_id(parse_cgroups("4:memory:" + path + "\n0::/\n"))) << path;
  }
}

TEST(ContainerIds, AMonitorAndAServiceAreInNone) {
  for (const std::string& path : {"/machine.slice/libpod-conmon-" + kId + ".scope",
                                 std::string("/system.slice/docker.service"), std::string("/")}) {
    EXPECT_EQ("", container_id(parse_cgroups("0::" + path + "\n"))) << path;
  }
}

TEST(Containers, AProcessIsInByItsCgroupOrItsNamespaces) {
  const ProcessTable table = table_with(
      {inhabitant(200, "/docker/" + kId + "/sub", "1", "1"), inhabitant(201, "/x", "2", "1"),
       inhabitant(202, "/x", "1", "2"), inhabitant(203, "/docker/" + kId + "0", "1", "1")});
  for (const int pid : {100, 200, 201, 202}) {
    EXPECT_EQ(kId, container_of(table, candidates(), pid).id) << pid;
  }
  for (const int pid : {1, 203, 999}) {
    EXPECT_EQ(ErrorKind::usage, error_of([&] { container_of(table, candidates(), pid); }).kind());
  }
}

// A session's cgroup is not the container's because a container was started in it.
TEST(Containers, ACgroupThatIsSharedWithTheHostTellsNothing) {
  ProcessTable table =
      table_with({inhabitant(300, "/session", "3", "3"), inhabitant(301, "/session", "1", "1")});
  const std::vector<Candidate> without_id{{"", "", "", 300}};
  EXPECT_EQ(ErrorKind::usage, error_of([&] { container_of(table, without_id, 301); }).kind());
  table.processes.pop_back();
  table.processes.push_back(inhabitant(302, "/session/own", "3", "4"));
  EXPECT_EQ(300, container_of(table, without_id, 302).init);
}

TEST(Containers, AreChosenByNameByIdAndByTheBeginningOfOne) {
  const std::vector<Candidate> running{
      {kId, "web", "", 100}, {kOther, "aaa", "", 200}, {"abc", "", "", 300}};
  EXPECT_EQ(100, choose_container(running, "web").init);
  EXPECT_EQ(100, choose_container(running, kId).init);
  EXPECT_EQ(200, choose_container(running, "bb").init);
  EXPECT_EQ(200, choose_container(running, "aaa").init);  // a name before the beginning of an id
  const Error several = error_of([&] { choose_container(running, "a"); });
  EXPECT_EQ(ErrorKind::usage, several.kind());
  EXPECT_NE(std::string(several.what()).find("several: aaaaaaaaaaaa (web), abc"),
            std::string::npos);
  EXPECT_EQ(ErrorKind::usage, error_of([&] { choose_container(running, ""); }).kind());
}

}  // namespace
}  // namespace hardened
