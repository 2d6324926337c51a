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

TEST(Text, LinesBreakAtBlanksElseWhereTheyMust) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("one two three", 8), (Lines{"one two", "three"}));
  EXPECT_EQ(wrapped("one two", 7), (Lines{"one two"}));
  EXPECT_EQ(wrapped("abcdefgh", 3), (Lines{"abc", "def", "gh"}));
  EXPECT_EQ(wrapped("grüße", 3), (Lines{"grü", "ße"}));
  EXPECT_EQ(wrapped("", 3), (Lines{""}));
  EXPECT_EQ(wrapped("ab", 0), (Lines{"a", "b"}));
  EXPECT_EQ(wrapped(" x", 1), (Lines{" ", "x"}));
  EXPECT_EQ(width_of("grüße"), 5U);
}

TEST(Text, NearestFindsATypoAndNothingFarAway) {
  EXPECT_EQ(nearest("capabilites", {"capabilities", "devices"}), "capabilities");
  EXPECT_EQ(nearest("xyz", {"capabilities", "devices"}), "");
}

}  // namespace
}  // namespace hardened
