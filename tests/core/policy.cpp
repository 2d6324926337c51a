// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/policy.hpp"

#include <gtest/gtest.h>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

Policy layered(std::string_view text) {
  Policy policy = Policy::builtin();
  policy.layer(text, "my.json");
  return policy;
}

template <typename Action>
void expect_error(Action action, ErrorKind kind, const std::string& pointer,
                  const std::string& text) {
  try {
    action();
    FAIL() << "expected: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(error.pointer(), pointer);
    EXPECT_EQ(error.what(), text);
  }
}

bool known(const std::string& name) { return name == "ptrace"; }

void expect_layer_error(std::string_view layer, const std::string& pointer,
                        const std::string& text) {
  expect_error([&] { layered(layer); }, ErrorKind::invalid_input, pointer, text);
}

TEST(Policy, ALayerMergesObjectsAndReplacesArraysAndScalars) {
  const Policy policy = layered(R"({ // comments are allowed
    "profiles": {"standard": {"rules": {"pids-limit": {"limit": 7}, "devices": {"allowed": ["c 1:2 r"]}}}}
    /* here too */ })");
  const Profile standard = policy.profile("standard");
  EXPECT_EQ(standard.settings("pids-limit"), (Json{{"mode", "enforce"}, {"limit", 7}}));
  EXPECT_EQ(standard.settings("devices").at("allowed"), Json::array({"c 1:2 r"}));
  const Profile build = policy.profile("build"), strict = policy.profile("strict");
  EXPECT_EQ(build.settings("pids-limit").at("limit"), 7);
  EXPECT_EQ(strict.settings("pids-limit").at("limit"), 256);
}

TEST(Policy, EveryBuiltInProfileHasEveryRule) {
  // A start checks only what files changed; here all is checked, as after a file.
  const Policy policy = layered("{}");
  policy.check(known);
  const Json standard = policy.profile("standard").json().at("rules");
  for (const std::string& name : policy.profiles()) {
    const Profile profile = policy.profile(name);
    for (const auto& [rule, settings] : standard.items()) {
      EXPECT_EQ(profile.settings(rule).size(), settings.size()) << name << ' ' << rule;
    }
  }
}

TEST(Policy, AProfileInReportModeReportsEveryRuleThatIsNotOff) {
  const Policy policy = layered(
      R"({"profiles": {"mine": {"extends": "strict", "mode": "report", "rules": {"cpu": {"mode": "off"}}}}})");
  EXPECT_EQ(policy.profile("mine").mode("cpu"), RuleMode::off);
  EXPECT_EQ(policy.profile("mine").mode("mounts"), RuleMode::report);
  EXPECT_EQ(policy.profile("strict").mode("mounts"), RuleMode::enforce);
}

TEST(Policy, BrokenLayersAreRefusedWithFileAndPlaceAndChangeNothing) {
  expect_layer_error("", "", "my.json: the document is empty");
  expect_layer_error(R"({"profiles": {"strict": {"rules": {"capabilites": {}}}}})",
                     "/profiles/strict/rules/capabilites",
                     "my.json: /profiles/strict/rules/capabilites: unknown key; did you mean "
                     "\"capabilities\"?");
  expect_layer_error(
      R"({"profiles": {"strct": {"mode": "report"}}})", "/profiles/strct",
      "my.json: /profiles/strct: a new profile must name the one it extends; did you "
      "mean \"strict\"?");
  Policy policy = Policy::builtin();
  EXPECT_THROW(policy.layer(R"({"restore": "allow", "x": 1})", "f"), Error);
  EXPECT_FALSE(policy.restore_allowed());
}

