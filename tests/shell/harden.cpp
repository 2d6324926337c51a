// SPDX-License-Identifier: Apache-2.0
// Which descriptors the runtime inherits (CVE-2024-21626: one of a host directory leads out).
#include "hardened/shell/harden.hpp"

#include "fake_kernel.hpp"

namespace hardened {
namespace {

int lowest_closed(const std::vector<std::string>& flags, int listen = 0) {
  Environment environment;
  environment.listen_descriptors = listen;
  std::vector<std::string> words{"create"};
  words.insert(words.end(), flags.begin(), flags.end());
  words.insert(words.end(), {"--bundle", "/b", "c1"});
  return first_unasked_descriptor(environment, Invocation::parse(words));
}

TEST(Descriptors, ThreeAndWhatIsAskedFor) {
  EXPECT_EQ(lowest_closed({}), 3);
  EXPECT_EQ(lowest_closed({}, 2), 5);
  EXPECT_EQ(lowest_closed({"--preserve-fds", "4"}), 7);
  EXPECT_EQ(lowest_closed({"--preserve-fds=4"}, 1), 8);
  EXPECT_EQ(lowest_closed({"--preserve-fds=0"}), 3);
}

// The runtime would hand on a directory of the host that it has opened itself by then.
TEST(Descriptors, WhatIsAskedForIsThere) {
  FakeKernel kernel;
  const int inherited = ::open("/", O_PATH);
  const int free = ::open("/", O_PATH);
  ::close(free);
  ASSERT_EQ(free, inherited + 1) << "the least that is free";
  EXPECT_NO_THROW(require_inherited(kernel, 3));
  const Error error = error_of([&] { require_inherited(kernel, free + 1); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_NE(std::string(error.what()).find("which is not open"), std::string::npos);
  ::close(inherited);
}

// Below standard error everything would be closed, above every descriptor nothing.
TEST(Descriptors, ANegativeNumberAsksForNone) {
  EXPECT_EQ(lowest_closed({"--preserve-fds=-1"}), 3);
  EXPECT_EQ(lowest_closed({"--preserve-fds=-2147483648"}, 1), 4);
}

TEST(Descriptors, WhatIsNoNumberOfDescriptorsIsRefused) {
  for (const std::string given :
       {"", "x", "1x", " 1", "+1", "0x10", "1048577", "2147483647", "99999999999"}) {
    const Error error = error_of([&] { lowest_closed({"--preserve-fds=" + given}); });
    EXPECT_EQ(error.kind(), ErrorKind::usage) << given;
    EXPECT_NE(std::string(error.what()).find("--preserve-fds"), std::string::npos) << given;
  }
}

}  // namespace
}  // namespace hardened
