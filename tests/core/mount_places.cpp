// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_places.hpp"

#include <gtest/gtest.h>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

Json document(const std::vector<std::pair<std::string, std::string>>& mounts) {
  Json document{{"root", {{"path", "/r"}}}, {"mounts", Json::array()}};
  for (const auto& [place, source] : mounts) {
    document["mounts"].push_back(
        {{"destination", place}, {"type", source.empty() ? "tmpfs" : "bind"}, {"source", source}});
  }
  return document;
}

std::string nesting(const Json& document, const Facts& facts = {}) {
  std::string text;
  for (const Nesting& n : nested_mounts(document, facts)) {
    text += std::to_string(n.mount) + " in " + std::to_string(n.holder) + " at " + n.below +
            (n.direct ? ";" : " indirectly;");
  }
  return text;
}

TEST(MountPlaces, AnAbsentFactLeavesTheTextInNormalForm) {
  const Json mount{{"destination", "a//b/./c/"}};
  EXPECT_EQ(mount_places(mount, {}), std::vector<std::string>{"/a/b/c"});
}

TEST(MountPlaces, WhatWasLookedAtCountsMore) {
  Facts facts;
  facts.destinations["/l/x"] = {Sight::seen, {"/data/x"}, false};
  EXPECT_EQ(nesting(document({{"/data", "/s"}, {"/l/x", "/t"}}), facts), "1 in 0 at x;");
}

TEST(Nesting, IsAWayThroughNamesInsideAnEarlierBind) {
  EXPECT_EQ(nesting(document({{"/d", "/s"}, {"/d/a/b", "/t"}, {"/dd", "/t"}})), "1 in 0 at a/b;");
  EXPECT_EQ(nesting(document({{"/d/a", "/t"}, {"/d", "/s"}})), "") << "an earlier one is covered";
}

TEST(Nesting, OfTwoHoldersTheInnerOneCounts) {
  EXPECT_EQ(nesting(document({{"/d", "/s"}, {"/d/a", "/t"}, {"/d/a/b", "/u"}})),
            "1 in 0 at a;2 in 1 at b;");
}

TEST(Nesting, TheSamePlaceTwiceIsTwiceInsideItsHolder) {
  EXPECT_EQ(nesting(document({{"/d", "/s"}, {"/d/a", "/t"}, {"/d/a", "/u"}})),
            "1 in 0 at a;2 in 0 at a;");
  EXPECT_EQ(nesting(document({{"/d", "/s"}, {"/d", "/t"}})), "") << "no name inside is walked";
}

TEST(Nesting, AFreshFileSystemHidesTheBindBelowUnlessItLiesInIt) {
  EXPECT_EQ(nesting(document({{"/d", "/s"}, {"/d", ""}, {"/d/a", "/t"}})), "");
  EXPECT_EQ(nesting(document({{"/d", "/s"}, {"/d/a", ""}, {"/d/a/b", "/t"}})),
            "1 in 0 at a;2 in 1 at b indirectly;");
}

TEST(Nesting, TheContainersOwnRootfsDoesNotCount) {
  EXPECT_EQ(nesting(document({{"/var", "/r/var"}, {"/var/x", "/t"}})), "");
  EXPECT_EQ(nesting(document({{"/var", "/r/other"}, {"/var/x", "/t"}})), "1 in 0 at x;");
}

}  // namespace
}  // namespace hardened
