// SPDX-License-Identifier: Apache-2.0
// Each way in which a plan could leave a container without ids of its own, or with another's, must
// stop it.
#include <gtest/gtest.h>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/verifier.hpp"
#include "pinned_facts.hpp"

namespace hardened {
namespace {

constexpr std::string_view kDocument = R"({"ociVersion": "1.2.0", "root": {"path": "/r"},
  "process": {"args": ["sh"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
  "mounts": [{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
    {"destination": "/d", "type": "bind", "source": "/data", "options": ["bind"]}],
  "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"},
    {"type": "network"}]}})";

class VerifierMapping : public testing::Test {
 protected:
  VerifierMapping() {
    facts_.host.memory_bytes = 8ULL << 30;
    SourceFact& data = facts_.sources["/data"];
    data.sight = Sight::seen;
    data.kind = FileKind::directory;
    data.path = "/data";
    data.location = {"8:1", "/data"};
    data.file_system = "ext4";
    plan_ = make_plan(original_, profile_, facts_, "");
  }

  void expect_fails(const Plan& plan, std::string_view pointer, std::string_view what) {
    try {
      verify_plan(original_, plan, profile_, facts_);
      FAIL() << what;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused);
      EXPECT_EQ(error.pointer(), pointer);
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  }

  std::size_t place_of(const Plan& plan, std::string_view destination) const {
    const Json& mounts = plan.config.at("mounts");
    std::size_t index = 0;
    while (mounts.at(index).at("destination") != destination) ++index;
    return index;
  }

  MountOperation& operation(Plan& plan, const std::string& pointer) {
    for (MountOperation& one : plan.operations) {
      if (one.pointer == pointer) return one;
    }
    throw std::runtime_error("no operation for " + pointer);
  }

  Facts facts_ = pinned_facts();
  Profile profile_ = Policy::builtin().profile("standard");
  Json original_ = parse_document(kDocument);
  Plan plan_;
};

TEST_F(VerifierMapping, AnHonestPlanPasses) {
  EXPECT_NO_THROW(verify_plan(original_, plan_, profile_, facts_));
  EXPECT_EQ(plan_.mapping, maps_of(facts_.host.id_range));
}

TEST_F(VerifierMapping, NoUserNamespaceStops) {
  Json& namespaces = plan_.config.at("linux").at("namespaces");
  for (std::size_t index = 0; index < namespaces.size(); ++index) {
    if (namespaces[index].at("type") == "user") namespaces.erase(index);
  }
  expect_fails(plan_, "/linux/namespaces", "must hold an own user namespace");
}

// They are free when we look, and another container's a moment later.
TEST_F(VerifierMapping, IdsOfAnotherProfilesPoolAreNoDocumentsEither) {
  Policy policy = Policy::builtin();
  policy.layer(R"({"profiles": {"guests": {"extends": "standard", "rules": {"user-namespace":
      {"pool": {"first_id": 1000013824, "size": 655360}}}}}})",
               "policy.json");
  const Json named = Json::array({{{"containerID", 0}, {"hostID", 1000013824}, {"size", 65536}}});
  original_["linux"]["namespaces"].push_back({{"type", "user"}});
  original_["linux"]["uidMappings"] = named;
  original_["linux"]["gidMappings"] = named;
  // Where no profile gives them away they are the engine's own.
  Plan kept = make_plan(original_, Policy::builtin().profile("standard"), facts_, "");
  EXPECT_EQ(kept.config.at("linux").at("uidMappings"), named);

  const Profile standard = policy.profile("standard");
  const Plan plan = make_plan(original_, standard, facts_, "");
  EXPECT_NO_THROW(verify_plan(original_, plan, standard, facts_));
  ASSERT_TRUE(plan.mapping);
  EXPECT_EQ(plan.mapping->users.front().host, facts_.host.id_range.first);
  profile_ = standard;
  expect_fails(kept, "/linux/uidMappings", "names ids that nobody was given");
}

TEST_F(VerifierMapping, GoingWithoutUnsaidStops) {
  facts_.host.id_range = {};
  Json json = profile_.json();
  json["rules"]["user-namespace"]["unsupported"] = "degrade";
  profile_ = Profile("standard", json);
  Plan plan = make_plan(original_, profile_, facts_, "");
  EXPECT_NO_THROW(verify_plan(original_, plan, profile_, facts_));
  ASSERT_EQ(plan.degraded.size(), 1U);
  plan.degraded.clear();
  expect_fails(plan, "/linux/namespaces", "nothing says so");
}

TEST_F(VerifierMapping, GoingWithoutForTheHostsNetworksTakesThePolicysWord) {
  original_["linux"]["namespaces"][4]["path"] = "/run/netns/x";
  NamespaceFact& network = facts_.namespaces["/run/netns/x"];
  network.sight = Sight::seen;
  network.type = "network";
  network.host_owned = true;
  const Profile pod = Policy::builtin().profile("pod");
  const Plan plan = make_plan(original_, pod, facts_, "");
  EXPECT_FALSE(plan.mapping);
  EXPECT_NO_THROW(verify_plan(original_, plan, pod, facts_));
  expect_fails(plan, "/linux/namespaces", "must hold an own user namespace");
}

