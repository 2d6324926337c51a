// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/log_view.hpp"

#include <gtest/gtest.h>

#include "hardened/core/decision.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/explain.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr std::uint64_t kNow = 1795846200123456;  // 2026-11-28T06:10:00

Json line(const Decision& decision, const Ending& ending = {}) {
  return *parse_line(trail_line(decision, ending, kNow, 1000, false));
}

Decision decision(const std::string& id, Operation operation = Operation::create) {
  Decision made;
  made.operation = operation;
  made.root = "/run/docker/runtime-runc/moby";
  made.id = id;
  made.profile = "standard";
  return made;
}

Change pids() {
  return {"pids-limit", "/linux/resources/pids/limit", std::nullopt, Json(1024), "fork bombs",
          "CIS 5.29"};
}
Refusal network() {
  return {"host-namespaces", "/linux/namespaces", "the host's network namespace", "CIS 5.10",
          "rules.host-namespaces.network"};
}

Decision with(Decision made, const Plan& plan) {
  add_plan(made, Json::object(), plan);
  return made;
}

TEST(LogView, WhatIsNoLineOfTheTrailIsNone) {
  EXPECT_FALSE(parse_line(""));
  EXPECT_FALSE(parse_line("{}"));
  EXPECT_FALSE(parse_line(R"({"version": 2, "operation": "create"})"));
  EXPECT_FALSE(parse_line("{\"version\": 1, \"operation\": \"cre"));
}

// By hand, or by whoever may write to the journal: nothing stops the reading of the others.
TEST(LogView, ALineOfAnotherFormIsNone) {
  const std::string good = trail_line(decision("a"), {}, kNow, 0, false);
  ASSERT_TRUE(parse_line(good));
  for (const char* member :
       {R"("changes":"no")", R"("time":[])", R"("id":7)", R"("error":{"text":5})",
        R"("refusals":[7])", R"("reported":[{"rule":7}])", R"("id_range":{"first_id":"x"})",
        R"("changes_left_out":"many")"}) {
    EXPECT_FALSE(parse_line(R"({"version":1,"operation":"x",)" + std::string(member) + "}"))
        << member;
  }
}

// dockerd is root too, and lets a container choose its log's name and fields.
TEST(LogView, AnEntryOfTheJournalWithFieldsOfOthersIsNotOurs) {
  const std::string ours =
      R"("_UID":"0","__CURSOR":"x","MESSAGE":"m","PRIORITY":"6","SYSLOG_IDENTIFIER":"hardened")";
  EXPECT_EQ(line_of_journal("{" + ours + R"(,"HARDENED_DECISION":"line"})"), "line");
  EXPECT_FALSE(line_of_journal("{" + ours + "}"));
  EXPECT_FALSE(line_of_journal("{" + ours + R"(,"HARDENED_DECISION":"line","CONTAINER_ID":"c"})"));
  EXPECT_FALSE(line_of_journal("no JSON"));
}

TEST(LogView, WhatALineLeftOutIsNeverNothing) {
  Plan plan;
  for (int index = 0; index < 6000; ++index) {
    plan.reported_refusals.push_back(network());
    plan.reported_refusals.back().asked.append(200, 'x');
  }
  const Json long_line = line(with(decision("a"), plan));
  EXPECT_EQ(long_line.at("reported_refusals").size(), 500U);
  EXPECT_EQ(long_line.at("reported_refusals_left_out"), 5500);
  EXPECT_TRUE(matches(long_line, {.rule = "mounts"})) << "it may be among those left out";
  EXPECT_NE(explain(long_line, {}).find("5500 more reported_refusals"), std::string::npos);
  LogSummary summary;
  summary.add(long_line);
  EXPECT_NE(summary.text(0, Colour::no).find("1 that would be refused"), std::string::npos);
  EXPECT_NE(summary.text(0, Colour::no).find("more reported_refusals than the line holds"),
            std::string::npos);
}

TEST(LogView, AFilterTakesWhatFitsAllOfIt) {
  Plan plan;
  plan.changes.push_back(pids());
  const Json one = line(with(decision("abc"), plan));
  EXPECT_TRUE(matches(one, {}));
  EXPECT_TRUE(matches(one, {.since = "2026-11-28",
                            .id = "ab",
                            .operation = "create",
                            .outcome = "passed",
                            .engine = "docker",
                            .rule = "pids-limit"}));
  EXPECT_FALSE(matches(one, {.since = "2026-11-28T06:11"}));
  EXPECT_FALSE(matches(one, {.id = "b"}));
  EXPECT_FALSE(matches(one, {.outcome = "refused"}));
  EXPECT_FALSE(matches(one, {.rule = "mounts"}));
  EXPECT_FALSE(matches(one, {.profile = "strict"}));
}

TEST(LogView, SinceIsATimeOrHowLongAgo) {
  EXPECT_EQ(since_time("10m", kNow), "2026-11-28T06:00:00.123456Z");
  EXPECT_EQ(since_time("1d", kNow), "2026-11-27T06:10:00.123456Z");
  EXPECT_EQ(since_time("2026-11-28T06", kNow), "2026-11-28T06");
  for (const char* wrong : {"", "m", "10", "10x", "-1h", "99999999999999999999h", "9999999999d",
                            "2026/11/28", "2026-11-28 06:10", "yesterday"}) {
    try {
      since_time(wrong, kNow);
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << wrong;
    }
  }
}

// What an earlier policy said is no word about today's.
TEST(LogView, TheSummarySaysThatThePolicyChangedInBetween) {
  LogSummary summary;
  Decision one = decision("a");
  one.policy = "1";
  summary.add(line(one));
  EXPECT_EQ(summary.text(0, Colour::no).find("policies"), std::string::npos);
  one.policy = "2";
  summary.add(line(one));
  EXPECT_NE(summary.text(0, Colour::no).find("under 2 policies: "), std::string::npos);
}

