// SPDX-License-Identifier: Apache-2.0
// The whole way of a bundle with a user namespace, every call of it made to fail once, and the
// wrapper killed at every call: nothing stays that the next create does not reclaim.
#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "container.hpp"
#include "hardened/shell/harden.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

class Faults : public ContainerTest {
 protected:
  void SetUp() override {
    ContainerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    write_policy();
    for (const char* name : {"upper", "work"}) fs::create_directory(directory / name);
    fs::rename(bundle() + "/rootfs", directory / "lower");
    fs::create_directory(directory / "lower/var");
    fs::create_directory(bundle() + "/rootfs");
    const std::string options = "lowerdir=" + directory / "lower";
    ASSERT_EQ(
        ::mount("o", (bundle() + "/rootfs").c_str(), "overlay", 0,
                (options + ",upperdir=" + directory / "upper" + ",workdir=" + directory / "work")
                    .c_str()),
        0);
    write_config();
    before_ = own_mounts();
  }
  void TearDown() override {
    if (::geteuid() == 0) ::umount2((bundle() + "/rootfs").c_str(), MNT_DETACH);
  }

  enum class Fault { failure, death };
  // 0: the runtime would have been started; 1: refused; 2: there is no such call; 137: killed.
  int create(const std::string& id, std::size_t call, Fault fault) {
    const Ended outcome = in_child([&] {
      FakeKernel kernel(Mounts::real);
      kernel.fail_at = call;
      kernel.dies = fault == Fault::death;
      int code = 1;
      try {
        harden(kernel, environment,
               Invocation::parse({"--root", root(), "create", "--bundle", bundle(), id}));
      } catch (const Executed&) {
        code = 0;
        // What fails from here on fails in a clean-up that execve would have spared us.
        const auto execute =
            std::find_if(kernel.calls.begin(), kernel.calls.end(),
                         [](const std::string& text) { return text.starts_with("execute "); });
        const auto at = static_cast<std::size_t>(execute - kernel.calls.begin());
        if (call != SIZE_MAX && at < call) code = 2;
      } catch (const Error& error) {
        dprintf(2, "%s\n", error.what());
      }
      ::_exit(code);
    });
    said_ = outcome.output;
    return outcome.code;
  }
  // Other tests mount and unmount meanwhile.
  std::string own_mounts() {
    std::istringstream lines(text_of("/proc/self/mountinfo"));
    std::string own;
    for (std::string line; std::getline(lines, line);) {
      if (line.find(directory.path().string()) != std::string::npos) own += line + '\n';
    }
    return own;
  }
  static std::size_t files_below(const std::string& path) {
    std::size_t count = 0;
    if (!fs::exists(path)) return 0;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }
  std::size_t leases() { return files_below(environment.state + "/ids"); }
  std::size_t records() { return files_below(environment.state + "/records"); }
  std::size_t work_directories() {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(directory.path())) {
      if (entry.path().filename().string().starts_with("hardened-")) ++count;
    }
    return count;
  }
  // All of them with HARDENED_FAULTS_EVERY=1.
  static std::size_t stride(std::size_t usual) {
    const char* given = std::getenv("HARDENED_FAULTS_EVERY");
    return given == nullptr ? usual : std::stoul(given);
  }

  std::string before_;
  std::string said_;
};

TEST_F(Faults, WithoutAFaultTheRuntimeIsReached) {
  const Ended outcome = in_child([&] { ::_exit(create("c1", SIZE_MAX, Fault::failure)); });
  EXPECT_EQ(outcome.code, 0) << outcome.output;
}

TEST_F(Faults, WhateverCallFailsNothingStays) {
  std::size_t failed = 0;
  for (std::size_t call = 0;; call += stride(5)) {
    const int code = create("c1", call, Fault::failure);
    if (code == 2) break;
    if (code == 1) ++failed;
    EXPECT_EQ(leases(), 0U) << "call " << call;
    EXPECT_EQ(records(), 0U) << "call " << call;
    EXPECT_EQ(work_directories(), 0U) << "call " << call << said_;
    EXPECT_EQ(text_of(bundle() + "/config.json"), config.dump()) << "call " << call << said_;
    EXPECT_EQ(own_mounts(), before_) << "call " << call;
    if (HasFailure()) return;
  }
  EXPECT_GT(failed, 10U);
}

TEST_F(Faults, WhereverItIsKilledTheNextCreateReclaims) {
  for (std::size_t call = 0;; call += stride(11)) {
    write_config();
    const int code = create("c" + std::to_string(call), call, Fault::death);
    if (code == 2) break;
    EXPECT_EQ(code, 137) << "call " << call;
    EXPECT_EQ(own_mounts(), before_) << "call " << call;
    if (HasFailure()) return;
  }
  write_config();
  EXPECT_EQ(create("next", SIZE_MAX, Fault::failure), 0);
  EXPECT_EQ(leases(), 0U);
  EXPECT_EQ(create("another", SIZE_MAX, Fault::failure), 0);
  EXPECT_LE(records(), 1U) << "its own";
}

}  // namespace
}  // namespace hardened
