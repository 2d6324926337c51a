// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/stage.hpp"

#include <sys/prctl.h>

#include <csignal>

#include "container.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class StagedContainer : public ContainerTest {};

TEST_F(StagedContainer, RunsWithItsBindsAndTheHostSeesNoMount) {
  fs::create_directory(directory / "data");
  put(directory / "data/file", "content\n");
  put(directory / "single", "alone\n");
  bind(directory / "data", "/vol", {"rbind"});
  bind(directory / "single", "/file", {"bind", "ro"});
  script("cat /vol/file /file; echo > /vol/new; echo > /file || echo read-only");
  const std::string before = text_of("/proc/self/mountinfo");
  const Ended outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("content\nalone\n"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("read-only"), std::string::npos) << outcome.output;
  EXPECT_TRUE(fs::exists(directory / "data/new"));
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before);
  EXPECT_EQ(text_of(bundle() + "/config.json"), config.dump());
  EXPECT_TRUE(fs::is_empty(environment.state + "/stage/rootfs"));
}

TEST_F(StagedContainer, WhatWasOpenedIsMountedThoughTheNameLeadsElsewhereByNow) {
  fs::create_directory(directory / "data");
  put(directory / "data/file", "vetted\n");
  bind(directory / "data", "/vol", {"rbind"});
  script("cat /vol/file");
  const Ended outcome = staged({"run", "--bundle", bundle(), "c1"}, [&] {
    fs::rename(directory / "data", directory / "moved");
    fs::create_directory(directory / "secret");
    put(directory / "secret/file", "swapped in\n");
    fs::create_directory_symlink(directory / "secret", directory / "data");
  });
  EXPECT_EQ(outcome.output, "vetted\n");
}

TEST_F(StagedContainer, OnlyARecursiveBindBringsTheMountsBelow) {
  fs::create_directories(directory / "data/sub");
  ASSERT_EQ(::mount("none", (directory / "data/sub").c_str(), "tmpfs", 0, nullptr), 0);
  put(directory / "data/sub/below", "");
  fs::create_directories(bundle() + "/rootfs/single");
  bind(directory / "data", "/vol", {"rbind"});
  bind(directory / "data", "/single", {"bind"});
  script("ls /vol/sub; echo -; ls /single/sub");
  const Ended outcome = run();
  EXPECT_EQ(outcome.output, "below\n-\n");
  ::umount2((directory / "data/sub").c_str(), MNT_DETACH);
}

TEST_F(StagedContainer, ExecStateKillAndDeleteWorkFromTheHost) {
  fs::create_directory(directory / "data");
  bind(directory / "data", "/vol", {"rbind"});
  script("sleep 1000");
  const std::string before = text_of("/proc/self/mountinfo");
  const Ended created = staged({"create", "--bundle", bundle(), "c1"});
  ASSERT_EQ(created.code, 0) << created.output;
  const auto runc = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"runc", "--root", root()});
    return command(words);
  };
  EXPECT_EQ(runc({"start", "c1"}).output, "");
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before) << "while it runs";
  EXPECT_EQ(runc({"exec", "c1", "touch", "/vol/by-exec"}).output, "");
  EXPECT_TRUE(fs::exists(directory / "data/by-exec"));
  EXPECT_NE(runc({"state", "c1"}).output.find("running"), std::string::npos);
  EXPECT_NE(runc({"state", "c1"}).output.find("\"bundle\": \"" + bundle()), std::string::npos);
  EXPECT_EQ(runc({"kill", "c1", "KILL"}).code, 0);
  const Ended removed = runc({"delete", "--force", "c1"});
  EXPECT_EQ(removed.code, 0) << removed.output;
  EXPECT_FALSE(fs::exists(root() + "/c1"));
  EXPECT_EQ(text_of("/proc/self/mountinfo"), before);
}

TEST_F(StagedContainer, NoDescriptorOfOursReachesTheContainer) {
  fs::create_directory(directory / "data");
  bind(directory / "data", "/vol", {"rbind"});
  script("ls /proc/self/fd");
  EXPECT_EQ(run().output, "0\n1\n2\n3\n") << "three streams and the directory that is listed";
}

TEST_F(StagedContainer, PropagationFromTheHostWorksAsWithRuncAlone) {
  fs::create_directories(directory / "data/late");
  fs::create_directories(bundle() + "/rootfs/private");
  bind(directory / "data", "/vol", {"rbind", "rslave"});
  bind(directory / "data", "/private", {"rbind", "rprivate"});
  script("sleep 1000");
  ASSERT_EQ(staged({"run", "--detach", "--bundle", bundle(), "c1"}).code, 0);
  ASSERT_EQ(::mount("none", (directory / "data/late").c_str(), "tmpfs", 0, nullptr), 0);
  put(directory / "data/late/mounted", "");
  const auto list = [&](const std::string& path) {
    return command({"runc", "--root", root(), "exec", "c1", "ls", path}).output;
  };
  EXPECT_EQ(list("/vol/late"), "mounted\n");
  EXPECT_EQ(list("/private/late"), "");
  EXPECT_EQ(::umount2((directory / "data/late").c_str(), 0), 0) << "busy";
}

