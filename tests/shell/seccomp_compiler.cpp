// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/seccomp_compiler.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

Profile profile_named(const std::string& name) { return Policy::builtin().profile(name); }

// null: the document has none.
Json profile_in(const fs::path& config) {
  std::ifstream stream(config);
  std::ostringstream text;
  text << stream.rdbuf();
  const Json document = parse_document(text.str());
  const Json* seccomp = find(document, "/linux/seccomp");
  return seccomp == nullptr ? Json() : *seccomp;
}

// The different profiles of the corpus, and none at all.
const std::vector<Json>& given_profiles() {
  static const std::vector<Json> kProfiles = [] {
    std::set<std::string> seen;
    std::vector<Json> profiles;
    for (const auto& file : fs::directory_iterator(HARDENED_SOURCE "/tests/corpus/config")) {
      const Json profile = profile_in(file.path());
      if (seen.insert(profile.dump()).second) profiles.push_back(profile);
    }
    return profiles;
  }();
  return kProfiles;
}

Json config_with(const Json& seccomp) {
  return {{"process", {{"capabilities", {{"bounding", {"CAP_CHOWN"}}}}}},
          {"linux", {{"seccomp", seccomp}}}};
}

Json tightened(const Json& given, const std::string& profile = "standard") {
  const Profile chosen = profile_named(profile);
  return tighten_seccomp(given, chosen.settings("seccomp"), {"CAP_CHOWN"}).profile;
}

bool allowed(std::uint32_t outcome) {
  const std::uint32_t action = outcome & SECCOMP_RET_ACTION_FULL;
  return action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_KILL_THREAD &&
         action != SECCOMP_RET_KILL_PROCESS && action != SECCOMP_RET_TRAP;
}

void expect_refused(const Json& seccomp, const std::vector<std::string>& words) {
  try {
    evaluate_seccomp(config_with(seccomp), profile_named("standard"));
    ADD_FAILURE() << "let through; expected " << words.front();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused) << error.what();
    EXPECT_EQ(error.pointer(), "/linux/seccomp") << error.what();
    for (const std::string& word : words) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  }
}

TEST(SeccompCompiler, EveryTightenedProfilePassesTheEvaluation) {
  for (const std::string name : {"standard", "strict", "build"}) {
    for (const Json& given : given_profiles()) {
      EXPECT_NO_THROW(evaluate_seccomp(config_with(tightened(given, name)), profile_named(name)))
          << name;
    }
  }
}

// libseccomp repeats what is said of socket() for socketcall(2), and refuses a contradiction.
TEST(SeccompCompiler, WhereSocketcallIsAllowedNoAnswerContradictsIt) {
  Policy policy = Policy::builtin();
  policy.layer(R"({"profiles": {"standard": {"rules": {"seccomp": {"socketcall": "allow"}}}}})",
               "test");
  const Profile profile = policy.profile("standard");
  const Json given = profile_in(HARDENED_SOURCE "/tests/corpus/config/docker28-default.json");
  const Json seccomp = tighten_seccomp(given, profile.settings("seccomp"), {"CAP_CHOWN"}).profile;
  EXPECT_NO_THROW(evaluate_seccomp(config_with(seccomp), profile));
}

TEST(SeccompCompiler, WhatEnginesWriteDoesNotPassTheEvaluation) {
  for (const Json& given : given_profiles()) {
    if (!given.is_null()) expect_refused(given, {"lets "});
  }
  expect_refused(nullptr, {"there is no profile"});
}

TEST(SeccompCompiler, AnUnconditionalAllowBesideTheConditionsIsCaught) {
  Json seccomp = tightened(nullptr);
  seccomp["syscalls"].push_back({{"names", {"ioctl"}}, {"action", "SCMP_ACT_ALLOW"}});
  expect_refused(seccomp, {"ioctl", "TIOCSTI", "argument 1 = 21522", "SCMP_ARCH_X86_64"});
}

TEST(SeccompCompiler, ADenialBesideAnUnconditionalAllowIsCaught) {
  Json seccomp = tightened(nullptr);
  for (Json& entry : seccomp["syscalls"]) {
    if (entry.at("names") == Json({"ioctl"})) entry["action"] = "SCMP_ACT_ERRNO";
  }
  seccomp["syscalls"].push_back({{"names", {"ioctl"}}, {"action", "SCMP_ACT_ALLOW"}});
  seccomp["syscalls"].push_back(
      {{"names", {"ioctl"}},
       {"action", "SCMP_ACT_ERRNO"},
       {"errnoRet", 13},
       {"args", {{{"index", 1}, {"value", 0x5412}, {"op", "SCMP_CMP_EQ"}}}}});
  expect_refused(seccomp, {"ioctl", "TIOCSTI"});
}