TEST(Policy, CheckFindsProfilesThatAreNotThere) {
  const auto check = [](std::string_view text) { return [=] { layered(text).check(known); }; };
  const std::string text = ": there is no profile \"strct\"; did you mean \"strict\"?";
  const auto expect = [&](std::string_view layer, const std::string& pointer,
                          const std::string& wrong) {
    expect_error(check(layer), ErrorKind::invalid_input, pointer, "my.json: " + pointer + wrong);
  };
  expect(R"({"default_profile": "strct"})", "/default_profile", text);
  expect(R"({"selectable_profiles": ["strct"]})", "/selectable_profiles", text);
  expect(R"({"profiles": {"a": {"extends": "strct"}}})", "/profiles/a/extends", text);
  expect(R"({"profiles": {"standard": {"extends": "strict"}}})", "/profiles/standard/extends",
         ": extends itself, or more than 8 profiles in a row");
  expect(R"({"profiles": {"mine-own": {"extends": ""}}})", "/profiles/mine-own/extends",
         ": there is no profile \"\"");
}

TEST(Policy, CheckFindsACallThatIsNone) {
  const std::string place = "/profiles/strict/rules/seccomp/denied";
  expect_error(
      [] {
        layered(
            R"({"profiles": {"strict": {"rules": {"seccomp": {"denied": ["ptrace", "setxatr"]}}}}})")
            .check(known);
      },
      ErrorKind::invalid_input, place,
      "my.json: " + place + ": \"setxatr\" is no system call; did you mean \"setxattr\"?");
}

TEST(Policy, CheckFindsAPoolThatHoldsNoRange) {
  const auto check = [](std::string_view profile, std::string_view settings) {
    layered(
        Json{{"profiles", {{profile, {{"rules", {{"user-namespace", Json::parse(settings)}}}}}}}}
            .dump())
        .check(known);
  };
  const std::string place = "/profiles/standard/rules/user-namespace/";
  expect_error([&] { check("standard", R"({"pool": {"size": 1000}})"); }, ErrorKind::invalid_input,
               place + "pool",
               "my.json: " + place + "pool: the pool of 1000 ids holds no range of 65536");
  expect_error([&] { check("standard", R"({"pool": {"size": 70000}, "range_size": 70001})"); },
               ErrorKind::invalid_input, place + "range_size",
               "my.json: " + place + "range_size: the pool of 70000 ids holds no range of 70001");
  check("strict", R"({"pool": {"size": 1000}, "range_size": 1000})");
}

TEST(Policy, ANameThatIsNotThereIsBlamedOnTheLastFileThatSaidIt) {
  Policy policy = layered(R"({"default_profile": "strct", "restore": "allow"})");
  policy.layer(R"({"restore": "refuse"})", "later.json");
  expect_error(
      [&] { policy.check(known); }, ErrorKind::invalid_input, "/default_profile",
      "my.json: /default_profile: there is no profile \"strct\"; did you mean \"strict\"?");
  policy.layer(R"({"default_profile": "biuld"})", "last.json");
  expect_error(
      [&] { policy.check(known); }, ErrorKind::invalid_input, "/default_profile",
      "last.json: /default_profile: there is no profile \"biuld\"; did you mean \"build\"?");
}

std::string select(const ProfileRequest& request, std::string_view layer = "{}") {
  return select_profile(layered(layer), request);
}

TEST(Policy, TheOptionThenTheNameThenTheAnnotationThenTheDefaultChoose) {
  EXPECT_EQ(select({{}, "hardened", {}}), "standard");
  EXPECT_EQ(select({{}, "hardened", {}}, R"({"default_profile": "build"})"), "build");
  EXPECT_EQ(select({{}, "hardened-strict", {}}), "strict");
  EXPECT_EQ(select({"build", "hardened-strict", {}}), "build");
  EXPECT_EQ(select({{}, "hardened", "strict"}), "strict");
  EXPECT_EQ(select({{}, "hardened-strict", "strict"}), "strict");
  EXPECT_EQ(select({{}, "hardened", "standard"}), "standard");
}

