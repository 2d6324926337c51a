// SPDX-License-Identifier: Apache-2.0
// Mounts inside other mounts, and what somebody does to the sources meanwhile.
#include <csignal>

#include "container.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class NestedContainer : public ContainerTest {
 protected:
  void SetUp() override {
    ContainerTest::SetUp();
    if (IsSkipped()) return;
    fs::create_directories(directory / "outer/x");
    fs::create_directory(directory / "inner");
    put(directory / "inner/file", "inner\n");
    put(directory / "outer/own", "outer\n");
  }
  std::vector<std::string> run_words() { return {"run", "--bundle", bundle(), "c1"}; }
  void tmpfs(const std::string& destination, const std::vector<std::string>& options) {
    config["mounts"].push_back({{"destination", destination},
                                {"type", "tmpfs"},
                                {"source", "tmpfs"},
                                {"options", options}});
  }
  // Somebody on the host acts between staging and the runtime's start.
  Ended attacked(const std::function<void()>& attack) {
    write_config();
    return in_child([&] {
      const Descriptor host =
          real_kernel().open(kWorkingDirectory, "/proc/self/ns/mnt", O_RDONLY, Walk::follow);
      const Inspection seen = look();
      Bundle held = Bundle::open(real_kernel(), bundle());
      const auto staging =
          stage_mounts(real_kernel(), environment, plan(), seen, held.directory(), "c1");
      const pid_t attacker = ::fork();
      if (attacker == 0) {
        ::setns(host.number(), CLONE_NEWNS);
        attack();
        ::_exit(0);
      }
      ::waitpid(attacker, nullptr, 0);
      real_kernel().execute("/usr/sbin/runc",
                            {"--root", root(), "run", "--bundle", bundle(), "c1"});
    });
  }
};

TEST_F(NestedContainer, StandsInsideTheOtherWithItsOwnOptionsAndTheHostSeesNothing) {
  bind(directory / "outer", "/vol", {"bind"});
  bind(directory / "inner", "/vol/x", {"bind", "ro", "noexec"});
  put(directory / "single", "single\n");
  bind(directory / "single", "/vol/x/file", {"bind"});
  script(
      "cat /vol/own /vol/x/file; touch /vol/x/new || echo read-only; touch /vol/made; "
      "cat /proc/self/mountinfo");
  const std::string before = text_of("/proc/self/mountinfo");
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("outer\nsingle\n"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("read-only\n"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find(" /vol/x ro,noexec"), std::string::npos) << outcome.output;
  EXPECT_TRUE(fs::exists(directory / "outer/made"));
  EXPECT_TRUE(fs::is_empty(directory / "outer/x"));
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before);
}

TEST_F(NestedContainer, AMissingMountPointIsMadeAsRuntimesDo) {
  put(directory / "single", "single\n");
  bind(directory / "outer", "/vol", {"rbind"});
  bind(directory / "inner", "/vol/new/deep", {"rbind"});
  bind(directory / "single", "/vol/new/one", {"bind"});
  script("cat /vol/new/deep/file /vol/new/one");
  EXPECT_EQ(run().output, "inner\nsingle\n");
  EXPECT_TRUE(fs::is_directory(directory / "outer/new/deep"));
  EXPECT_TRUE(fs::is_regular_file(directory / "outer/new/one"));
}

TEST_F(NestedContainer, NothingIsMadeInsideAReadOnlyOne) {
  bind(directory / "outer", "/vol", {"rbind", "ro"});
  bind(directory / "inner", "/vol/new", {"rbind"});
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 99) << outcome.output;
  EXPECT_NE(outcome.output.find("/mounts/"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("read-only"), std::string::npos) << outcome.output;
  EXPECT_FALSE(fs::exists(directory / "outer/new"));
}

TEST_F(NestedContainer, AMountPointThatBecomesALinkMeanwhileLeadsNowhere) {
  bind(directory / "outer", "/vol", {"rbind"});
  bind(directory / "inner", "/vol/x", {"rbind"});
  script("ls /dev");
  const Ended outcome = staged(run_words(), [&] {
    fs::remove(directory / "outer/x");
    fs::create_symlink("/dev", directory / "outer/x");
  });
  EXPECT_EQ(outcome.code, 99) << outcome.output;
  EXPECT_NE(outcome.output.find("/destination"), std::string::npos) << outcome.output;
}

TEST_F(NestedContainer, AMountPointThatBecomesALinkAfterStagingLeadsNowhereEither) {
  bind(directory / "outer", "/vol", {"rbind"});
  bind(directory / "inner", "/vol/x", {"rbind"});
  script("test -c /dev/null && ls /dev | grep -c file");
  const Ended outcome = attacked([&] {
    fs::rename(directory / "outer/x", directory / "outer/y");
    fs::create_symlink("/dev", directory / "outer/x");
  });
  EXPECT_EQ(outcome.output, "0\n");
}