TEST(SeccompCompiler, AComparisonOfAllSixtyFourBitsIsCaught) {
  Json seccomp = tightened(nullptr);
  seccomp["syscalls"].push_back(
      {{"names", {"ioctl"}},
       {"action", "SCMP_ACT_ALLOW"},
       {"args", {{{"index", 1}, {"value", 0xffffffff}, {"op", "SCMP_CMP_GT"}}}}});
  expect_refused(seccomp, {"ioctl", "argument 1 = 4294988818"});
}

TEST(SeccompCompiler, ACallAllowedForOneUnrelatedArgumentIsCaught) {
  Json seccomp = tightened(nullptr);
  seccomp["syscalls"].push_back({{"names", {"bpf"}},
                                 {"action", "SCMP_ACT_LOG"},
                                 {"args", {{{"index", 3}, {"value", 7}, {"op", "SCMP_CMP_EQ"}}}}});
  expect_refused(seccomp, {"bpf"});
}

TEST(SeccompCompiler, TheMultiplexerOfI386IsCaught) {
  Json seccomp = tightened(nullptr);
  Json& calls = seccomp["syscalls"];
  for (std::size_t index = calls.size(); index-- > 0;) {
    const Json& names = calls.at(index).at("names");
    // The errnos for socket() would contradict the rule that libseccomp makes of its conditions.
    const bool answer =
        calls.at(index).at("action") == "SCMP_ACT_ERRNO" && names == Json({"socket"});
    if (names == Json({"socketcall"}) || answer) calls.erase(index);
  }
  expect_refused(seccomp, {"socketcall", "SCMP_ARCH_X86"});
}