TEST_F(StagedContainer, ATerminalWorks) {
  config["process"]["terminal"] = true;
  script("tty");
  write_config();
  const int controller = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(controller, 0);
  ASSERT_EQ(::grantpt(controller) | ::unlockpt(controller), 0);
  const std::string name = ::ptsname(controller);
  const Ended outcome = in_child([&] {
    ::setsid();
    const int terminal = ::open(name.c_str(), O_RDWR);
    for (int number = 0; number < 3; ++number) ::dup2(terminal, number);
    ::close(terminal);
    Bundle held = Bundle::open(real_kernel(), bundle());
    const auto staging =
        stage_mounts(real_kernel(), environment, plan(), look(), held.directory(), "c1");
    real_kernel().execute("/usr/sbin/runc", {"--root", root(), "run", "--bundle", bundle(), "c1"});
  });
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  std::string text(256, '\0');
  text.resize(
      static_cast<std::size_t>(std::max<ssize_t>(0, ::read(controller, text.data(), text.size()))));
  ::close(controller);
  EXPECT_NE(text.find("/dev/pts/0"), std::string::npos) << text;
}

TEST_F(StagedContainer, WhateverCallFailsNothingIsLeftOnTheHost) {
  fs::create_directory(directory / "data");
  put(directory / "single", "");
  bind(directory / "data", "/vol", {"rbind"});
  bind(directory / "single", "/file", {"bind"});
  write_config();
  const auto attempt = [&](std::size_t failing) {
    return in_child([&] {
      FakeKernel faulty(Mounts::real);
      faulty.fail_at = failing;
      const Inspection seen = look();
      Bundle held = Bundle::open(real_kernel(), bundle());
      const auto staging = stage_mounts(faulty, environment, plan(), seen, held.directory(), "c1");
    });
  };
  ASSERT_EQ(attempt(SIZE_MAX).code, 0);
  fs::remove(directory / "output");
  const std::string mounts = text_of("/proc/self/mountinfo");
  const auto before = snapshot(directory.path());
  std::size_t failing = 0;
  while (attempt(failing).code == 99) {
    fs::remove(directory / "output");
    EXPECT_EQ(text_of("/proc/self/mountinfo"), mounts) << failing;
    EXPECT_EQ(snapshot(directory.path()), before) << failing;
    ++failing;
  }
  EXPECT_GT(failing, 40U);
}

TEST_F(StagedContainer, ARuntimeThatDoesNotStartLeavesTheEnginesConfig) {
  write_config();
  const auto before = snapshot(bundle());
  const Ended outcome = in_child([&] {
    Bundle held = Bundle::open(real_kernel(), bundle());
    auto replacement = held.replace("{\"hardened\": true}");
    replacement.commit();
    try {
      const auto staging =
          stage_mounts(real_kernel(), environment, plan(), look(), held.directory(), "c1");
      EXPECT_NE(text_of(bundle() + "/config.json"), "{\"hardened\": true}") << "covered";
      real_kernel().execute("/nonexistent/runc", {});
    } catch (const Error&) {
      replacement.undo();
      throw;
    }
  });
  EXPECT_EQ(outcome.code, 99) << outcome.output;
  EXPECT_NE(outcome.output.find("/nonexistent/runc"), std::string::npos) << outcome.output;
  EXPECT_EQ(snapshot(bundle()), before);
}

TEST_F(StagedContainer, TheProcessKeepsWhatItsCallerGaveIt) {
  write_config();
  const Ended outcome = in_child([&] {
    ::prctl(PR_SET_PDEATHSIG, SIGUSR1);
    ::umask(0135);
    const fs::path directory_before = fs::current_path();
    Bundle held = Bundle::open(real_kernel(), bundle());
    const auto staging =
        stage_mounts(real_kernel(), environment, plan(), look(), held.directory(), "c1");
    int signal = 0;
    ::prctl(PR_GET_PDEATHSIG, &signal);
    dprintf(1, "%d %o %d %d", signal, ::umask(0), ::prctl(PR_GET_DUMPABLE),
            fs::current_path() == directory_before);
  });
  EXPECT_EQ(outcome.output, std::to_string(SIGUSR1) + " 135 1 1");
}

}  // namespace
}  // namespace hardened