TEST_F(NestedContainer, ATmpfsStandsInsideTheOtherAsTheRuntimeWouldMakeIt) {
  fs::permissions(directory / "outer/x", fs::perms(0751));
  fs::create_directories(directory / "outer/y");
  bind(directory / "outer", "/vol", {"bind"});
  tmpfs("/vol/x", {"nosuid", "nodev", "noexec", "noatime", "size=64k"});
  tmpfs("/vol/x/deep/er", {"nosuid", "nodev", "ro"});
  tmpfs("/vol/y", {"mode=0700", "uid=5", "gid=6"});
  tmpfs("/vol/new", {"nosuid"});
  script(
      "cat /vol/own; touch /vol/x/made; touch /vol/x/deep/er/no || echo read-only; ls -ldn /vol/x "
      "/vol/x/deep /vol/y /vol/new; cat /proc/self/mountinfo");
  const std::string before = text_of("/proc/self/mountinfo");
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  for (const char* said :
       {"outer\n", "read-only\n", "drwxr-x--x    3 0        0", "drwx------    2 5        6",
        "drwxrwxrwt    2 0        0", " /vol/x rw,nosuid,nodev,noexec,noatime", "size=64k",
        " /vol/x/deep/er ro,nosuid,nodev"}) {
    EXPECT_NE(outcome.output.find(said), std::string::npos) << said << " in " << outcome.output;
  }
  EXPECT_TRUE(fs::is_empty(directory / "outer/x"));
  EXPECT_TRUE(fs::is_directory(directory / "outer/new"));
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before);
}

// Whoever can write the volume would have /dev covered, and everything written there be theirs.
TEST_F(NestedContainer, ATmpfsWhosePlaceBecomesALinkAfterStagingLeadsNowhere) {
  bind(directory / "outer", "/vol", {"rbind"});
  tmpfs("/vol/x", {"nosuid"});
  script("test -c /dev/null && ls /vol/y && cat /proc/self/mountinfo");
  const Ended outcome = attacked([&] {
    fs::rename(directory / "outer/x", directory / "outer/y");
    fs::create_symlink("/dev", directory / "outer/x");
  });
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find(" /vol/y rw,nosuid"), std::string::npos) << outcome.output;
}

TEST_F(NestedContainer, ATmpfsWhosePlaceIsALinkIsRefused) {
  bind(directory / "outer", "/vol", {"rbind"});
  tmpfs("/vol/x", {"nosuid"});
  const Ended outcome = staged(run_words(), [&] {
    fs::remove(directory / "outer/x");
    fs::create_symlink("/dev", directory / "outer/x");
  });
  EXPECT_EQ(outcome.code, 99) << outcome.output;
  EXPECT_NE(outcome.output.find("/destination"), std::string::npos) << outcome.output;
}

TEST_F(NestedContainer, WhatWasMountedBelowASourceMeanwhileIsNotTakenAlong) {
  bind(directory / "outer", "/vol", {"rbind"});
  const Ended outcome = staged(run_words(), [&] {
    ASSERT_EQ(::mount("/etc", (directory / "outer/x").c_str(), nullptr, MS_BIND, nullptr), 0);
  });
  ::umount2((directory / "outer/x").c_str(), MNT_DETACH);
  EXPECT_EQ(outcome.code, 99) << outcome.output;
  EXPECT_NE(outcome.output.find("was mounted below"), std::string::npos) << outcome.output;
}

TEST_F(NestedContainer, WhatWasThereAtInspectionComesAlong) {
  ASSERT_EQ(::mount("none", (directory / "outer/x").c_str(), "tmpfs", 0, nullptr), 0);
  put(directory / "outer/x/below", "below\n");
  bind(directory / "outer", "/vol", {"rbind"});
  script("cat /vol/x/below");
  const Ended outcome = run();
  ::umount2((directory / "outer/x").c_str(), MNT_DETACH);
  EXPECT_EQ(outcome.output, "below\n");
}

TEST_F(NestedContainer, TheHostSeesNoneOfItWhileItRuns) {
  bind(directory / "outer", "/vol", {"rbind", "rslave"});
  bind(directory / "inner", "/vol/x", {"rbind"});
  script("sleep 1000");
  const std::string before = text_of("/proc/self/mountinfo");
  ASSERT_EQ(staged({"run", "--detach", "--bundle", bundle(), "c1"}).code, 0);
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before);
  EXPECT_EQ(command({"runc", "--root", root(), "exec", "c1", "cat", "/vol/x/file"}).output,
            "inner\n");
}

}  // namespace
}  // namespace hardened
