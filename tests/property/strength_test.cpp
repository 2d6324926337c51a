// SPDX-License-Identifier: Apache-2.0
// The order of strength itself: it sees every weakening that the verifier's tests know.
#include "strength.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/strength_document.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/policy.hpp"

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

TEST(Strength, AnAnnotationThatNoRuntimeObeysIsMissed) {
  const Json document = parse_document(kStrengthDocument);
  Json before = document;
  before["annotations"]["com.example.owner"] = "x";
  EXPECT_FALSE(weaker(before, document, facts()).empty());
  before = document;
  before["annotations"]["run.oci.handler"] = "x";
  EXPECT_TRUE(weaker(before, document, facts()).empty());
  before = document;
  before["linux"]["seccomp"]["vnd/x"] = 1;
  EXPECT_FALSE(weaker(before, document, facts()).empty());
  EXPECT_TRUE(weaker(before, before, facts()).empty());
}

// A container as the standard profile leaves it, and what an exec may have in it.
const char* const kContainer = R"({"process": {
    "user": {"uid": 0, "gid": 0}, "noNewPrivileges": true, "apparmorProfile": "own",
    "oomScoreAdj": 0, "capabilities": {"bounding": ["CAP_CHOWN"]},
    "rlimits": [{"type": "RLIMIT_CORE", "hard": 5, "soft": 5}]},
  "linux": {"uidMappings": [{"containerID": 0, "hostID": 100000, "size": 10}],
            "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 10}]}})";
const char* const kWithin = R"({"user": {"uid": 0, "gid": 0}, "cwd": "/", "noNewPrivileges": true,
  "capabilities": {"bounding": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"]},
  "rlimits": [{"type": "RLIMIT_CORE", "hard": 5, "soft": 0}], "scheduler": {"policy": "SCHED_IDLE"}})";
const char* const kAboveTheContainer[] = {
    R"({"capabilities": null})",
    R"({"capabilities": {"permitted": ["CAP_KILL"]}})",
    R"({"capabilities": {"inheritable": ["CAP_CHOWN"]}})",
    R"({"capabilities": {"ambient": ["CAP_CHOWN"]}})",
    R"({"noNewPrivileges": false})",
    R"({"apparmorProfile": "unconfined"})",
    R"({"selinuxLabel": "u:r:spc_t:s0"})",
    R"({"rlimits": []})",
    R"({"rlimits": [{"type": "RLIMIT_CORE", "hard": 6, "soft": 0}]})",
    R"({"user": {"uid": 10}})",
    R"({"user": {"gid": 10}})",
    R"({"user": {"additionalGids": [10]}})",
    R"({"oomScoreAdj": -1})",
    R"({"cwd": "/proc/self/fd/7"})",
    R"({"cwd": "/tmp/../proc/1/fd/7/x"})",
    R"({"scheduler": {"policy": "SCHED_FIFO"}})",
    R"({"scheduler": {"policy": "SCHED_EXT"}})",
    R"({"scheduler": {"nice": -1}})",
    R"({"ioPriority": {"class": "IOPRIO_CLASS_BE"}})",
};

TEST(Strength, OfAnExecSeesWhatIsAboveTheContainer) {
  const Profile profile = Policy::builtin().profile("standard");
  const Json container = parse_document(kContainer);
  const Json within = parse_document(kWithin);
  EXPECT_EQ(exceeds_container(within, container, profile), std::vector<std::string>());
  for (const char* patch : kAboveTheContainer) {
    Json above = within;
    above.merge_patch(Json::parse(patch));
    EXPECT_FALSE(exceeds_container(above, container, profile).empty()) << patch;
  }
}

const char* const kAboveThePolicy[] = {
    R"({"pids": {"limit": -1}})",
    R"({"pids": {"limit": 0}})",
    R"({"memory": {"limit": -1}})",
    R"({"memory": {"swap": 9000000000000}})",
    R"({"memory": {"disableOOMKiller": true}})",
    R"({"cpu": {"shares": 262144}})",
    R"({"cpu": {"realtimeRuntime": 1}})",
    R"({"blockIO": {"weight": 1000}})",
    R"({"blockIO": {"leafWeight": 1000}})",
    R"({"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 1000}]}})",
    R"({"network": {"classID": 1}})",
    R"({"devices": [{"allow": true, "access": "rwm"}]})",
    R"({"unified": {"pids.max": "max"}})",
    R"({"unified": {"memory.low": "max"}})",
    R"({"unified": {"cpu.weight": "10000"}})",
    R"({"unified": {"cpu.uclamp.min": "100"}})",
    R"({"unified": {"cpuset.cpus.partition": "root"}})",
    R"({"unified": {"io.bfq.weight": "1000"}})",
    R"({"unified": {"io.prio.class": "promote-to-rt"}})",
    R"({"unified": {"io.latency": "8:0 target=1"}})",
    R"({"unified": {"cgroup.procs": "1"}})",
    R"({"unified": {"../x/memory.max": "1"}})",
};

TEST(Strength, OfAnUpdateSeesWhatIsAboveThePolicy) {
  const Profile profile = Policy::builtin().profile("standard");
  HostFacts host;
  host.memory_bytes = 8589934592;
  host.cpus = 4;
  const Json within = Json::parse(R"({"pids": {"limit": 9}, "memory": {"limit": 67108864},
      "cpu": {"shares": 100}, "unified": {"memory.high": "max", "io.prio.class": "idle"}})");
  EXPECT_EQ(exceeds_policy(within, profile, host), std::vector<std::string>());
  for (const char* resources : kAboveThePolicy) {
    EXPECT_FALSE(exceeds_policy(Json::parse(resources), profile, host).empty()) << resources;
  }
}

TEST(Strength, OfAnUpdateSeesWhatWasRaised) {
  const Json before = Json::parse(R"({"pids": {"limit": 9}, "unified": {"io.max": "8:0 rbps=1"}})");
  EXPECT_EQ(weaker_resources(before, before), std::vector<std::string>());
  for (const char* after : {R"({"pids": {"limit": 10}})", R"({"pids": {"limit": -1}})",
                            R"({"unified": {"io.max": "8:0 rbps=2"}})", R"({"unified": null})",
                            R"({"unified": {"memory.max": "1"}})"}) {
    Json raised = before;
    raised.merge_patch(Json::parse(after));
    EXPECT_FALSE(weaker_resources(before, raised).empty()) << after;
  }
}

}  // namespace
}  // namespace hardened::property