TEST(Policy, AnAnnotationCannotLeaveWhatTheAdministratorChose) {
  const std::string pointer = "/annotations/hardened.profile";
  expect_error(
      [] {
        select({{}, "hardened-strict", "standard"});
      },
      ErrorKind::refused, pointer,
      pointer +
          ": asks for the profile \"standard\", but this runtime is set up for \"strict\" (CIS 5); "
          "no policy setting allows it");
  expect_error(
      [] {
        select({"build", "hardened", "strict"});
      },
      ErrorKind::refused, pointer,
      pointer +
          ": asks for the profile \"strict\", but this runtime is set up for \"build\" (CIS 5); no "
          "policy setting allows it");
  expect_error(
      [] {
        select({{}, "hardened", "build"});
      },
      ErrorKind::refused, pointer,
      pointer + ": asks for the profile \"build\" (CIS 5); policy setting: selectable_profiles");
  expect_error(
      [] {
        select({{}, "hardened", ""});
      },
      ErrorKind::refused, pointer,
      pointer + ": asks for the profile \"\" (CIS 5); policy setting: selectable_profiles");
}

TEST(Policy, AProfileThatTheAdministratorMisspeltIsAnError) {
  expect_error(
      [] {
        select({{}, "hardened-strct", {}});
      },
      ErrorKind::invalid_input, "", "there is no profile \"strct\"; did you mean \"strict\"?");
  expect_error(
      [] {
        select({"", "hardened", {}});
      },
      ErrorKind::invalid_input, "", "there is no profile \"\"");
}

TEST(Policy, ShowPrintsAProfileWithWhatItExtends) {
  const Json shown = parse_document(policy_show(Policy::builtin(), "strict"));
  EXPECT_EQ(shown.at("rules").at("pids-limit"), (Json{{"mode", "enforce"}, {"limit", 256}}));
  EXPECT_FALSE(shown.contains("extends"));
  EXPECT_EQ(parse_document(policy_show(Policy::builtin(), {})), Policy::builtin().json());
}

// The built-in list, copied to take one name off it, where libseccomp does not know all of it yet.
TEST(Policy, ANameOfTheBuiltInListsIsOneWhateverLibseccompKnows) {
  Policy policy = Policy::builtin();
  policy.layer(R"({"profiles": {"strict": {"rules": {"seccomp": {"denied": ["open_tree"]}}}}})",
               "my.json");
  EXPECT_NO_THROW(policy.check([](const std::string&) { return false; }));
}

// In a list of what is denied or allowed nobody would miss a name that stands for nothing.
TEST(Policy, NamesThatStandForNothingAreRefusedWithTheNearestOne) {
  const auto error_of_list = [](const std::string& rule, const Json& settings) -> std::string {
    Policy policy = Policy::builtin();
    const Json layer{{"profiles", {{"standard", {{"rules", {{rule, settings}}}}}}}};
    try {
      policy.layer(layer.dump(), "a.json");
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
      return error.what();
    }
  };
  EXPECT_EQ(error_of_list("capabilities", {{"keep", {"CAP_CHOWM"}}}),
            "a.json: /profiles/standard/rules/capabilities/keep/0: \"CAP_CHOWM\" is not known; did "
            "you mean \"CAP_CHOWN\"?");
  EXPECT_EQ(error_of_list("seccomp", {{"inet_protocols", {"IPPROTO_TCP", "IPPROTO_SCTPX"}}}),
            "a.json: /profiles/standard/rules/seccomp/inet_protocols/1: \"IPPROTO_SCTPX\" is not "
            "known; did you mean \"IPPROTO_SCTP\"?");
  for (const char* list : {"socket_families", "socketpair_families"}) {
    EXPECT_NE(error_of_list("seccomp", {{list, {"AF_FOO"}}}), "") << list;
  }
  EXPECT_NE(error_of_list("seccomp", {{"netlink_protocols", {"NETLINK_FOO"}}}), "");
  for (const char* device : {"c 10:229 rwmx", "c 10:229", "a *:* rwm", ""}) {
    EXPECT_NE(error_of_list("devices", {{"allowed", {device}}})
                  .find("a.json: /profiles/standard/rules/devices/allowed/0: expected a device"),
              std::string::npos)
        << device;
  }
  EXPECT_EQ(error_of_list("devices", {{"allowed", {"c 10:229 rwm", "b 8:* r"}}}), "");
}

}  // namespace
}  // namespace hardened
