// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/seccomp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "files.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

Json settings_of(const std::string& profile) {
  const Profile named = Policy::builtin().profile(profile);
  return named.settings("seccomp");
}

Json tightened(const Json& given, const Json& settings = settings_of("standard"),
               const std::vector<std::string>& capabilities = {}) {
  return tighten_seccomp(given, settings, capabilities).profile;
}

Json profile(std::vector<Json> calls, const std::string& action = "SCMP_ACT_ERRNO") {
  return {{"defaultAction", action}, {"syscalls", std::move(calls)}};
}

Json allow(std::vector<std::string> names, Json arguments = nullptr) {
  Json entry{{"names", std::move(names)}, {"action", "SCMP_ACT_ALLOW"}};
  if (!arguments.is_null()) entry["args"] = std::move(arguments);
  return entry;
}

Json equals(unsigned index, std::uint64_t value) {
  return {{"index", index}, {"value", value}, {"op", "SCMP_CMP_EQ"}};
}

Json clear(unsigned index, std::uint64_t bits) {
  return {{"index", index}, {"value", bits}, {"valueTwo", 0}, {"op", "SCMP_CMP_MASKED_EQ"}};
}

// The entries for `name`, other names left out.
std::vector<Json> entries(const Json& result, const std::string& name) {
  std::vector<Json> found;
  for (Json entry : result.at("syscalls")) {
    const Json& names = entry.at("names");
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    entry["names"] = {name};
    found.push_back(std::move(entry));
  }
  return found;
}

bool allowed_at_all(const Json& result, const std::string& name) {
  const std::vector<Json> found = entries(result, name);
  return std::any_of(found.begin(), found.end(),
                     [](const Json& entry) { return entry.at("action") == "SCMP_ACT_ALLOW"; });
}

std::vector<std::pair<std::string, Json>> corpus() {
  std::vector<std::pair<std::string, Json>> documents;
  std::set<std::string> seen;  // most documents of one engine carry the same profile
  for (const auto& file : fs::directory_iterator(HARDENED_SOURCE "/tests/corpus/config")) {
    Json document = document_of(file.path());
    const Json* given = find(document, "/linux/seccomp");
    if (!seen.insert(given == nullptr ? "" : given->dump()).second) continue;
    documents.emplace_back(file.path().filename(), std::move(document));
  }
  return documents;
}

void expect_error(const Json& given, const std::string& pointer) {
  try {
    tightened(given);
    ADD_FAILURE() << "accepted: " << given;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input) << error.what();
    EXPECT_EQ(error.pointer(), pointer) << error.what();
  }
}

TEST(Seccomp, TighteningIsIdempotentOnEveryDocumentOfTheCorpus) {
  for (const std::string name : {"standard", "strict", "build"}) {
    for (const auto& [file, document] : corpus()) {
      const Json* given = find(document, "/linux/seccomp");
      const Json once =
          tightened(given == nullptr ? Json() : *given, settings_of(name), {"CAP_CHOWN"});
      EXPECT_EQ(tightened(once, settings_of(name), {"CAP_CHOWN"}), once) << name << " " << file;
    }
  }
}

TEST(Seccomp, NoProfileAndAnAllowingOneGiveTheShippedOne) {
  const Json shipped = tightened(nullptr);
  EXPECT_EQ(shipped.at("defaultAction"), "SCMP_ACT_ERRNO");
  EXPECT_EQ(shipped.at("architectures").size(), 3U);
  EXPECT_TRUE(allowed_at_all(shipped, "read"));
  EXPECT_EQ(tightened(Json::object()).at("syscalls"), shipped.at("syscalls"));
  for (const std::string action : {"ALLOW", "LOG", "TRACE", "NOTIFY"}) {
    const Json result = tightened(profile({}, "SCMP_ACT_" + action));
    EXPECT_EQ(result.at("syscalls"), shipped.at("syscalls")) << action;
    // Whoever listed no architecture gets the native one alone: more would be weaker.
    EXPECT_FALSE(result.contains("architectures")) << action;
  }
}

TEST(Seccomp, WhatAnAllowingProfileDeniedStaysDenied) {
  const Json given =
      profile({{{"names", {"chmod"}}, {"action", "SCMP_ACT_ERRNO"}},
               {{"names", {"personality"}}, {"action", "SCMP_ACT_KILL"}, {"args", {equals(0, 8)}}}},
              "SCMP_ACT_ALLOW");
  const Json result = tightened(given);
  EXPECT_FALSE(allowed_at_all(result, "chmod"));
  for (const Json& entry : entries(result, "personality")) {
    EXPECT_FALSE(entry.at("action") == "SCMP_ACT_ALLOW" &&
                 entry.at("args") == Json({equals(0, 8)}));
  }
  EXPECT_EQ(tightened(result), result);
}

