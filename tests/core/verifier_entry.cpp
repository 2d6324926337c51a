// SPDX-License-Identifier: Apache-2.0
// What exec and update come down to, checked against what a buggy step would let through.
#include <gtest/gtest.h>

#include <functional>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/verifier.hpp"

namespace hardened {
namespace {

struct Above {
  const char* rule;
  const char* pointer;
  const char* document;
};

std::string pointer_of(const std::function<void()>& verify) {
  try {
    verify();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(std::string_view(error.what()).find("verifier: ") == std::string_view::npos, false);
    return error.pointer();
  }
  return "not seen";
}

constexpr const char* kCeiling = R"({
  "capabilities": ["CAP_CHOWN"], "noNewPrivileges": true, "apparmorProfile": "mine",
  "selinuxLabel": "u:r:container_t:s0", "rlimits": [{"type": "RLIMIT_CORE", "hard": 5, "soft": 5}],
  "oomScoreAdj": 10, "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 10}],
  "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 10}],
  "rootUser": "refuse", "realtime": "refuse"})";

// Members laid over a process that is exactly the ceiling.
const Above kExec[] = {
    {"capabilities", "/capabilities", R"({"capabilities": null})"},
    {"capabilities", "/capabilities/bounding", R"({"capabilities": {"bounding": ["CAP_KILL"]}})"},
    {"capabilities", "/capabilities/ambient", R"({"capabilities": {"ambient": ["CAP_KILL"]}})"},
    {"capabilities", "/capabilities/ambient", R"({"capabilities": {"ambient": ["CAP_CHOWN"]}})"},
    {"capabilities", "/capabilities/inheritable",
     R"({"capabilities": {"inheritable": ["CAP_CHOWN"]}})"},
    {"no-new-privileges", "/noNewPrivileges", R"({"noNewPrivileges": false})"},
    {"no-new-privileges", "/noNewPrivileges", R"({"noNewPrivileges": null})"},
    {"lsm", "/apparmorProfile", R"({"apparmorProfile": "unconfined"})"},
    {"lsm", "/apparmorProfile", R"({"apparmorProfile": ""})"},
    {"lsm", "/selinuxLabel", R"({"selinuxLabel": "u:r:spc_t:s0"})"},
    {"rlimits", "/rlimits", R"({"rlimits": []})"},
    {"rlimits", "/rlimits", R"({"rlimits": [{"type": "RLIMIT_CORE", "hard": 6, "soft": 0}]})"},
    {"process", "/user/uid", R"({"user": {"uid": 10, "gid": 1}})"},
    {"process", "/user/uid", R"({"user": {"uid": 0, "gid": 1}})"},
    {"process", "/user/gid", R"({"user": {"uid": 1, "gid": 10}})"},
    {"process", "/cwd", R"({"cwd": "/proc/self/fd/7"})"},
    {"process", "/cwd", R"({"cwd": "/x/../dev/fd/7"})"},
    {"process", "/oomScoreAdj", R"({"oomScoreAdj": 9})"},
    {"cpu", "/scheduler/policy", R"({"scheduler": {"policy": "SCHED_RR"}})"},
};

TEST(VerifierOfExec, SeesWhatIsAboveTheContainer) {
  Json good = parse_document(R"({"args": ["sh"], "cwd": "/", "user": {"uid": 1, "gid": 1},
    "capabilities": {"bounding": ["CAP_CHOWN"]}, "noNewPrivileges": true,
    "apparmorProfile": "mine", "rlimits": [{"type": "RLIMIT_CORE", "hard": 5, "soft": 5}],
    "oomScoreAdj": 10})");
  Ceiling ceiling{parse_document(kCeiling)};
  for (const Above& entry : kExec) {
    ceiling.json["enforced"] = {entry.rule};
    EXPECT_EQ(pointer_of([&] { verify_exec(good, ceiling); }), "not seen") << entry.rule;
    Json above = good;
    above.merge_patch(parse_document(entry.document));
    EXPECT_EQ(pointer_of([&] { verify_exec(above, ceiling); }), entry.pointer) << entry.document;
    ceiling.json["enforced"] = Json::array();
    EXPECT_EQ(pointer_of([&] { verify_exec(above, ceiling); }), "not seen") << entry.document;
  }
}

// Found by generated documents: kept as it came, and then taken for a set of capabilities.
TEST(VerifierOfExec, LeavesWhatNobodyKnowsBesideTheSets) {
  const Json process = parse_document(R"({"args": ["sh"], "cwd": "/", "user": {"uid": 1, "gid": 1},
    "capabilities": {"bounding": ["CAP_CHOWN"], "vnd.x": 0}})");
  Ceiling ceiling{parse_document(kCeiling)};
  ceiling.json["enforced"] = {"capabilities"};
  EXPECT_EQ(pointer_of([&] { verify_exec(process, ceiling); }), "not seen");
}

const Above kUpdate[] = {
    {"pids-limit", "/pids/limit", R"({"pids": {"limit": 1025}})"},
    {"pids-limit", "/pids/limit", R"({"pids": {"limit": -1}})"},
    {"pids-limit", "/unified/pids.max", R"({"unified": {"pids.max": "max"}})"},
    {"memory-limit", "/memory/limit", R"({"memory": {"limit": 801000000}})"},
    {"memory-limit", "/memory/swap", R"({"memory": {"swap": -1}})"},
    {"memory-limit", "/memory/reservation", R"({"memory": {"reservation": 900000000}})"},
    {"memory-limit", "/unified/memory.max", R"({"unified": {"memory.max": "1G"}})"},
    {"memory-limit", "/unified/memory.low", R"({"unified": {"memory.low": "max"}})"},
    {"cpu", "/cpu/shares", R"({"cpu": {"shares": 2049}})"},
    {"cpu", "/cpu/realtimeRuntime", R"({"cpu": {"realtimeRuntime": 1}})"},
    {"cpu", "/unified/cpu.weight", R"({"unified": {"cpu.weight": "201"}})"},
    {"resources", "/blockIO/weight", R"({"blockIO": {"weight": 101}})"},
    {"resources", "/blockIO/weightDevice/0/leafWeight",
     R"({"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "leafWeight": 500}]}})"},
    {"devices", "/devices/1", R"({"devices": [{"allow": false}, {"allow": true}]})"},
};

TEST(VerifierOfUpdate, SeesWhatIsAboveTheProfile) {
  HostFacts host;
  host.memory_bytes = 1000000000;
  host.cpus = 2;
  const Json good = parse_document(R"({"pids": {"limit": 1024}, "memory": {"limit": 800000000},
    "cpu": {"shares": 2048}, "unified": {"pids.max": "1024"}, "devices": [{"allow": false}]})");
  for (const Above& entry : kUpdate) {
    Policy policy = Policy::builtin();
    const Profile enforced = policy.profile("standard");
    policy.layer(
        Json{{"profiles", {{"standard", {{"rules", {{entry.rule, {{"mode", "off"}}}}}}}}}}.dump(),
        "test");
    Json above = good;
    above.merge_patch(parse_document(entry.document));
    EXPECT_EQ(pointer_of([&] { verify_update(good, enforced, host); }), "not seen");
    EXPECT_EQ(pointer_of([&] { verify_update(above, enforced, host); }), entry.pointer)
        << entry.document;
    EXPECT_EQ(pointer_of([&] { verify_update(above, policy.profile("standard"), host); }),
              "not seen")
        << entry.document;
  }
}

}  // namespace
}  // namespace hardened
