// SPDX-License-Identifier: Apache-2.0
// The rule annotations on more of them than a golden would show.
#include <gtest/gtest.h>

#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

Plan plan_of(int count) {
  const Profile profile = Policy::builtin().profile("standard");
  Plan plan;
  for (int number = 0; number < count; ++number) {
    plan.config["annotations"]["run.oci." + std::to_string(number)] = "x";
  }
  const Json document = plan.config;
  for (const Rule& rule : catalogue()) {
    if (rule.name != "annotations") continue;
    apply_rule(rule, plan, {document, profile, profile.settings("annotations"), Facts{}, ""});
  }
  return plan;
}

TEST(Annotations, SoManyThatRootWouldBeBusyWithThemAreRefused) {
  EXPECT_TRUE(plan_of(1000).refusals.empty());
  EXPECT_TRUE(plan_of(1000).config.at("annotations").empty());
  const Plan plan = plan_of(1001);
  ASSERT_EQ(plan.refusals.size(), 1U);
  EXPECT_EQ(plan.refusals[0].pointer, "/annotations");
  EXPECT_TRUE(plan.changes.empty());
}

}  // namespace
}  // namespace hardened