TEST(LogView, WhatTheHostCouldNotGiveIsSummedUpToo) {
  Plan plan;
  plan.reported_degraded.push_back({"user-namespace", "/root/path", "no ids: nfs"});
  LogSummary summary;
  const Json one = line(with(decision("a"), plan));
  summary.add(one);
  EXPECT_NE(summary.text(0, Colour::no).find("would go on without: no ids: nfs"),
            std::string::npos);
  EXPECT_EQ(summary.json().at("rules").at("user-namespace").at("would_go_without").size(), 1U);
  EXPECT_NE(explain(one, {}).find("would go on without: no ids: nfs"), std::string::npos);
  EXPECT_EQ(log_row(one).back(), "0 changes; would go on without: no ids: nfs");
}

// Each container once, however often it was started.
TEST(LogView, TheSummaryCountsContainersByRuleAndSetting) {
  Plan changing, reporting;
  changing.changes.push_back(pids());
  reporting.reported.push_back(pids());
  reporting.reported_refusals.push_back(network());
  Plan refusing;
  refusing.refusals.push_back(network());
  LogSummary summary;
  summary.add(line(with(decision("a"), changing)));
  summary.add(line(with(decision("a"), changing)));
  summary.add(line(with(decision("b"), reporting)));
  summary.add(line(with(decision("c"), refusing), {Outcome::refused, "no", ""}));
  summary.add(line(decision("d"), {Outcome::refused, "config.json: broken", ""}));
  const std::string text = summary.text(0, Colour::no);
  EXPECT_TRUE(text.starts_with(
      "4 containers, 2 refused, 1 that would be refused if every rule were enforced\n"
      "decided from 2026-11-28T06:10:00.123456Z to 2026-11-28T06:10:00.123456Z\n\n"))
      << text;
  const Json json = summary.json();
  EXPECT_EQ(json.at("rules").at("pids-limit").at("changed").size(), 1U);
  EXPECT_EQ(json.at("rules").at("pids-limit").at("would_change").at(0).at("id"), "b");
  EXPECT_EQ(json.at("rules").at("pids-limit").at("setting"), "rules.pids-limit.limit");
  for (const auto& [list, id] : {std::pair("refusals", "c"), std::pair("would_be_refusals", "b")}) {
    const Json& refusal = json.at("rules").at("host-namespaces").at(list).at(0);
    EXPECT_EQ(refusal.at("asked"), "the host's network namespace");
    EXPECT_EQ(refusal.at("setting"), "rules.host-namespaces.network");
    ASSERT_EQ(refusal.at("containers").size(), 1U);
    EXPECT_EQ(refusal.at("containers").at(0).at("id"), id);
  }
  summary.add(line(decision("e"), {Outcome::failed, "no ids left", ""}));
  EXPECT_EQ(summary.json().at("failed").at(0).at("error"), "no ids left");
  EXPECT_NE(text.find("config.json: broken"), std::string::npos) << text;
}

TEST(LogView, ARowSaysWhatWouldHaveBeenRefused) {
  Plan plan;
  plan.changes.push_back(pids());
  plan.reported.push_back(pids());
  plan.reported_refusals.push_back(network());
  const TableRow row = log_row(line(with(decision(std::string(64, 'a')), plan)));
  EXPECT_EQ(row[0], "2026-11-28T06:10:00Z");
  EXPECT_EQ(row[4], std::string(12, 'a'));
  EXPECT_NE(row[6].find("1 more by rules that report, would be refused: the host's network"),
            std::string::npos)
      << row[6];
}

TEST(Explain, AChangeIsToldWithTheAttackAndTheSetting) {
  Plan plan;
  plan.changes.push_back(pids());
  const std::string text = explain(line(with(decision("abc"), plan)), {});
  for (const char* part :
       {"create of abc by docker, profile standard, 2026-11-28T06:10:00.123456Z: passed",
        "stops: fork bombs (CIS 5.29)", "setting: rules.pids-limit.limit",
        "/linux/resources/pids/limit", "1024"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  }
}

TEST(Explain, ARefusalIsToldWithItsSetting) {
  Plan plan;
  plan.refusals.push_back(network());
  const Json refused =
      line(with(decision("abc"), plan), {Outcome::refused, "the whole line", "/x"});
  const std::string text = explain(refused, {});
  for (const char* part : {": refused\n", "the whole line", "asks for the host's network namespace",
                           "setting: rules.host-namespaces.network"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  }
  EXPECT_EQ(explained(refused).at("refusals").at(0).at("stops"),
            "reach into the host's processes, network, shared memory and names");
}

// A name or an option of the document must not reach the terminal as it is.
TEST(Explain, NothingOfADocumentReachesTheTerminalAsItIs) {
  Plan plan;
  plan.refusals.push_back({"mounts", "/mounts/0", "\x1b]0;x\x07", "CIS 5.6", "s"});
  plan.changes.push_back({"mounts", "/\x1b[2J", std::nullopt, Json("\x1b[31m\r"), "why", ""});
  for (const std::size_t columns : {0U, 60U}) {
    const std::string text = explain(line(with(decision("\x1b[5m"), plan)), {.columns = columns});
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_EQ(text.find('\r'), std::string::npos) << text;
  }
}

TEST(Explain, EveryRuleNamesASettingThatItHas) {
  const Profile standard = Policy::builtin().profile("standard");
  for (const Rule& rule : catalogue()) {
    EXPECT_TRUE(standard.settings(rule.name).contains(std::string(rule.setting)))
        << setting_of(rule.name);
  }
  EXPECT_EQ(setting_of("nobody"), "");
}

}  // namespace
}  // namespace hardened
