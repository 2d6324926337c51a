// SPDX-License-Identifier: Apache-2.0
// Each dimension of strength: a document, what a buggy rule would make of it, and what must be
// named. A dimension without a negative case fails here.
#include <gtest/gtest.h>

#include <set>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/verifier.hpp"
#include "strength_document.hpp"

namespace hardened {
namespace {

std::string pointer_of(const Json& before, const Json& after) {
  try {
    Facts facts;
    facts.root.path = "/rootfs";
    verify_not_weaker(before, after, facts);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(std::string_view(error.what()).find("weaker than the document"),
              std::string_view::npos);
    return error.pointer();
  }
  return "not seen";
}

class Strength : public testing::TestWithParam<Weaker> {};

TEST_P(Strength, SeesWhatIsWeaker) {
  const Json before = parse_document(kStrengthDocument);
  const Json after = before.patch(Json::parse(GetParam().patch));
  EXPECT_EQ(pointer_of(before, after), GetParam().pointer) << GetParam().patch;
}

INSTANTIATE_TEST_SUITE_P(Of, Strength, testing::ValuesIn(kWeaker), [](const auto& param) {
  std::string name = std::string(param.param.dimension) + std::to_string(param.index);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Verifier, EveryDimensionOfStrengthHasANegativeCase) {
  std::set<std::string_view> dimensions, cases;
  for (const std::string_view name : verifier_dimensions()) dimensions.insert(name);
  for (const Weaker& entry : kWeaker) cases.insert(entry.dimension);
  EXPECT_EQ(dimensions, cases);
}

// Whatever only tightens passes: a verifier that refuses everything would also pass the cases
// above.
TEST(Verifier, WhatIsTighterPasses) {
  const Json before = parse_document(kStrengthDocument);
  EXPECT_EQ(pointer_of(before, before), "not seen");
  const Json after = before.patch(Json::parse(R"([
    {"op": "remove", "path": "/process/capabilities/bounding/0"},
    {"op": "replace", "path": "/process/oomScoreAdj", "value": 200},
    {"op": "replace", "path": "/process/rlimits/1/hard", "value": 9},
    {"op": "add", "path": "/linux/maskedPaths/-", "value": "/proc/keys"},
    {"op": "remove", "path": "/linux/devices/0"},
    {"op": "remove", "path": "/linux/resources/devices/1"},
    {"op": "add", "path": "/linux/namespaces/-", "value": {"type": "cgroup"}},
    {"op": "remove", "path": "/linux/seccomp/syscalls/0"},
    {"op": "replace", "path": "/linux/resources/pids/limit", "value": 9},
    {"op": "replace", "path": "/linux/resources/unified/memory.max", "value": "1048575"},
    {"op": "replace", "path": "/mounts/1/type", "value": "bind"},
    {"op": "add", "path": "/mounts/1/options/-", "value": "rnosuid"},
    {"op": "add", "path": "/mounts/0/options/-", "value": "noexec"}])"));
  EXPECT_EQ(pointer_of(before, after), "not seen");
}

TEST(Verifier, AWritableDocumentMayGainItsOwnDirectoriesAndEmptyOnes) {
  Json before = parse_document(kStrengthDocument);
  before["root"]["readonly"] = false;
  const auto with = [&](const char* mount) {
    Json after = before;
    after["root"]["readonly"] = true;
    after["mounts"].insert(after["mounts"].begin() + 1, Json::parse(mount));
    return pointer_of(before, after);
  };
  EXPECT_EQ(with(R"({"destination": "/var", "type": "bind", "source": "/rootfs/var",
                     "options": ["bind", "nosuid", "nodev"]})"),
            "not seen");
  EXPECT_EQ(with(R"({"destination": "/var", "type": "tmpfs", "source": "tmpfs",
                     "options": ["nosuid", "nodev"]})"),
            "not seen");
  for (const char* wrong :
       {R"({"destination": "/var", "type": "bind", "source": "/var",
            "options": ["bind", "nosuid", "nodev"]})",
        R"({"destination": "/var", "type": "tmpfs", "source": "/var",
            "options": ["bind", "nosuid", "nodev"]})",
        R"({"destination": "/var", "type": "overlay", "source": "/rootfs/var",
            "options": ["nosuid", "nodev"]})",
        R"({"destination": "/../etc", "type": "bind", "source": "/etc",
            "options": ["bind", "nosuid", "nodev"]})",
        R"({"destination": "/proc/x", "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "nodev"]})",
        R"({"destination": "/var", "type": "tmpfs", "source": "tmpfs", "options": ["nodev"]})",
        R"({"destination": "/var", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]})"}) {
    EXPECT_EQ(with(wrong), "/mounts") << wrong;
  }
}

// Without a profile, or with one that allows, there is nothing to be weaker than.
// In report mode nothing is refused before: it is there, and is as it was.
TEST(Verifier, AnEntryWithoutItsRequiredMemberIsComparedAllTheSame) {
  Json before = parse_document(kStrengthDocument);
  for (const char* list : {"/linux/namespaces", "/process/rlimits", "/mounts", "/linux/devices"}) {
    Json::json_pointer pointer(list);
    if (!before.contains(pointer)) before[pointer] = Json::array();
    before[pointer].push_back(Json::object());
  }
  before["hooks"]["vnd.x"] = 0;
  EXPECT_EQ(pointer_of(before, before), "not seen");
}

// libseccomp puts it into every filter.
TEST(Verifier, TheMachinesOwnArchitectureIsNoneThatWasAdded) {
  Json before = parse_document(kStrengthDocument);
  before["linux"]["seccomp"]["architectures"] = Json({"SCMP_ARCH_S390X"});
  Json after = before;
  after["linux"]["seccomp"]["architectures"] = Json({"SCMP_ARCH_X86_64"});
  Facts facts;
  facts.root.path = "/rootfs";
  facts.host.architecture = "SCMP_ARCH_X86_64";
  EXPECT_NO_THROW(verify_not_weaker(before, after, facts));
  after["linux"]["seccomp"]["architectures"] = Json({"SCMP_ARCH_X86"});
  EXPECT_THROW(verify_not_weaker(before, after, facts), Error);
}

TEST(Verifier, AFilterThatAllowedByDefaultMayBeReplaced) {
  Json before = parse_document(kStrengthDocument);
  before["linux"]["seccomp"]["defaultAction"] = "SCMP_ACT_ALLOW";
  Json after = before;
  after["linux"]["seccomp"]["defaultAction"] = "SCMP_ACT_ERRNO";
  after["linux"]["seccomp"]["syscalls"].push_back(
      {{"names", {"write"}}, {"action", "SCMP_ACT_ALLOW"}});
  EXPECT_EQ(pointer_of(before, after), "not seen");
}

}  // namespace
}  // namespace hardened
