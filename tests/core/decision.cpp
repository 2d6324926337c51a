// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/decision.hpp"

#include <gtest/gtest.h>

#include "hardened/core/audit_settings.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/patch.hpp"
#include "hardened/core/secrets.hpp"

namespace hardened {
namespace {

Json object(const char* text) { return parse_document(text); }

Decision decision_with(const Json& original, std::vector<Change> changes) {
  Plan plan;
  plan.config = original;
  plan.changes = std::move(changes);
  Decision decision;
  decision.operation = Operation::create;
  decision.root = "/run/docker/runtime-runc/moby";
  decision.id = "c1";
  decision.profile = "standard";
  add_plan(decision, original, plan);
  return decision;
}

Json line_of(const Decision& decision, const Ending& ending = {}, bool whole = false) {
  return parse_document(trail_line(decision, ending, 1795846200123456, 2500, whole));
}

TEST(Decision, ALineSaysWhoWhatWhenAndHow) {
  Decision decision = decision_with(object(R"({"process": {"noNewPrivileges": false}})"),
                                    {{"no-new-privileges", "/process/noNewPrivileges", Json(false),
                                      Json(true), "why", "CIS 5.26"}});
  decision.mapping = maps_of({1879048192, 65536});
  const Json line = line_of(decision);
  EXPECT_EQ(line.at("time"), "2026-11-28T06:10:00.123456Z");
  EXPECT_EQ(line.at("operation"), "create");
  EXPECT_EQ(line.at("outcome"), "passed");
  EXPECT_EQ(line.at("engine"), "docker");
  EXPECT_EQ(line.at("id_range"), object(R"({"first_id": 1879048192, "size": 65536})"));
  EXPECT_EQ(line.at("duration_us"), 2500);
  EXPECT_EQ(line.at("changes"),
            object(R"([{"op": "replace", "path": "/process/noNewPrivileges", "value": true,
                        "rule": "no-new-privileges", "before": false, "reason": "why",
                        "reference": "CIS 5.26"}])"));
}

// Whoever reads the trail is not whom a container's password was given to.
TEST(Decision, NothingOfEnvironmentArgumentsAndAnnotationsIsInALine) {
  const Json original = object(R"({
    "annotations": {"run.oci.x": "s3cret-a"},
    "process": {"env": ["P=s3cret-b"], "args": ["login", "s3cret-c"]},
    "hooks": {"prestart": [{"path": "/h", "args": ["s3cret-d"], "env": ["s3cret-e"]}]}})");
  std::vector<Change> changes;
  const auto removed = [&](const char* pointer) {
    changes.push_back({"r", pointer, *find(original, pointer), std::nullopt, "why", ""});
  };
  removed("/annotations/run.oci.x");
  removed("/process/env/0");
  removed("/hooks/prestart/0");
  removed("/process");
  removed("/annotations");
  const Json exec = object(R"({"env": ["s3cret-f"], "args": ["s3cret-g"], "cwd": "/"})");
  for (const Decision& decision :
       {decision_with(original, changes),
        decision_with(exec, {{"r", "/env", exec.at("env"), Json::array(), "why", ""},
                             {"r", "/args/0", std::nullopt, Json("s3cret-h"), "why", ""}})}) {
    const std::string line = trail_line(decision, {}, 0, 0, true);
    EXPECT_EQ(line.find("s3cret"), std::string::npos) << line;
    EXPECT_NE(line.find("(withheld)"), std::string::npos) << line;
  }
}

// A value in a wrong place would be quoted by the error that says so.
TEST(Decision, AnErrorAboutASecretsPlaceSaysItsKindAlone) {
  EXPECT_EQ(shown(Json("s3cret"), "/process/env"), "a string");
  EXPECT_EQ(shown(Json("s3cret"), "/process/args/0"), "a string");
  EXPECT_EQ(shown(Json("s3cret"), "/annotations"), "a string");
  EXPECT_EQ(shown(Json("s3cret"), "/hooks/prestart/0/env/0"), "a string");
  EXPECT_EQ(shown(Json("s3cret"), "/args"), "a string");
  EXPECT_EQ(shown(Json(1234567), "/process/env/0"), "a number");
  EXPECT_EQ(shown(Json("word"), "/process/cwd"), "\"word\"");
  EXPECT_EQ(shown(Json::array({"s3cret"}), "/annotations/hardened.profile"), "an array");
}

// A parser's error would quote what it read last.
TEST(Decision, ADocumentThatIsBrokenIsNotQuoted) {
  try {
    parse_document(R"({"process": {"env": ["PASSWORD=s3cret)");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("line 1, column"), std::string::npos) << error.what();
  }
}

// An image controls some of these strings; the line is shown on terminals and in pages.
TEST(Decision, ALineIsPlainAsciiWithoutMarkup) {
  Decision decision = decision_with(
      Json::object(),
      {{"r", "/x", std::nullopt, Json("<script>&\x1b[2J\xe2\x80\xae\xff\n"), "why", ""}});
  decision.id = "<b>";
  const std::string line =
      trail_line(decision, {Outcome::refused, "\x1b]0;title\x07<i>", ""}, 0, 0, false);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char byte : line.substr(0, line.size() - 1)) {
    EXPECT_TRUE(byte >= ' ' && byte < '\x7f' && byte != '<' && byte != '>' && byte != '&') << line;
  }
  EXPECT_EQ(parse_document(line).at("id"), "<b>");
}

