// SPDX-License-Identifier: Apache-2.0
#include "observation_fixture.hpp"

namespace hardened {
namespace {

TEST(Diagnosis, OfAGoodHostHasNothingToDoButWhatNobodyCanClose) {
  for (const Finding& one : diagnose(good())) {
    if (one.id == "engine/runc-selectable") {
      EXPECT_EQ(one.verdict, Verdict::warn);
    } else if (one.id == "kernel/cgroup-devices") {
      EXPECT_EQ(one.verdict, Verdict::not_applicable);
    } else {
      EXPECT_EQ(one.verdict, Verdict::ok) << one.id << ": " << one.evidence;
    }
  }
  EXPECT_EQ(exit_code(diagnose(good())), 0);
}

TEST(Diagnosis, IdsAreUniqueAndBeginWithTheirGroup) {
  std::set<std::string> ids;
  for (const Finding& one : diagnose(good())) {
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_TRUE(one.id.starts_with(one.group + "/")) << one.id;
  }
}

TEST(Diagnosis, NothingSeenIsNothingPassed) {
  Observation seen;
  seen.host_error = "not looked at";
  seen.state_error = "not looked at";
  seen.trail_error = "not looked at";
  seen.engine.present = true;
  seen.engine.error = "not looked at";
  seen.engine.containers_error = "not looked at";
  seen.claims_error = {"/etc/passwd"};
  for (const Finding& one : diagnose(seen)) {
    if (one.id == "hardened/policy" || one.group == "cis") continue;
    EXPECT_NE(one.verdict, Verdict::ok) << one.id << ": " << one.evidence;
  }
}

TEST(Diagnosis, AFeatureWithoutWhichNothingStartsFails) {
  for (const char* name : {"openat2", "mount-attributes", "user-namespaces", "id-mapped-mounts",
                           "id-mapped-overlay", "seccomp"}) {
    Observation seen = good();
    seen.features[name] = {Answer::no, "function not implemented"};
    const std::string id = std::string("kernel/") + name;
    EXPECT_EQ(verdict(seen, id), Verdict::fail) << name;
    EXPECT_TRUE(contains(finding(seen, id).evidence, "function not implemented")) << name;
    EXPECT_FALSE(finding(seen, id).rules.empty()) << name;
    EXPECT_EQ(exit_code(diagnose(seen)), 3) << name;
  }
}

TEST(Diagnosis, AFeatureThatIsGoneWithoutIsAWarning) {
  for (const char* name : {"layer-options", "id-mapped-tmpfs"}) {
    Observation seen = good();
    seen.features[name] = {Answer::no, "invalid argument"};
    EXPECT_EQ(verdict(seen, std::string("kernel/") + name), Verdict::warn) << name;
  }
}

TEST(Diagnosis, WhatThePolicyLetsGoWithoutIsAWarning) {
  Observation seen = good();
  seen.policy.layer(
      R"({"profiles": {"standard": {"rules": {"user-namespace": {"unsupported": "degrade"}}}}})",
      "test");
  seen.features["user-namespaces"] = {Answer::no, "no space left on device"};
  EXPECT_EQ(verdict(seen, "kernel/user-namespaces"), Verdict::warn);
}

TEST(Diagnosis, WhatNoRuleWantsDoesNotApply) {
  Observation seen = good();
  seen.policy.layer(R"({"profiles": {"standard": {"rules": {"seccomp": {"mode": "off"}}}}})",
                    "test");
  seen.features["seccomp"] = {Answer::no, ""};
  EXPECT_EQ(verdict(seen, "kernel/seccomp"), Verdict::not_applicable);
}

TEST(Diagnosis, WhatWasNotTriedIsNotKnown) {
  Observation seen = good();
  seen.features["id-mapped-mounts"] = {Answer::unasked, "only root can try"};
  EXPECT_EQ(verdict(seen, "kernel/id-mapped-mounts"), Verdict::unknown);
  seen.features.clear();
  EXPECT_EQ(verdict(seen, "kernel/openat2"), Verdict::unknown);
  seen.controllers.clear();
  EXPECT_EQ(verdict(seen, "kernel/cgroup-pids"), Verdict::unknown);
}

TEST(Diagnosis, AControllerThatIsMissingFailsForRootAndIsLeftOutBelowARootlessEngine) {
  Observation seen = good();
  seen.controllers["memory"] = {Answer::no, "not in cgroup.controllers"};
  EXPECT_EQ(verdict(seen, "kernel/cgroup-memory"), Verdict::fail);
  seen.host.initial_user_namespace = false;
  EXPECT_EQ(verdict(seen, "kernel/cgroup-memory"), Verdict::warn);
  EXPECT_TRUE(contains(finding(seen, "kernel/cgroup-memory").remedy, "Delegate=yes"));
}

TEST(Diagnosis, MandatoryAccessControl) {
  Observation seen = good();
  seen.host.apparmor = false;
  EXPECT_EQ(verdict(seen, "host/lsm"), Verdict::warn);
  EXPECT_EQ(verdict(seen, "host/apparmor-profile"), Verdict::not_applicable);
  seen.host.selinux = true;
  EXPECT_EQ(verdict(seen, "host/lsm"), Verdict::ok);

  seen = good();
  seen.host.apparmor_profiles = {"docker-default"};
  seen.apparmor_file = root_file("/etc/apparmor.d/hardened-default", 0644);
  EXPECT_EQ(verdict(seen, "host/lsm"), Verdict::ok);
  EXPECT_EQ(verdict(seen, "host/apparmor-profile"), Verdict::warn);
  EXPECT_EQ(finding(seen, "host/apparmor-profile").remedy,
            "apparmor_parser -r -W /etc/apparmor.d/hardened-default");

  seen.host.apparmor_profiles = {};
  EXPECT_EQ(verdict(seen, "host/lsm"), Verdict::warn);
  seen.policy.layer(R"({"default_profile": "strict"})", "test");
  EXPECT_EQ(verdict(seen, "host/lsm"), Verdict::fail);
  seen.root = false;
  EXPECT_EQ(verdict(seen, "host/lsm"), Verdict::unknown);
}

TEST(Diagnosis, CgroupsAndSwap) {
  Observation seen = good();
  seen.host.cgroup_version = 1;
  seen.host.swap_accounting = false;
  EXPECT_EQ(verdict(seen, "host/cgroup-version"), Verdict::warn);
  EXPECT_EQ(verdict(seen, "kernel/cgroup-devices"), Verdict::ok);
  EXPECT_EQ(verdict(seen, "host/swap-accounting"), Verdict::warn);
}

TEST(Diagnosis, ABrokenPolicyIsAFindingAndTheRestIsStillJudged) {
  Observation seen = good();
  seen.policy_error = "policy /etc/hardened/policy.json: owned by uid 1000, not by root";
  EXPECT_EQ(verdict(seen, "hardened/policy"), Verdict::fail);
  EXPECT_TRUE(contains(finding(seen, "hardened/policy").evidence, "owned by uid 1000"));
  EXPECT_EQ(verdict(seen, "cis/2.2"), Verdict::ok);
}

TEST(Diagnosis, OwnState) {
  Observation seen = good();
  seen.state_error = "state directory /run/hardened: can be written by others";
  EXPECT_EQ(verdict(seen, "hardened/state"), Verdict::fail);
  EXPECT_EQ(verdict(seen, "hardened/degraded"), Verdict::unknown);

  seen = good();
  seen.records = {{"abc", {"no user namespace of its own: nfs"}, ""}, {"def", {}, ""}};
  EXPECT_EQ(verdict(seen, "hardened/degraded"), Verdict::warn);
  EXPECT_EQ(finding(seen, "hardened/degraded").details,
            std::vector<std::string>{"abc: no user namespace of its own: nfs"});
  seen.records = {{"abc", {}, "/version: cannot read version 9"}};
  EXPECT_EQ(verdict(seen, "hardened/degraded"), Verdict::warn);
}

TEST(Diagnosis, AnAuditTrailWithoutLines) {
  Observation seen = good();
  EXPECT_EQ(verdict(seen, "hardened/audit-trail"), Verdict::ok);
  seen.trail_loss = "2026-11-28T06:10:00.000000Z: write: No space left on device";
  EXPECT_EQ(verdict(seen, "hardened/audit-trail"), Verdict::warn);
  seen.trail_error = "/var/log/hardened: not a directory";
  EXPECT_EQ(verdict(seen, "hardened/audit-trail"), Verdict::fail);
  EXPECT_TRUE(contains(finding(seen, "hardened/audit-trail").evidence, "decisions leave no line"));
  seen.policy.layer(R"({"audit": {"unwritable": "refuse"}})", "test");
  EXPECT_TRUE(contains(finding(seen, "hardened/audit-trail").evidence, "no container starts"));
  seen.policy.layer(R"({"audit": {"destination": "none"}})", "test");
  EXPECT_EQ(verdict(seen, "hardened/audit-trail"), Verdict::warn);
}

TEST(Diagnosis, WhoElseHasIdsOfThePool) {
  using Kind = IdClaim::Kind;
  const IdRange inside{1879048192 + 65536, 10};
  const auto judged = [&](Kind kind, const IdRange& ids, const char* id) {
    Observation seen = good();
    seen.claims.push_back({kind, "somebody", ids});
    return verdict(seen, id);
  };
  EXPECT_EQ(judged(Kind::account, inside, "ids/accounts"), Verdict::fail);
  EXPECT_EQ(judged(Kind::subordinate, inside, "ids/subordinate"), Verdict::warn);
  EXPECT_EQ(judged(Kind::system, inside, "ids/system"), Verdict::warn);
  EXPECT_EQ(judged(Kind::process, inside, "ids/processes"), Verdict::warn);
  EXPECT_EQ(judged(Kind::account, {1879048191, 1}, "ids/accounts"), Verdict::ok);
  EXPECT_EQ(judged(Kind::account, {1879048191, 2}, "ids/accounts"), Verdict::fail);
  EXPECT_EQ(judged(Kind::process, {0, 4294967295U}, "ids/processes"), Verdict::warn);

  Observation seen = good();
  seen.claims_error = {"/etc/subuid: closed"};
  EXPECT_EQ(verdict(seen, "ids/subordinate"), Verdict::unknown);
}

TEST(Diagnosis, ThePoolsOfAllProfilesAreLookedAt) {
  Observation seen = good();
  seen.policy.layer(
      R"({"profiles": {"strict": {"rules": {"user-namespace": {"pool": {"first_id": 65536, "size": 131072}}}}}})",
      "test");
  EXPECT_EQ(verdict(seen, "ids/subordinate"), Verdict::warn);
  EXPECT_EQ(finding(seen, "ids/subordinate").details.at(0),
            "alice in /etc/subuid: 100000 to 165535");
}

TEST(Diagnosis, AsTextEscapesWhatTheHostSays) {
  Observation seen = good();
  seen.engine.containers->push_back({"evil\x1b[2J\n", "runc", true});
  const std::string text = report(diagnose(seen), DiagnosisFormat::text);
  EXPECT_FALSE(contains(text, "\x1b"));
  EXPECT_TRUE(contains(text, "evil\\x1b[2J\\x0a: runc"));
  EXPECT_TRUE(contains(report(diagnose(seen), DiagnosisFormat::text, {.colour = Colour::yes}),
                       "\x1b[33mWARN\x1b[0m engine/containers"));
}

TEST(Diagnosis, AsTextFitsTheTerminal) {
  Observation seen = good();
  seen.runtime.version = "runc version 1.1.5\n";
  const std::string text = report(diagnose(seen), DiagnosisFormat::text, {.columns = 60});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 60U) << line;
  }
}

TEST(Diagnosis, WhatDoesNotApplyIsNamedOnce) {
  Observation seen = good();
  seen.engine.files.erase("tls key");
  const std::string text = report(diagnose(seen), DiagnosisFormat::text);
  EXPECT_TRUE(contains(text, "cis/3.13 cis/3.14: no tls key\n"));
  EXPECT_EQ(text.find("cis/3.13"), text.rfind("cis/3.13"));
}

TEST(Diagnosis, AsJsonHasEveryFindingAndTheSums) {
  Observation seen = good();
  seen.engine.sockets.front().mode = 0666;
  const std::vector<Finding> findings = diagnose(seen);
  const Json json = parse_document(report(findings, DiagnosisFormat::json));
  EXPECT_EQ(json.at("findings").size(), findings.size());
  EXPECT_EQ(json.at("summary").at("fail"), 1);
  for (const Json& one : json.at("findings")) {
    if (one.at("id") != "cis/3.16") continue;
    EXPECT_EQ(one.at("verdict"), "fail");
    EXPECT_EQ(one.at("remedy"), "chmod 0660 /run/docker.sock");
  }
}

}  // namespace
}  // namespace hardened
