// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/runtime.hpp"

#include <unistd.h>

#include "fake_kernel.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

// A place whose parents nobody else can write; /tmp is none.
std::string trusted_place() {
  const char* runtime_directory = std::getenv("XDG_RUNTIME_DIR");
  return ::geteuid() == 0 ? "/run" : runtime_directory == nullptr ? "" : runtime_directory;
}

class Runtimes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (trusted_place().empty())
      GTEST_SKIP() << "neither root nor XDG_RUNTIME_DIR: no trusted place";
    fs::create_directory(directory / "etc");
    environment.configuration = directory / "etc";
    program("true");
  }
  std::string program(const std::string& name) {
    fs::copy_file("/bin/true", directory / name);
    fs::permissions(directory / name, fs::perms(0755));
    return directory / name;
  }
  void link_to(const std::string& target) { fs::create_symlink(target, directory / "etc/runtime"); }
  void expect_refusal(const std::string& reason) {
    const Error error = error_of([&] { find_runtime(kernel, environment); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("configured runtime " + environment.configuration + "/runtime: "))
        << text;
    EXPECT_NE(text.find(reason), std::string::npos) << text;
    EXPECT_EQ(text.find("no such file"), std::string::npos) << text;
    EXPECT_EQ(text.find("permission denied"), std::string::npos) << text;
  }

  FakeKernel kernel;
  TemporaryDirectory directory{trusted_place()};
  Environment environment;
};

TEST_F(Runtimes, TheConfiguredLinkIsFollowedToItsEnd) {
  fs::create_symlink(directory / "true", directory / "second");
  link_to("../second");
  EXPECT_EQ(find_runtime(kernel, environment), directory / "true");
}

TEST_F(Runtimes, WithoutALinkTheFirstFixedPathIsTaken) {
  std::string found;
  try {
    found = find_runtime(kernel, environment);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    for (const char* place : {"/etc/runtime", "/usr/bin/runc", "/sbin/runc", "/bin/crun"}) {
      EXPECT_NE(std::string(error.what()).find(place), std::string::npos) << error.what();
    }
    GTEST_SKIP() << "neither runc nor crun is installed: " << error.what();
  }
  EXPECT_TRUE(found.ends_with("/runc") || found.ends_with("/crun")) << found;
  // crun only where there is no runc at all.
  EXPECT_EQ(found.ends_with("/runc"), fs::exists("/usr/bin/runc") || fs::exists("/usr/sbin/runc") ||
                                          fs::exists("/usr/local/bin/runc") ||
                                          fs::exists("/usr/local/sbin/runc"));
}

TEST_F(Runtimes, NothingOfTheEnvironmentChoosesIt) {
  const std::string path = ::getenv("PATH");
  fs::copy_file("/bin/true", directory / "runc");
  ::setenv("PATH", directory.path().c_str(), 1);
  EXPECT_FALSE(find_runtime(kernel, environment).starts_with(directory.path().string()));
  ::setenv("PATH", path.c_str(), 1);
}

TEST_F(Runtimes, ADanglingLinkIsAnErrorNotASilentFallback) {
  link_to("/nonexistent/runc");
  expect_refusal("does not exist");
}

TEST_F(Runtimes, ALinkLoopIsAnError) {
  link_to("runtime");
  expect_refusal("symbolic links");
}

TEST_F(Runtimes, ALinkBackToThisProgramIsRefusedAlsoThroughAChainOrProc) {
  const std::string self = fs::read_symlink("/proc/self/exe");
  fs::create_symlink(self, directory / "chain");
  link_to(directory / "chain");
  expect_refusal("is hardened itself");
  fs::remove(directory / "etc/runtime");
  link_to("/proc/self/exe");
  expect_refusal("is hardened itself");
}

TEST_F(Runtimes, AFileThatOthersCanWriteOrNobodyCanRunIsRefused) {
  link_to("../true");
  fs::permissions(directory / "true", fs::perms(0775));
  expect_refusal("can be written by others");
  fs::permissions(directory / "true", fs::perms(0644));
  expect_refusal("not an executable file");
  fs::remove(directory / "true");
  fs::create_directory(directory / "true");
  expect_refusal("not an executable file");
}

TEST_F(Runtimes, ARuntimeOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root: cannot give a file away";
  link_to("../true");
  ASSERT_EQ(::chown((directory / "true").c_str(), 4711, 4711), 0);
  expect_refusal("can be written by others");
  ASSERT_EQ(::chown((directory / "true").c_str(), 65534, 65534), 0);
  expect_refusal("can be written by others");
}

TEST_F(Runtimes, ADirectoryOnTheWayThatOthersCanWriteIsRefused) {
  fs::create_directory(directory / "open");
  fs::create_directory(directory / "open/inner");
  program("open/inner/runc");
  fs::permissions(directory / "open", fs::perms(01777));
  link_to("../open/inner/runc");
  expect_refusal("open can be written by others");
}

TEST_F(Runtimes, AConfigurationThatOthersCanWriteIsRefused) {
  link_to("../true");
  fs::permissions(directory / "etc", fs::perms(0777));
  expect_refusal("etc can be written by others");
}

TEST_F(Runtimes, WhateverCallFailsNothingElseIsTaken) {
  link_to("../true");
  std::size_t failures = 0;
  for (; failures < 1000; ++failures) {
    FakeKernel faulty;
    faulty.fail_at = failures;
    try {
      EXPECT_EQ(find_runtime(faulty, environment), directory / "true");
      break;
    } catch (const Error& error) {
      EXPECT_EQ(faulty.calls.size(), failures + 1) << "went on after " << faulty.calls.back();
    }
  }
  EXPECT_GT(failures, 10U);
}

}  // namespace
}  // namespace hardened