TEST(Seccomp, WhatAnAllowingProfileKillsForHasNoAnswerBesideIt) {
  const Json kill{{"names", {"io_uring_setup", "read"}}, {"action", "SCMP_ACT_KILL_PROCESS"}};
  const Json result = tightened(profile({kill}, "SCMP_ACT_ALLOW"));
  const std::vector<Json> found = entries(result, "io_uring_setup");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("action"), "SCMP_ACT_KILL_PROCESS");
}

TEST(Seccomp, EverythingElseOfAGivenProfileIsKept) {
  Json given = profile({allow({"read", "bpf"})});
  given["defaultErrnoRet"] = 38;
  given["architectures"] = {"SCMP_ARCH_X86_64"};
  given["flags"] = {"SECCOMP_FILTER_FLAG_LOG"};
  given["listenerPath"] = "/run/listener";
  given["listenerMetadata"] = "x";
  given["unknown"] = {1, 2};
  Json expected = given;
  expected["syscalls"] = {allow({"read"}),
                          {{"names", {"bpf"}}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", 1}}};
  EXPECT_EQ(tightened(given), expected);
}

TEST(Seccomp, ANameJustifiedByADroppedCapabilityLeaves) {
  const Json given = profile({allow({"chroot", "acct", "read"})});
  EXPECT_EQ(tightened(given, settings_of("standard"), {"CAP_SYS_CHROOT"}).at("syscalls"),
            Json({allow({"chroot", "read"})}));
}

TEST(Seccomp, LogTraceAndNotifyCountAsAllow) {
  for (const std::string action : {"SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"}) {
    Json entry = allow({"bpf", "read", "recvmsg"});
    entry["action"] = action;
    Json flags = entry;
    flags["names"] = {"recvmsg"};
    flags["args"] = {clear(2, 1)};
    entry["names"] = {"read"};
    const Json given = profile({entry});
    Json before = entry;
    before["names"] = {"bpf", "read", "recvmsg"};
    EXPECT_EQ(tightened(profile({before})).at("syscalls"),
              Json({{{"names", {"socketcall"}}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", 38}},
                    entry,
                    flags}));
  }
}

TEST(Seccomp, UnconditionalCloneGetsItsMaskBackAndClone3IsUnknown) {
  const Json result = tightened(profile({allow({"clone", "clone3"})}));
  EXPECT_EQ(entries(result, "clone"),
            std::vector<Json>({allow({"clone"}, {clear(0, 0x7E020000)})}));
  EXPECT_EQ(entries(result, "clone3").front().at("errnoRet"), 38);
  const Json s390 =
      tighten_seccomp(profile({allow({"clone"})}), settings_of("standard"), {}, "SCMP_ARCH_S390X")
          .profile;
  EXPECT_EQ(entries(s390, "clone").front().at("args"), Json({clear(1, 0x7E020000)}));
}

TEST(Seccomp, AGivenConditionIsCutNotReplaced) {
  // Not VSOCK, as Docker says it: our list decides, and AF_VSOCK stays out if that has it.
  Json settings = settings_of("standard");
  settings["socket_families"] = {"AF_UNIX", "AF_VSOCK"};
  const Json given =
      profile({allow({"socket"}, {{{"index", 0}, {"value", 40}, {"op", "SCMP_CMP_NE"}}}),
               allow({"sendto"}, {equals(0, 5)}), allow({"ioctl"}, {equals(1, 0x5412)})});
  const Json result = tightened(given, settings);
  std::vector<Json> sockets = entries(result, "socket");
  std::erase_if(sockets, [](const Json& entry) { return entry.at("action") != "SCMP_ACT_ALLOW"; });
  EXPECT_EQ(sockets, std::vector<Json>({allow({"socket"}, {{{"index", 0},
                                                            {"value", 0xffffffff},
                                                            {"valueTwo", 1},
                                                            {"op", "SCMP_CMP_MASKED_EQ"}}})}));
  EXPECT_EQ(entries(result, "sendto"),
            std::vector<Json>({allow({"sendto"}, {equals(0, 5), clear(3, 1)})}));
  EXPECT_FALSE(allowed_at_all(result, "ioctl"));
}

using Registers = std::array<std::uint64_t, 6>;

// As a filter compares them: every bit of the register.
bool lets_through(const Json& result, const std::string& name, const Registers& registers) {
  const auto holds = [&](const Json& condition) {
    const std::uint64_t given = registers.at(condition.at("index").get<std::size_t>());
    const auto value = condition.at("value").get<std::uint64_t>();
    if (condition.at("op") == "SCMP_CMP_EQ") return given == value;
    EXPECT_EQ(condition.at("op"), "SCMP_CMP_MASKED_EQ") << condition;
    return (given & value) == condition.at("valueTwo").get<std::uint64_t>();
  };
  const std::vector<Json> found = entries(result, name);
  return std::any_of(found.begin(), found.end(), [&](const Json& entry) {
    const Json& conditions = find_array(entry, "/args");
    return entry.at("action") == "SCMP_ACT_ALLOW" &&
           std::all_of(conditions.begin(), conditions.end(), holds);
  });
}

struct Filtered {
  std::string name;
  std::size_t index;  // of the register that decides
  Registers denied;
  Registers permitted;  // a neighbour of it that programs need
};

// The kernel reads an int out of each: what it does not read must not open the filter.
// An errno where there was a kill lets the intruder live, and try what comes next.
TEST(Seccomp, WhatTheProfileKillsForIsNotAnswered) {
  for (const std::string action : {"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"}) {
    const Json result =
        tightened(profile({allow({"socket"}, Json::array({equals(0, 38)})), allow({"unshare"}),
                           allow({"setns"}, Json::array({equals(1, 0)}))},
                          action));
    for (const char* name : {"socket", "setns", "socketcall"}) {
      for (const Json& entry : entries(result, name)) {
        EXPECT_NE(entry.at("action"), "SCMP_ACT_ERRNO") << action << ' ' << entry;
      }
    }
    ASSERT_EQ(entries(result, "unshare").size(), 1U) << "allowed whole: answered";
    EXPECT_EQ(entries(result, "unshare")[0].at("action"), "SCMP_ACT_ERRNO");
  }
}

TEST(Seccomp, AKillOfTheProfilesOwnKeepsItsPlaceBeforeAnAnswer) {
  const Json kill{{"names", {"openat2", "socketcall"}}, {"action", "SCMP_ACT_KILL_PROCESS"}};
  const Json result = tightened(
      profile({allow({"socket"}), allow({"openat2"}, Json::array({equals(0, 1)})), kill}));
  const Json& first = result.at("syscalls").at(0);
  EXPECT_EQ(first.at("names"), Json({"socketcall"}));
  EXPECT_EQ(first.at("action"), "SCMP_ACT_KILL_PROCESS");
  EXPECT_EQ(entries(result, "socketcall").size(), 1U);
  ASSERT_EQ(entries(result, "openat2").size(), 1U);
  EXPECT_EQ(entries(result, "openat2")[0].at("action"), "SCMP_ACT_KILL_PROCESS");
}

TEST(Seccomp, ABitThatTheKernelDoesNotReadOpensNoFilter) {
  const std::vector<Filtered> all{
      {"socket", 0, {38, 5, 0}, {2, 1, 6}},                    // AF_ALG
      {"socket", 0, {40, 1, 0}, {1, 1, 0}},                    // AF_VSOCK
      {"socket", 2, {16, 3, 9}, {16, 3, 0}},                   // NETLINK_AUDIT
      {"socket", 2, {2, 1, 132}, {2, 1, 6}},                   // SCTP
      {"socketpair", 0, {2, 1, 0}, {1, 1, 0}},                 // AF_INET
      {"ioctl", 1, {0, 0x5412, 0}, {0, 0x5401, 0}},            // TIOCSTI
      {"ioctl", 1, {0, 0x541c, 0}, {0, 0x5413, 0}},            // TIOCLINUX
      {"setsockopt", 2, {3, 6, 31}, {3, 6, 1}},                // TCP_ULP
      {"setsockopt", 1, {3, 6, 31}, {3, 1, 31}},               // likewise, by its level
      {"sendto", 3, {3, 0, 0, 1}, {3, 0, 0, 0x4000}},          // MSG_OOB
      {"recvfrom", 3, {3, 0, 0, 0x41}, {3, 0, 0, 0x40}},       // likewise
      {"sendmsg", 2, {3, 0, 1}, {3, 0, 0}},                    // likewise
      {"recvmsg", 2, {3, 0, 1}, {3, 0, 0x40000000}},           // likewise
      {"sendmmsg", 3, {3, 0, 1, 1}, {3, 0, 1, 0}},             // likewise
      {"chmod", 1, {0, 04755}, {0, 0755}},                     // set-user-ID
      {"openat", 3, {0, 0, 0100, 04755}, {0, 0, 0100, 0644}},  // likewise
      {"clone", 0, {0x10000011}, {0x11}}};                     // a user namespace
  const Json result = tightened(nullptr);
  for (const Filtered& filtered : all) {
    SCOPED_TRACE(filtered.name + " " + std::to_string(filtered.denied.at(filtered.index)));
    EXPECT_TRUE(lets_through(result, filtered.name, filtered.permitted));
    for (const std::uint64_t upper :
         {std::uint64_t{0}, std::uint64_t{1} << 32, std::uint64_t{1} << 47, std::uint64_t{1} << 63,
          std::uint64_t{0xffffffff} << 32}) {
      Registers registers = filtered.denied;
      registers.at(filtered.index) |= upper;
      EXPECT_FALSE(lets_through(result, filtered.name, registers)) << upper;
    }
  }
}

TEST(Seccomp, TwoConditionsOnOneArgumentAreAlternatives) {
  const Json given =
      profile({allow({"socketpair"}, {equals(0, 1), equals(0, 16)}), allow({"read"})});
  EXPECT_EQ(entries(tightened(given), "socketpair"),
            std::vector<Json>({allow({"socketpair"}, {equals(0, 1)})}));
}

TEST(Seccomp, EveryRestrictionIsASetting) {
  Json settings = settings_of("standard");
  settings["denied"] = Json::array();
  for (const std::string key :
       {"process_tracing", "socketcall", "tcp_ulp", "msg_oob", "terminal_injection",
        "new_namespaces", "set_user_id_files", "set_group_id_files"}) {
    settings[key] = "allow";
  }
  const Json given =
      profile({allow({"ptrace", "socketcall", "setsockopt", "sendmsg", "ioctl", "clone", "clone3",
                      "unshare", "chmod", "openat", "openat2", "bpf"})});
  EXPECT_EQ(tightened(given, settings, {"CAP_BPF"}), given);
  settings["set_group_id_files"] = "refuse";
  EXPECT_EQ(entries(tightened(given, settings, {"CAP_BPF"}), "chmod").front().at("args"),
            Json({clear(1, 02000)}));
}

TEST(Seccomp, NativeOnlyLeavesTheMachinesArchitecture) {
  Json settings = settings_of("standard");
  settings["native_only"] = true;
  Json given = profile({allow({"read"})});
  EXPECT_FALSE(tightened(given, settings).contains("architectures"));
  given["architectures"] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
  EXPECT_EQ(tightened(given, settings).at("architectures"), Json({"SCMP_ARCH_X86_64"}));
}

TEST(Seccomp, WhatARuntimeWouldMisreadIsRefusedWithItsPointer) {
  const std::string call = "/linux/seccomp/syscalls/0";
  expect_error({{"defaultAction", 7}}, "/linux/seccomp/defaultAction");
  expect_error({{"defaultAction", "SCMP_ACT_MAYBE"}}, "/linux/seccomp/defaultAction");
  expect_error(profile({{{"names", {"read"}}}}), call + "/action");
  expect_error(profile({{{"names", "read"}, {"action", "SCMP_ACT_ALLOW"}}}), call + "/names");
  expect_error(profile({allow({"read"}, {equals(6, 0)})}), call + "/args/0/index");
  expect_error(profile({allow({"read"}, {{{"index", 0}, {"value", -1}, {"op", "SCMP_CMP_EQ"}}})}),
               call + "/args/0/value");
  expect_error(profile({allow({"read"}, {{{"index", 0}, {"value", 1}, {"op", "SCMP_CMP_IS"}}})}),
               call + "/args/0/op");
}

TEST(Seccomp, AnUnknownFamilyInThePolicyNamesTheNearest) {
  Json settings = settings_of("standard");
  settings["socket_families"] = {"AF_UNIX", "AF_INET5"};
  try {
    tightened(nullptr, settings);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
    EXPECT_EQ(error.pointer(), "/rules/seccomp/socket_families/1");
    EXPECT_NE(std::string(error.what()).find("did you mean \"AF_INET"), std::string::npos);
  }
}

TEST(Seccomp, TheShippedProfileNamesNoCallThatThePolicyDenies) {
  const Json shipped = tightened(nullptr);
  for (const DeniedCall& call : denied_calls(settings_of("standard"), "SCMP_ARCH_X86_64", {})) {
    const bool whole = std::none_of(call.arguments.begin(), call.arguments.end(),
                                    [](const auto& argument) { return argument.has_value(); });
    EXPECT_FALSE(whole && allowed_at_all(shipped, call.name)) << call.name;
  }
}

}  // namespace
}  // namespace hardened