TEST(Decision, ALongValueIsToldByItsSizeUnlessThePolicyWantsItWhole) {
  const Json large(std::string(5000, 'x'));
  const Decision decision =
      decision_with(Json::object(), {{"seccomp", "/linux", std::nullopt, large, "why", ""}});
  const Json shortened = line_of(decision).at("changes").at(0).at("value");
  EXPECT_EQ(shortened.at("bytes"), 5002);
  EXPECT_EQ(shortened.at("digest").get<std::string>().size(), 16U);
  EXPECT_EQ(line_of(decision, {}, true).at("changes").at(0).at("value"), large);
}

TEST(Decision, AnEndlessLineKeepsTheFirstOfEachListAndCountsTheRest) {
  std::vector<Change> changes;
  for (int index = 0; index < 2000; ++index) {
    changes.push_back(
        {"r", "/annotations", std::nullopt, Json::object(), std::string(1000, 'y'), ""});
  }
  const Json line = line_of(decision_with(Json::object(), changes));
  EXPECT_EQ(line.at("changes").size(), 500U);
  EXPECT_FALSE(line.at("changes").at(0).contains("value"));
  EXPECT_EQ(line.at("changes_left_out"), 1500);
  EXPECT_EQ(line.at("id"), "c1");
}

TEST(Decision, APasswordAmongMountOptionsIsWithheld) {
  const Json mounts = Json::array({{{"options", {"rw", "password=s3cret", "uid=7"}}}});
  const Json shown = without_secrets(mounts, "/mounts");
  EXPECT_EQ(shown.at(0).at("options"), Json::array({"rw", "password=(withheld)", "uid=7"}));
}

// Engines show refusals to whoever asks.
TEST(Decision, APasswordAmongMountOptionsIsInNoRefusal) {
  EXPECT_EQ(without_password("password=x"), "password=(withheld)");
  EXPECT_EQ(without_password("size=1"), "size=1");
  EXPECT_EQ(without_password("addr=1.2.3.4,Password=x,ro"), "addr=1.2.3.4,Password=(withheld),ro");
  EXPECT_EQ(without_password("a,,b"), "a,,b");
  const Json document = parse_document(R"({"mounts": [{"destination": "/d", "type": "tmpfs",
      "source": "tmpfs", "options": ["password2=s3cret"]}]})");
  const Plan plan = make_plan(document, Policy::builtin().profile("standard"), Facts{}, "");
  std::string all;
  for (const Refusal& refusal : plan.refusals) all += describe(refusal) + '\n';
  EXPECT_NE(all.find("password2=(withheld)"), std::string::npos) << all;
  EXPECT_EQ(all.find("s3cret"), std::string::npos) << all;
}

TEST(Decision, HowItEndedIsTheErrorsKind) {
  EXPECT_EQ(ending_of(Error(ErrorKind::refused, "/x", "no")).outcome, Outcome::refused);
  EXPECT_EQ(ending_of(Error(ErrorKind::unsupported, "no")).outcome, Outcome::refused);
  EXPECT_EQ(ending_of(Error(ErrorKind::invalid_input, "no")).outcome, Outcome::refused);
  EXPECT_EQ(ending_of(Error(ErrorKind::system, "no")).outcome, Outcome::failed);
  EXPECT_EQ(ending_of(Error(ErrorKind::usage, "no")).outcome, Outcome::failed);
  EXPECT_EQ(ending_of(Error(ErrorKind::refused, "/x", "no")).pointer, "/x");
}

TEST(Decision, AnEngineIsKnownByItsPlaces) {
  EXPECT_EQ(engine_of("/run/docker/runtime-runc/moby",
                      "/run/containerd/io.containerd.runtime.v2.task/moby/1"),
            "docker");
  EXPECT_EQ(engine_of("/run/containerd/runc/k8s.io", ""), "cri");
  EXPECT_EQ(engine_of("/run/containerd/runc/default",
                      "/run/containerd/io.containerd.runtime.v2.task/default/c1"),
            "containerd");
  EXPECT_EQ(engine_of("/run/runc", "/var/lib/containers/storage/overlay-containers/1/userdata"),
            "podman");
  EXPECT_EQ(engine_of("/run/runc", "/home/me/bundle"), "");
}

// What holds while no policy can be read is what the built-in one says.
TEST(Decision, TheAuditsDefaultsAreTheBuiltInPolicys) {
  const AuditSettings built_in = audit_settings(Policy::builtin());
  const AuditSettings defaults;
  EXPECT_EQ(built_in.destination, defaults.destination);
  EXPECT_EQ(built_in.required, defaults.required);
  EXPECT_EQ(built_in.file_bytes, defaults.file_bytes);
  EXPECT_EQ(built_in.files, defaults.files);
  EXPECT_EQ(built_in.whole_values, defaults.whole_values);
}

TEST(Decision, APolicySaysWhereTheTrailGoes) {
  Policy policy = Policy::builtin();
  const std::string before = policy_digest(policy);
  policy.layer(R"({"audit": {"destination": "file", "unwritable": "refuse", "files": 2}})", "p");
  EXPECT_EQ(audit_settings(policy).destination, AuditSettings::Destination::file);
  EXPECT_TRUE(audit_settings(policy).required);
  EXPECT_EQ(audit_settings(policy).files, 2U);
  EXPECT_NE(policy_digest(policy), before);
}

TEST(Patch, AnObjectThatAChangeMadeIsAnOperationOfItsOwn) {
  const Json original = object(R"({"linux": null})");
  const Json patch = patch_of(original, {{"pids-limit", "/linux/resources/pids/limit", std::nullopt,
                                          Json(1024), "why", ""}});
  EXPECT_EQ(original.patch(patch),
            object(R"({"linux": {"resources": {"pids": {"limit": 1024}}}})"));
}

}  // namespace
}  // namespace hardened
