// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/policy_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fake_kernel.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class PolicyFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "files of root need root";
    char pattern[] = "/tmp/hardened-policy-XXXXXX";
    root_ = ::mkdtemp(pattern);
    environment_.configuration = root_ / "hardened";
    fs::create_directories(root_ / "hardened/policy.d");
    fs::permissions(root_, fs::perms(0755));
  }
  void TearDown() override {
    if (!root_.empty()) fs::remove_all(root_);
  }

  fs::path write(const std::string& name, const std::string& text) {
    const fs::path path = root_ / "hardened" / name;
    std::ofstream(path) << text;
    fs::permissions(path, fs::perms(0644));
    return path;
  }
  static std::string limit(int pids) {
    return R"({"profiles": {"standard": {"rules": {"pids-limit": {"limit": )" +
           std::to_string(pids) + "}}}}}";
  }
  Json loaded_limit() {
    const Profile standard = load_policy(kernel_, environment_).profile("standard");
    return standard.settings("pids-limit").at("limit");
  }
  void expect_error(ErrorKind kind, const std::string& text) {
    try {
      load_policy(kernel_, environment_);
      FAIL() << "expected: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_EQ(std::string(error.what()), "policy " + environment_.configuration + text);
    }
  }

  Kernel& kernel_ = real_kernel();
  Environment environment_;
  fs::path root_;
};

TEST_F(PolicyFiles, WithoutADirectoryThePolicyIsTheBuiltInOne) {
  fs::remove_all(root_ / "hardened");
  EXPECT_EQ(load_policy(kernel_, environment_).json(), Policy::builtin().json());
}

TEST_F(PolicyFiles, FilesAreLaidOverEachOtherInTheOrderOfTheirNames) {
  write("policy.json", limit(1));
  EXPECT_EQ(loaded_limit(), 1);
  write("policy.d/20.json", limit(20));
  write("policy.d/10.json", limit(10));
  EXPECT_EQ(loaded_limit(), 20);
}

TEST_F(PolicyFiles, HiddenNamesAndOtherEndingsAreLeftOut) {
  for (const char* name : {".json", ".a.json", "a.json~", "a.json.dpkg-new", "json"}) {
    write(std::string("policy.d/") + name, "broken");
  }
  EXPECT_EQ(load_policy(kernel_, environment_).json(), Policy::builtin().json());
}

TEST_F(PolicyFiles, WhatOthersThanRootCanWriteIsRefused) {
  const fs::path file = write("policy.json", limit(1));
  fs::permissions(file, fs::perms(0646));
  expect_error(ErrorKind::invalid_input, "/policy.json: writable by others than root");
  // An access control list for uid 1000 shows as the bits of the group, which is root's here.
  for (const gid_t group : {gid_t{1}, gid_t{0}}) {
    ASSERT_EQ(::chown(file.c_str(), 0, group), 0);
    fs::permissions(file, fs::perms(0664));
    expect_error(ErrorKind::invalid_input, "/policy.json: writable by others than root");
  }
  fs::permissions(file, fs::perms(0644));
  ASSERT_EQ(::chown(file.c_str(), 1000, 0), 0);
  expect_error(ErrorKind::invalid_input, "/policy.json: owned by uid 1000, not by root");
  ASSERT_EQ(::chown(file.c_str(), 65534, 0), 0);
  expect_error(ErrorKind::invalid_input, "/policy.json: owned by uid 65534, not by root");
}

TEST_F(PolicyFiles, DirectoriesThatOthersCanWriteAreRefused) {
  fs::permissions(root_ / "hardened/policy.d", fs::perms(0777));
  expect_error(ErrorKind::invalid_input, "/policy.d: writable by others than root");
  ASSERT_EQ(::chown((root_ / "hardened").c_str(), 1000, 0), 0);
  expect_error(ErrorKind::invalid_input, ": owned by uid 1000, not by root");
}

TEST_F(PolicyFiles, LinksAndWhatIsNoRegularFileAreRefused) {
  fs::create_symlink("/dev/null", root_ / "hardened/policy.json");
  expect_error(ErrorKind::invalid_input, "/policy.json: a symbolic link, or below one");
  fs::remove(root_ / "hardened/policy.json");
  ASSERT_EQ(::mkfifo((root_ / "hardened/policy.json").c_str(), 0644), 0);
  expect_error(ErrorKind::invalid_input, "/policy.json: not a regular file");
  fs::remove(root_ / "hardened/policy.json");
  fs::create_directory(root_ / "hardened/policy.json");
  expect_error(ErrorKind::invalid_input, "/policy.json: not a regular file");
}

TEST_F(PolicyFiles, BrokenContentNamesItsFile) {
  write("policy.json", "");
  expect_error(ErrorKind::invalid_input, "/policy.json: the document is empty");
  write("policy.json", R"({"restore": 7})");
  expect_error(ErrorKind::invalid_input,
               "/policy.json: /restore: expected \"refuse\" or \"allow\", got 7");
  write("policy.json", std::string((1U << 20) + 1, ' '));
  expect_error(ErrorKind::invalid_input, "/policy.json: larger than the limit of 1048576 bytes");
}

TEST_F(PolicyFiles, AnySyscallThatFailsStopsTheLoading) {
  write("policy.json", limit(1));
  write("policy.d/a.json", limit(2));
  FakeKernel counting;
  load_policy(counting, environment_);
  for (std::size_t at = 0; at < counting.calls.size(); ++at) {
    FakeKernel failing;
    failing.fail_at = at;
    EXPECT_THROW(load_policy(failing, environment_), Error) << counting.calls.at(at);
  }
}

TEST_F(PolicyFiles, AFileForDryRunMayBeAnyones) {
  const fs::path file = write("mine.json", limit(3));
  ASSERT_EQ(::chown(file.c_str(), 1000, 1000), 0);
  const Profile standard = load_policy_file(kernel_, file).profile("standard");
  EXPECT_EQ(standard.settings("pids-limit").at("limit"), 3);
  EXPECT_THROW(load_policy_file(kernel_, root_ / "absent"), Error);
}

}  // namespace
}  // namespace hardened
