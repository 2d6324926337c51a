// SPDX-License-Identifier: Apache-2.0
// Each condition against a good plan in which one thing was weakened, as a rule with a defect would
// leave it. A condition without such a case fails here: nobody knows that it can fail at all.
#include "hardened/core/verifier.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr const char* kFacts = R"({"host": {"cgroup_version": 2, "memory_bytes": 8589934592,
  "cpus": 4, "apparmor": true, "apparmor_profiles": ["docker-default", "mine"], "selinux": true,
  "id_range": {"first": 1879048192, "size": 65536},
  "sensitive": [{"path": "/etc", "identity": {"device": 1, "inode": 2},
                 "location": {"device": "8:1", "path": "/etc"}}]}})";

// The pointer that must be named, a JSON patch over the good result, and where they matter other
// facts (merged into the usual ones) and settings.
struct Weakened {
  const char* condition;
  const char* pointer;
  const char* patch;
  const char* facts = "{}";
  const char* settings = "{}";
};

const Weakened kWeakened[] = {
#include "weakened.inc"
};

Json parsed(std::string_view text) { return parse_document(text); }

Json document() {
  std::ifstream file(HARDENED_SOURCE "/tests/corpus/config/docker28-default.json");
  std::ostringstream text;
  text << file.rdbuf();
  return parsed(text.str());
}

Facts facts_with(const char* more) {
  Json facts = parsed(kFacts);
  facts.merge_patch(parsed(more));
  return facts_from_json(facts);
}

// Only `condition` is enforced, or nothing: what is seen is seen by it, whatever the others say.
Profile profile_with(const std::string& condition, const char* settings) {
  Json rules = Json::object();
  for (const std::string_view rule : verifier_conditions()) {
    rules[std::string(rule)] = {{"mode", rule == condition ? "enforce" : "off"}};
  }
  if (!condition.empty()) rules[condition].update(parsed(settings));
  Policy policy = Policy::builtin();
  policy.layer(Json{{"profiles", {{"standard", {{"rules", rules}}}}}}.dump(), "test");
  return policy.profile("standard");
}

Plan good_plan() {
  return make_plan(document(), Policy::builtin().profile("standard"), facts_with("{}"), "");
}

TEST(Verifier, AGoodPlanPasses) {
  const Plan plan = good_plan();
  EXPECT_TRUE(plan.refusals.empty());
  EXPECT_NO_THROW(
      verify_plan(document(), plan, Policy::builtin().profile("standard"), facts_with("{}")));
}

class Conditions : public testing::TestWithParam<Weakened> {};

TEST_P(Conditions, SeesWhatABuggyRuleWouldLeave) {
  const Weakened& entry = GetParam();
  const Facts facts = facts_with(entry.facts);
  Plan plan;
  plan.config = good_plan().config.patch(Json::parse(entry.patch));
  const Json original = plan.config;
  EXPECT_NO_THROW(verify_plan(original, plan, profile_with("", "{}"), facts));
  try {
    verify_plan(original, plan, profile_with(entry.condition, entry.settings), facts);
    FAIL() << entry.condition << " did not see " << entry.patch;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(error.pointer(), entry.pointer) << error.what();
    EXPECT_NE(std::string_view(error.what()).find("verifier: "), std::string_view::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Conditions, testing::ValuesIn(kWeakened), [](const auto& param) {
  std::string name = std::string(param.param.condition) + std::to_string(param.index);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// A dry-run's: the harmless nodes are known by their names, over a file anywhere.
TEST(Verifier, ANodeThatHidesAFilePassesUnseen) {
  Json given = document();
  given["mounts"].push_back(parsed(
      R"({"destination": "/etc/motd", "type": "bind", "source": "/dev/null", "options": ["bind"]})"));
  const Profile profile = Policy::builtin().profile("standard");
  const Facts facts = facts_with("{}");
  const Plan plan = make_plan(given, profile, facts, "id");
  EXPECT_NO_THROW(verify_plan(given, plan, profile, facts));
}

// CRI with hostUsers: false: containerd made the namespaces and gave the rootfs its owners.
TEST(UserNamespace, APodsOwnIsKeptAndItsRootfsNotMappedAgain) {
  Json given = document();
  given["linux"]["namespaces"] = parsed(R"([{"type": "mount"}, {"type": "pid"}, {"type": "uts"},
    {"type": "ipc"}, {"type": "cgroup"}, {"type": "user", "path": "/run/pod/user"},
    {"type": "network", "path": "/run/pod/net"}])");
  const Json maps = parsed(R"([{"containerID": 0, "hostID": 1048576, "size": 65536}])");
  given["linux"]["uidMappings"] = maps;
  given["linux"]["gidMappings"] = maps;
  Facts facts = facts_with("{}");
  facts.host.initial_user_namespace = true;
  facts.root.sight = Sight::seen;
  facts.root.unmappable = "it belongs to 1048576:1048576";
  NamespaceFact user;
  user.sight = Sight::seen;
  user.type = "user";
  user.identity = user.owner = {4, 77};
  user.owner_path = "/run/pod/user";
  user.owner_maps = maps_of({1048576, 65536});
  facts.namespaces["/run/pod/user"] = user;
  NamespaceFact network = user;
  network.type = "network";
  network.identity = {4, 78};
  facts.namespaces["/run/pod/net"] = network;
  const Plan plan = make_plan(given, Policy::builtin().profile("pod"), facts, "id");
  for (const Refusal& refusal : plan.refusals) EXPECT_NE(refusal.pointer, "/root/path");
  EXPECT_FALSE(plan.mapping);
  EXPECT_EQ(plan.config.at("linux").at("uidMappings"), maps);
}

TEST(Verifier, EveryRuleHasAConditionAndEveryConditionANegativeCase) {
  std::set<std::string_view> rules, conditions, cases;
  for (const Rule& rule : catalogue()) rules.insert(rule.name);
  for (const std::string_view name : verifier_conditions()) conditions.insert(name);
  for (const Weakened& entry : kWeakened) cases.insert(entry.condition);
  EXPECT_EQ(rules, conditions);
  EXPECT_EQ(conditions, cases);
}

// Not a word of the document may change without a line in what dry-run shows.
TEST(Verifier, AnEditThatThePlanDoesNotStateIsSeen) {
  const Json original = document();
  const Facts facts = facts_with("{}");
  const Profile profile = Policy::builtin().profile("standard");
  const Plan good = make_plan(original, profile, facts, "");
  const auto pointer_of = [&](const Plan& plan) -> std::string {
    try {
      verify_plan(original, plan, profile, facts);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused);
      return error.pointer();
    }
    return "not seen";
  };
  Plan edited = good;
  edited.config["hostname"] = "other";
  EXPECT_EQ(pointer_of(edited), "/hostname");
  edited = good;
  edited.config["vnd"] = 1;
  EXPECT_EQ(pointer_of(edited), "/vnd");
  // Below an array in which the plan does change something.
  edited = good;
  edited.config["mounts"][6]["vnd"] = 1;
  EXPECT_EQ(pointer_of(edited), "/mounts");
  // A change that says another value than it wrote, and one about a value that was not there.
  edited = good;
  edited.changes.back().after = Json{{"defaultAction", "SCMP_ACT_KILL"}};
  EXPECT_EQ(pointer_of(edited).substr(0, 14), "/linux/seccomp");
  edited = good;
  edited.changes.front().before = "something else";
  EXPECT_EQ(pointer_of(edited), good.changes.front().pointer);
}

}  // namespace
}  // namespace hardened
