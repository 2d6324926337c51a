// SPDX-License-Identifier: Apache-2.0
// The order of strength itself: it sees every weakening that the verifier's tests know.
#include "strength.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/strength_document.hpp"
#include "hardened/core/document.hpp"

namespace hardened::property {
namespace {

Facts facts() {
  Facts facts;
  facts.root.sight = Sight::seen;
  facts.root.path = "/rootfs";
  return facts;
}

class Strength : public testing::TestWithParam<Weaker> {};

// Changes that the verifier refuses without asking what they do: here the container gets nothing by
// them. Device rules count by the last that matches, and runc lets everybody make nodes.
bool gives_nothing(std::string_view patch) {
  return patch == R"([{"op": "remove", "path": "/linux/resources/devices/2"}])" ||
         patch.starts_with(R"([{"op": "move", "from": "/linux/resources/devices/2")") ||
         patch.find(R"("/linux/resources/devices/1/access", "value": "rwm")") != patch.npos;
}

TEST_P(Strength, SeesWhatGotWeaker) {
  const Json before = parse_document(kStrengthDocument);
  const Json after = before.patch(parse_document(GetParam().patch));
  EXPECT_EQ(weaker(before, after, facts()).empty(), gives_nothing(GetParam().patch))
      << GetParam().patch;
}

INSTANTIATE_TEST_SUITE_P(Of, Strength, testing::ValuesIn(kWeaker), [](const auto& param) {
  std::string name = std::string(param.param.dimension) + std::to_string(param.index);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Strength, OfADocumentIsItsOwn) {
  const Json document = parse_document(kStrengthDocument);
  EXPECT_EQ(weaker(document, document, facts()), std::vector<std::string>());
}

}  // namespace
}  // namespace hardened::property
