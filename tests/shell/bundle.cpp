// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/bundle.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <csignal>

#include "fake_kernel.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class Bundles : public ::testing::Test {
 protected:
  Bundles() { put(config, "{\"old\": 1}\n"); }

  FakeKernel kernel;
  TemporaryDirectory directory;
  const std::string config = directory / "config.json";
};

TEST_F(Bundles, ReadsTheBytesAsTheyAre) {
  EXPECT_EQ(Bundle::open(kernel, directory.path()).read(), "{\"old\": 1}\n");
}

TEST_F(Bundles, KnowsItsCanonicalPath) {
  fs::create_directory_symlink(directory.path(), directory / "link");
  EXPECT_EQ(Bundle::open(kernel, directory / "link").path(), directory.path());
}

TEST_F(Bundles, AMissingDirectoryIsASystemErrorWithoutDockersWords) {
  const Error error = error_of([&] { Bundle::open(kernel, directory / "none"); });
  EXPECT_EQ(error.kind(), ErrorKind::system);
  EXPECT_NE(std::string(error.what()).find("does not exist"), std::string::npos) << error.what();
}

TEST_F(Bundles, AMissingConfigNamesTheFile) {
  fs::remove(config);
  Bundle bundle = Bundle::open(kernel, directory.path());
  const Error error = error_of([&] { bundle.read(); });
  EXPECT_EQ(error.number(), ENOENT);
  EXPECT_NE(std::string(error.what()).find(config), std::string::npos) << error.what();
}

TEST_F(Bundles, ALinkInPlaceOfTheConfigIsRefused) {
  fs::rename(config, directory / "elsewhere.json");
  fs::create_symlink("elsewhere.json", config);
  Bundle bundle = Bundle::open(kernel, directory.path());
  const Error error = error_of([&] { bundle.read(); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
  EXPECT_NE(std::string(error.what()).find("a symbolic link"), std::string::npos) << error.what();
}

TEST_F(Bundles, AFifoOrDirectoryInPlaceOfTheConfigIsRefusedWithoutWaiting) {
  fs::remove(config);
  ASSERT_EQ(::mkfifo(config.c_str(), 0600), 0);
  Bundle bundle = Bundle::open(kernel, directory.path());
  EXPECT_EQ(error_of([&] { bundle.read(); }).kind(), ErrorKind::invalid_input);
  fs::remove(config);
  fs::create_directory(config);
  EXPECT_EQ(error_of([&] { bundle.read(); }).kind(), ErrorKind::invalid_input);
}

TEST_F(Bundles, AConfigOverTheLimitIsRefused) {
  fs::resize_file(config, 64U << 20);
  Bundle bundle = Bundle::open(kernel, directory.path());
  EXPECT_EQ(error_of([&] { bundle.read(); }).kind(), ErrorKind::invalid_input);
}

TEST_F(Bundles, WhatEveryoneCanWriteIsRefused) {
  fs::permissions(config, fs::perms::others_write, fs::perm_options::add);
  Bundle bundle = Bundle::open(kernel, directory.path());
  EXPECT_EQ(error_of([&] { bundle.read(); }).kind(), ErrorKind::refused);
  fs::permissions(directory.path(), fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(error_of([&] { Bundle::open(kernel, directory.path()); }).kind(), ErrorKind::refused);
}

TEST_F(Bundles, AReplacementKeepsOwnerAndMode) {
  ASSERT_EQ(::chmod(config.c_str(), 0640), 0);
  const uid_t owner = ::geteuid() == 0 ? 4711 : ::geteuid();
  ASSERT_EQ(::chown(config.c_str(), owner, static_cast<gid_t>(-1)), 0);
  Bundle bundle = Bundle::open(kernel, directory.path());
  bundle.replace("new").commit();
  struct stat status {};
  ASSERT_EQ(::stat(config.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_EQ(status.st_uid, owner);
  EXPECT_EQ(text_of(config), "new");
}

TEST_F(Bundles, AReplacementThatIsNotCommittedLeavesNothing) {
  const auto before = snapshot(directory.path());
  {
    Bundle bundle = Bundle::open(kernel, directory.path());
    const auto replacement = bundle.replace("new");
    EXPECT_NE(snapshot(directory.path()), before);
  }
  EXPECT_EQ(snapshot(directory.path()), before);
}

TEST_F(Bundles, UndoAfterCommitPutsBytesOwnerAndModeBack) {
  ASSERT_EQ(::chmod(config.c_str(), 0604), 0);
  const auto before = snapshot(directory.path());
  Bundle bundle = Bundle::open(kernel, directory.path());
  auto replacement = bundle.replace("new");
  replacement.commit();
  EXPECT_EQ(text_of(config), "new");
  replacement.undo();
  EXPECT_EQ(snapshot(directory.path()), before);
}

TEST_F(Bundles, AHardLinkElsewhereKeepsItsContent) {
  fs::create_hard_link(config, directory / "other");
  Bundle bundle = Bundle::open(kernel, directory.path());
  bundle.replace("new").commit();
  EXPECT_EQ(text_of(directory / "other"), "{\"old\": 1}\n");
}

TEST_F(Bundles, ALeftoverOfAKilledWrapperIsNeverFollowedAndReplaced) {
  put(directory / "victim", "untouched");
  fs::create_symlink("victim", directory / (".config.json.hardened-" + std::to_string(::getpid())));
  Bundle bundle = Bundle::open(kernel, directory.path());
  bundle.replace("new").commit();
  EXPECT_EQ(text_of(directory / "victim"), "untouched");
  EXPECT_EQ(text_of(config), "new");
}

TEST_F(Bundles, WhateverCallFailsTheCallersFilesAreAsTheyWere) {
  const auto before = snapshot(directory.path());
  const std::string original = text_of(config);
  std::size_t failures = 0;
  for (std::size_t call = 0;; ++call) {
    FakeKernel faulty;
    faulty.fail_at = call;
    faulty.failure = ENOSPC;
    try {
      Bundle bundle = Bundle::open(faulty, directory.path());
      bundle.replace("new").commit();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::system) << error.what();
      EXPECT_EQ(snapshot(directory.path()), before) << faulty.calls.back();
      ++failures;
      continue;
    }
    EXPECT_EQ(text_of(config), "new");
    if (faulty.calls.size() <= call) break;
    put(config, original);  // looking for leftovers may fail
  }
  EXPECT_GT(failures, 10U);
  EXPECT_EQ(text_of(config), "new");
}

TEST_F(Bundles, AFullDiskIsToldAndLeavesTheOriginal) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{4096, limit.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  Bundle bundle = Bundle::open(kernel, directory.path());
  bundle.read();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Error error = error_of([&] { bundle.replace(std::string(1U << 16, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(error.number(), EFBIG);
  EXPECT_NE(std::string(error.what()).find("config.json cannot be replaced"), std::string::npos);
  EXPECT_EQ(snapshot(directory.path()).size(), 1U);
  EXPECT_EQ(text_of(config), "{\"old\": 1}\n");
}

}  // namespace
}  // namespace hardened
