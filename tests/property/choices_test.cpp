// SPDX-License-Identifier: Apache-2.0
#include "choices.hpp"

#include <gtest/gtest.h>

#include "generator.hpp"

namespace hardened::property {
namespace {

TEST(Choices, OfASeedAreDecidedAgainByTheirBytes) {
  Choices seeded(7);
  const World once = world(seeded);
  Choices replayed{std::span<const std::uint8_t>(seeded.taken())};
  const World again = world(replayed);
  EXPECT_EQ(once.document, again.document);
  EXPECT_EQ(to_json(once.facts), to_json(again.facts));
  EXPECT_EQ(once.profile.json(), again.profile.json());
  EXPECT_EQ(seeded.taken(), replayed.taken());
}

TEST(Choices, BeyondTheirBytesAreTheSimplest) {
  Choices choices{std::span<const std::uint8_t>()};
  EXPECT_TRUE(choices.spent());
  EXPECT_EQ(choices.below(1000), 0U);
  EXPECT_FALSE(choices.one_in(2));
}

TEST(Choices, ShrinkToTheLeastThatFails) {
  const Bytes failing{9, 200, 3, 77, 5, 200, 1};
  const auto fails = [](const Bytes& bytes) {
    return std::count_if(bytes.begin(), bytes.end(), [](int byte) { return byte >= 60; }) >= 2;
  };
  EXPECT_EQ(shrink(failing, fails, 1000), (Bytes{60, 60}));
}

TEST(Choices, AreNotShrunkBeyondTheirTries) {
  std::size_t asked = 0;
  const auto fails = [&asked](const Bytes&) { return ++asked > 0; };
  shrink(Bytes(1000, 1), fails, 50);
  EXPECT_LE(asked, 50U);
}

}  // namespace
}  // namespace hardened::property