TEST_F(VerifierMapping, IdsOfThePoolThatNobodyGaveStop) {
  plan_.mapping.reset();
  expect_fails(plan_, "/linux/uidMappings", "ids that nobody was given");
}

TEST_F(VerifierMapping, AnotherContainersIdsStop) {
  plan_.mapping = maps_of({facts_.host.id_range.first + 65536, 65536});
  expect_fails(plan_, "/linux/uidMappings", "neither the ids offered");
}

TEST_F(VerifierMapping, ADocumentThatSaysOtherIdsThanTheMountsStops) {
  plan_.config["linux"]["gidMappings"][0]["size"] = 70000;
  expect_fails(plan_, "/linux/gidMappings", "is not what is laid over the mounts");
}

TEST_F(VerifierMapping, TheHostsRootStops) {
  facts_.host.id_range = {0, 65536};
  plan_ = make_plan(original_, profile_, facts_, "");
  EXPECT_THROW(require_no_refusals(plan_), Error);
  expect_fails(plan_, "/linux/uidMappings/0", "host's id 0");
}

TEST_F(VerifierMapping, ARootfsWithoutTheIdsStops) {
  operation(plan_, "/root/path").id_mapped = false;
  expect_fails(plan_, "/root/path", "without the container's ids");
}

TEST_F(VerifierMapping, ABindThatNoOperationMountsStops) {
  const std::string pointer = join("/mounts", place_of(plan_, "/d")) + "/source";
  std::erase_if(plan_.operations,
                [&](const MountOperation& one) { return one.pointer == pointer; });
  expect_fails(plan_, pointer, "mounted without the container's ids");
}

TEST_F(VerifierMapping, ABindAsItIsThatCouldHaveTheIdsStops) {
  const std::string pointer = join("/mounts", place_of(plan_, "/d")) + "/source";
  operation(plan_, pointer).id_mapped = false;
  expect_fails(plan_, pointer, "could have the container's ids");
  facts_.sources["/data"].unmappable = "nfs";
  EXPECT_NO_THROW(verify_plan(original_, plan_, profile_, facts_));
}

TEST_F(VerifierMapping, TwoOperationsForOneMountStop) {
  plan_.operations.push_back(plan_.operations.back());
  expect_fails(plan_, plan_.operations.back().pointer, "mounted twice");
}

TEST_F(VerifierMapping, AViewOfTheHostThatCanBeWrittenIsWeaker) {
  Json before = original_;
  before["mounts"].push_back(
      Json::parse(R"({"destination": "/sys", "type": "sysfs", "source": "sysfs"})"));
  Facts facts;
  facts.root.path = "/r";
  Json after = before;
  Json& view = after["mounts"].back();
  view = Json::parse(R"({"destination": "/sys", "type": "bind", "source": "/sys",
      "options": ["bind", "ro", "nosuid", "noexec", "nodev"]})");
  EXPECT_NO_THROW(verify_not_weaker(before, after, facts));
  view["options"] = {"rbind", "bind", "ro", "nosuid", "noexec", "nodev"};
  EXPECT_THROW(verify_not_weaker(before, after, facts), Error);
  view["options"] = {"bind", "ro", "rw", "nosuid", "noexec", "nodev"};
  EXPECT_THROW(verify_not_weaker(before, after, facts), Error);
  view["options"] = {"bind", "ro", "nosuid", "noexec", "nodev"};
  view["source"] = "/etc";
  EXPECT_THROW(verify_not_weaker(before, after, facts), Error);
}

TEST_F(VerifierMapping, AViewOfTheHostsProcessesMayBeWrittenLikeAFreshProc) {
  Json before = original_;
  before["mounts"].push_back(
      Json::parse(R"({"destination": "/proc", "type": "proc", "source": "proc"})"));
  Facts facts;
  facts.root.path = "/r";
  Json after = before;
  Json& view = after["mounts"].back();
  view = Json::parse(R"({"destination": "/proc", "type": "bind", "source": "/proc",
      "options": ["bind", "nosuid", "noexec", "nodev"]})");
  EXPECT_NO_THROW(verify_not_weaker(before, after, facts));
  view["options"] = {"rbind", "nosuid", "noexec", "nodev"};
  EXPECT_THROW(verify_not_weaker(before, after, facts), Error);
  view["options"] = {"bind", "nosuid", "noexec", "nodev"};
  before["mounts"].back()["options"] = {"ro"};
  EXPECT_THROW(verify_not_weaker(before, after, facts), Error) << "the author's was read-only";
}

}  // namespace
}  // namespace hardened
