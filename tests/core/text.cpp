// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/text.hpp"

#include <gtest/gtest.h>

namespace hardened {
namespace {

TEST(Text, EscapeSequencesAndBidirectionalOverridesAreShownNotSent) {
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(printable("x\u202ey"), "x\\u{202e}y");
  EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(printable("grüße"), "grüße");
}

TEST(Text, LongStringsAreCut) { EXPECT_EQ(printable("abcdef", 3), "abc..."); }

TEST(Text, NearestFindsATypoAndNothingFarAway) {
  EXPECT_EQ(nearest("capabilites", {"capabilities", "devices"}), "capabilities");
  EXPECT_EQ(nearest("xyz", {"capabilities", "devices"}), "");
}

}  // namespace
}  // namespace hardened