TEST(SeccompCompiler, AnArchitectureThatCannotBeJudgedIsRefused) {
  Json seccomp = tightened(nullptr);
  seccomp["architectures"].push_back("SCMP_ARCH_MIPS");
  try {
    evaluate_seccomp(config_with(seccomp), profile_named("standard"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(error.pointer(), "/linux/seccomp/architectures");
    EXPECT_NE(
        std::string(error.what()).find("(CIS 5.22); policy setting: rules.seccomp.native_only"),
        std::string::npos)
        << error.what();
  }
}

TEST(SeccompCompiler, WholeProgramsFitTheKernelAndDenyWhatTheEvaluatedPartDenies) {
  const Profile profile = profile_named("standard");
  const Json& settings = profile.settings("seccomp");
  for (const Json& given : given_profiles()) {
    const std::vector<BpfInstruction> program = compile_seccomp(tightened(given));
    EXPECT_LT(program.size(), 4096U);
    for (const DeniedCall& call : denied_calls(settings, "SCMP_ARCH_X86_64", {"CAP_CHOWN"})) {
      if (call.name != "ioctl" && call.name != "bpf") continue;
      const std::int32_t number = call.name == "ioctl" ? 16 : 321;
      for (const std::uint32_t outcome :
           filter_outcomes(program, number, AUDIT_ARCH_X86_64, call.arguments)) {
        EXPECT_FALSE(allowed(outcome)) << call.name;
      }
    }
  }
}

struct Numbered {
  const char* name;
  std::int32_t x86_64, x32, i386;
  std::size_t index;  // of the register that decides
  std::array<std::uint64_t, 6> arguments;
};

// The same as in the core, of the program that the kernel runs, on each architecture that it lists.
TEST(SeccompCompiler, ABitThatTheKernelDoesNotReadOpensNoFilter) {
  constexpr std::int32_t kX32 = 0x40000000;
  const Numbered all[] = {{"socket AF_ALG", 41, 41, 359, 0, {38, 5, 0}},
                          {"socket AF_VSOCK", 41, 41, 359, 0, {40, 1, 0}},
                          {"ioctl TIOCSTI", 16, 514, 54, 1, {0, 0x5412}},
                          {"ioctl TIOCLINUX", 16, 514, 54, 1, {0, 0x541c}},
                          {"setsockopt TCP_ULP", 54, 541, 366, 2, {3, 6, 31}},
                          {"sendto MSG_OOB", 44, 44, 369, 3, {3, 0, 0, 1}},
                          {"sendmsg MSG_OOB", 46, 518, 370, 2, {3, 0, 1}},
                          {"recvmsg MSG_OOB", 47, 519, 372, 2, {3, 0, 1}},
                          {"socketcall", 102 + (1 << 20), 102 + (1 << 20), 102, 0, {1}}};
  const std::vector<BpfInstruction> program = compile_seccomp(tightened(nullptr));
  for (const Numbered& call : all) {
    for (const std::uint64_t upper :
         {std::uint64_t{0}, std::uint64_t{1} << 32, std::uint64_t{1} << 63}) {
      SeccompData data{call.x86_64, AUDIT_ARCH_X86_64, 0, call.arguments};
      data.arguments.at(call.index) |= upper;
      EXPECT_FALSE(allowed(run_filter(program, data))) << call.name << " " << upper;
      data.number = call.x32 | kX32;
      EXPECT_FALSE(allowed(run_filter(program, data))) << call.name << " x32 " << upper;
      data.number = call.i386;
      data.architecture = AUDIT_ARCH_I386;
      EXPECT_FALSE(allowed(run_filter(program, data))) << call.name << " i386 " << upper;
    }
  }
  // And not because nothing passes: the neighbours of those.
  for (const Numbered& call : {Numbered{"socket", 41, 41, 359, 0, {2, 1, 6}},
                               Numbered{"ioctl", 16, 514, 54, 1, {0, 0x5401}},
                               Numbered{"setsockopt", 54, 541, 366, 2, {3, 6, 1}},
                               Numbered{"sendmsg", 46, 518, 370, 2, {3, 0, 0}}}) {
    EXPECT_TRUE(allowed(run_filter(program, {call.x86_64, AUDIT_ARCH_X86_64, 0, call.arguments})))
        << call.name;
    EXPECT_TRUE(
        allowed(run_filter(program, {call.x32 | kX32, AUDIT_ARCH_X86_64, 0, call.arguments})))
        << call.name;
    EXPECT_TRUE(allowed(run_filter(program, {call.i386, AUDIT_ARCH_I386, 0, call.arguments})))
        << call.name;
  }
}

// Values near those that the profiles compare with, and their variants with a used upper half.
std::uint64_t argument_value(std::mt19937_64& random) {
  constexpr std::uint64_t kInteresting[] = {
      0,  1,    2,      6,      8,     9,       10,      16,         17,        31,
      40, 0x40, 0x5412, 0x541c, 04755, 0x20000, 0x20008, 0x10000011, 0xffffffff};
  std::uint64_t value = kInteresting[random() % std::size(kInteresting)];
  if (random() % 4 == 0) value ^= std::uint64_t{1} << (random() % 64);
  return value;
}

void expect_no_wider(const Json& given) {
  const std::vector<BpfInstruction> before = compile_seccomp(given);
  const std::vector<BpfInstruction> after = compile_seccomp(tightened(given));
  std::mt19937_64 random(1);
  int permitted = 0;
  for (int number = 0; number < 470; ++number) {
    for (const std::uint32_t architecture :
         {std::uint32_t{AUDIT_ARCH_X86_64}, std::uint32_t{AUDIT_ARCH_I386}}) {
      for (int round = 0; round < 24; ++round) {
        SeccompData data{number, architecture, 0, {}};
        if (architecture == AUDIT_ARCH_X86_64 && round % 4 == 0) data.number |= 0x40000000;
        for (std::uint64_t& argument : data.arguments) argument = argument_value(random);
        const bool now = allowed(run_filter(after, data));
        permitted += now ? 1 : 0;
        ASSERT_TRUE(!now || allowed(run_filter(before, data)))
            << "number " << data.number << " architecture " << architecture;
      }
    }
  }
  EXPECT_GT(permitted, 1000);
}

TEST(SeccompCompiler, NothingThatTheGivenProfileDeniesBecomesAllowed) {
  for (const Json& given : given_profiles()) {
    if (!given.is_null()) expect_no_wider(given);
  }
}

TEST(SeccompCompiler, NothingThatAnAllowingProfileDeniesBecomesAllowed) {
  const auto deny = [](std::vector<std::string> names, std::string operation, std::uint64_t value) {
    return Json{{"names", std::move(names)},
                {"action", "SCMP_ACT_ERRNO"},
                {"args", {{{"index", 1}, {"value", value}, {"op", "SCMP_CMP_" + operation}}}}};
  };
  expect_no_wider({{"defaultAction", "SCMP_ACT_ALLOW"},
                   {"architectures", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}},
                   {"syscalls",
                    {deny({"ioctl"}, "EQ", 0x5413),
                     deny({"setsockopt", "read"}, "EQ", 16),
                     deny({"write"}, "GT", 40),
                     deny({"chmod"}, "NE", 040),
                     {{"names", {"openat"}}, {"action", "SCMP_ACT_KILL"}}}}});
}

// libseccomp's time for it is exponential, and root's.
TEST(SeccompCompiler, AFilterThatWouldCompileForHoursIsRefused) {
  const Json given = parse_document(R"({"defaultAction": "SCMP_ACT_ERRNO",
    "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["open"],
    "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_GE"}]}]})");
  try {
    evaluate_seccomp(config_with(tightened(given)), profile_named("standard"));
    FAIL() << "it compiled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(std::string(error.what()).find("rules.seccomp.mode"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace hardened
