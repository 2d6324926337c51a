// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace hardened {
namespace {

TEST(Descriptor, ClosesWhatItOwnsAndNothingAfterAMove) {
  const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    Descriptor first(number);
    Descriptor second(std::move(first));
    EXPECT_FALSE(first);
    EXPECT_EQ(second.number(), number);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace hardened
