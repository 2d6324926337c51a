// SPDX-License-Identifier: Apache-2.0
// What the tests of inspection share: a bundle, a mount namespace of its own, and ways to ask.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "fake_kernel.hpp"
#include "hardened/core/document.hpp"
#include "hardened/shell/inspect.hpp"
#include "other_process.hpp"

namespace hardened {

inline FileIdentity identity_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return {status.st_dev, status.st_ino};
}

// A bundle with an empty rootfs, and a mount namespace of its own where that can be had.
class Inspect : public testing::Test {
 protected:
  Inspect() {
    private_mounts_ = ::unshare(CLONE_NEWNS) == 0 &&
                      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    std::filesystem::create_directory(bundle_.path() / "rootfs");
  }
  ~Inspect() override {
    for (const std::string& point : mounted_) ::umount2(point.c_str(), MNT_DETACH);
  }

  Inspection look(const std::string& text, Looking looking = Looking::must_see) {
    return inspect(kernel_, parse_document(text), profile_, bundle_.path(), looking, offered_);
  }
  // With one bind mount.
  Inspection look_at(const std::string& source, const std::string& options = "\"rbind\"",
                     Looking looking = Looking::must_see) {
    return look(R"({"mounts": [{"destination": "/d", "type": "bind", "source": ")" + source +
                    R"(", "options": [)" + options + "]}]}",
                looking);
  }
  SourceFact source(const std::string& name) { return look_at(name).facts.sources.at(name); }
  // Kind and pointer, and that dry-run goes on.
  void expect_refused(const std::string& name, ErrorKind kind) {
    const Error error = error_of([&] { look_at(name); });
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(error.pointer(), "/mounts/0/source");
    EXPECT_EQ(look_at(name, "\"rbind\"", Looking::as_far_as_possible).facts.sources.at(name).sight,
              Sight::unseen);
  }
  void mount_at(const std::string& from, const std::string& to, const char* type,
                unsigned long flags) {
    std::filesystem::create_directories(to);
    ASSERT_EQ(::mount(from.c_str(), to.c_str(), type, flags, nullptr), 0) << to;
    mounted_.insert(mounted_.begin(), to);
  }

  TemporaryDirectory bundle_;
  bool private_mounts_ = false;
  std::vector<std::string> mounted_;
  FakeKernel kernel_{Mounts::real};
  IdRange offered_;
  Profile profile_ = Policy::builtin().profile("standard");
};

#define NEEDS_ROOT() \
  if (!private_mounts_) GTEST_SKIP() << "needs root: a mount namespace of its own"

}  // namespace hardened
