// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "hardened/core/line_diff.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

std::string text_of(const std::vector<DiffLine>& lines) {
  std::string text;
  for (const DiffLine& line : lines)
    text += (line.sign == '@' ? "" : std::string(1, line.sign)) + line.text + '\n';
  return text;
}

Plan sample() {
  Plan plan;
  plan.config = Json::parse(R"({"a":["x"],"b":true})");
  plan.changes = {{"capabilities", "/a", Json::parse(R"(["x","y"])"), Json::parse(R"(["x"])"),
                   "why", "CIS 5.4"},
                  {"no-new-privileges", "/b", std::nullopt, true, "why", "CIS 5.26"}};
  return plan;
}

const Json kOriginal = Json::parse(R"({"a":["x","y"]})");

TEST(LineDiff, EqualTextsHaveNone) { EXPECT_TRUE(line_diff("a\nb\n", "a\nb\n").empty()); }

TEST(LineDiff, HunksCarryContextAndLineNumbers) {
  EXPECT_EQ(text_of(line_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", 1)),
            "@@ -4,3 +4,3 @@\n 4\n-5\n+x\n 6\n");
  EXPECT_EQ(text_of(line_diff("", "a\n")), "@@ -0,0 +1,1 @@\n+a\n");
  EXPECT_EQ(text_of(line_diff("1\n2\n3\n4\n5\n6\n7\n", "0\n1\n2\n3\n4\n5\n6\n", 0)),
            "@@ -0,0 +1,1 @@\n+0\n@@ -7,1 +7,0 @@\n-7\n");
}

// Every text of up to `most` lines of three kinds.
std::vector<std::string> small_texts(std::size_t most) {
  std::vector<std::string> texts{""};
  for (std::size_t at = 0; at < texts.size(); ++at) {
    if (texts[at].size() == 2 * most) break;
    for (const char* line : {"a\n", "b\n", "c\n"}) texts.push_back(texts[at] + line);
  }
  return texts;
}

TEST(LineDiff, BothTextsCanBeReadFromIt) {
  const std::vector<std::string> texts = small_texts(4);
  for (const std::string& before : texts) {
    for (const std::string& after : texts) {
      std::string left, right;
      for (const DiffLine& line : line_diff(before, after, 8)) {
        if (line.sign == ' ' || line.sign == '-') left += line.text + '\n';
        if (line.sign == ' ' || line.sign == '+') right += line.text + '\n';
      }
      if (before == after) continue;
      ASSERT_EQ(left, before) << after;
      ASSERT_EQ(right, after) << before;
    }
  }
}

TEST(LineDiff, IsTheShortest) {
  const auto lines = line_diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", 9);
  EXPECT_EQ(
      std::count_if(lines.begin(), lines.end(),
                    [](const DiffLine& line) { return line.sign == '-' || line.sign == '+'; }),
      5);
}

TEST(LineDiff, TextsWithNothingInCommonTakeNoLongTime) {
  std::string before, after;
  for (int line = 0; line < 12000; ++line) {
    before += "a" + std::to_string(line) + '\n';
    after += "b" + std::to_string(line) + '\n';
  }
  EXPECT_EQ(line_diff(before, after).size(), 24001U);
}

TEST(Report, PatchAppliedToTheOriginalGivesTheResult) {
  const Json patch = Json::parse(report(kOriginal, sample(), ReportFormat::patch));
  EXPECT_EQ(kOriginal.patch(patch), sample().config);
}

TEST(Report, TableNamesWhatWentAndWhatCame) {
  EXPECT_EQ(report(kOriginal, sample(), ReportFormat::table),
            "RULE               FIELD  BEFORE  AFTER  REFERENCE\n"
            "capabilities       /a     -y             CIS 5.4\n"
            "no-new-privileges  /b     -       true   CIS 5.26\n");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Report, TableOnATerminalWrapsToItsWidthAndKeepsEveryCharacter) {
  Plan plan = sample();
  plan.changes[0].before = Json(std::string(300, 'x') + " \u00e4\u00f6\u00fc");
  plan.changes[0].pointer = "/a/" + std::string(90, 'p');
  for (const std::size_t columns : {60U, 80U, 200U}) {
    const std::string table = report(kOriginal, plan, ReportFormat::table, {.columns = columns});
    for (const std::string& line : lines_of(table)) EXPECT_LE(width_of(line), columns) << line;
    EXPECT_EQ(std::count(table.begin(), table.end(), 'x'), 301);
    EXPECT_EQ(std::count(table.begin(), table.end(), 'p'), 92) << "two in `capabilities`";
    EXPECT_NE(table.find("\u00e4\u00f6\u00fc"), std::string::npos);
  }
}

TEST(Report, TableWithoutATerminalTellsALongValueByItsSizeInOneLineForEachChange) {
  Plan plan = sample();
  plan.changes[0].before = Json(std::string(160, 'x'));
  plan.changes[0].after = Json(std::string(5000, 'y'));
  const std::string table = report(kOriginal, plan, ReportFormat::table);
  EXPECT_NE(table.find(std::string(160, 'x')), std::string::npos);
  EXPECT_EQ(table.find("yy"), std::string::npos);
  EXPECT_NE(table.find("  5000 characters  "), std::string::npos) << table;
  EXPECT_EQ(lines_of(table).size(), 3U);
  // Nothing is lost: the other formats, and a terminal, have the whole.
  EXPECT_NE(report(kOriginal, plan, ReportFormat::json).find(std::string(5000, 'y')),
            std::string::npos);
  EXPECT_NE(
      report(kOriginal, plan, ReportFormat::table, {.columns = 6000}).find(std::string(5000, 'y')),
      std::string::npos);
}

TEST(Report, TableEscapesDocuments) {
  Plan plan = sample();
  plan.changes[0].before = Json("\x1b[2J\n");
  const std::string table = report(kOriginal, plan, ReportFormat::table);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_NE(table.find("\\x1b[2J\\x0a"), std::string::npos);
}

std::string row_of(const Json& before, const Json& after) {
  Plan plan;
  plan.changes = {{"r", "/p", before, after, "why", "CIS 5"}};
  return lines_of(report({}, plan, ReportFormat::table)).at(1);
}

TEST(Report, TableNamesMountsByDestinationAndType) {
  const Json mount = Json::parse(R"({"destination":"/var","type":"bind","source":"/x/var"})");
  EXPECT_EQ(row_of(Json(), mount), "r     /p     null    /var (bind)  CIS 5");
  EXPECT_EQ(row_of(Json::array({mount}), Json::array({mount, {{"destination", "/tmp"}}})),
            "r     /p             +/tmp (bind)  CIS 5");
}

TEST(Report, TableNamesTheCallsThatASeccompProfileNoLongerAllows) {
  const Json before =
      Json::parse(R"({"syscalls":[{"names":["read","bpf","socket"],"action":"SCMP_ACT_ALLOW"}]})");
  const Json after = Json::parse(
      R"({"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},
                      {"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0}]},
                      {"names":["clone3"],"action":"SCMP_ACT_ERRNO"}]})");
  EXPECT_EQ(row_of(before, after),
            "r     /p     -bpf -socket  +socket(arguments) +clone3=SCMP_ACT_ERRNO  CIS 5");
}

TEST(Report, TableWithoutATerminalCountsALongList) {
  Json before = {{"syscalls", {{{"names", Json::array()}, {"action", "SCMP_ACT_ALLOW"}}}}};
  Json after = before;
  for (int call = 0; call < 50; ++call) {
    before["syscalls"][0]["names"].push_back("old" + std::to_string(call));
    if (call < 3) after["syscalls"][0]["names"].push_back("new" + std::to_string(call));
  }
  EXPECT_EQ(row_of(before, after), "r     /p     -50 entries  +new0 +new1 +new2  CIS 5");
  EXPECT_EQ(row_of(Json(), before), "r     /p     null    50 entries  CIS 5");
}

TEST(Report, TableListsWhatRulesInReportModeWouldRefuse) {
  Plan plan;
  plan.reported_refusals = {
      {"devices", "/linux/devices/0", "the device /dev/fuse", "CIS 5.18", ""}};
  EXPECT_EQ(lines_of(report({}, plan, ReportFormat::table)).at(1),
            "devices (report)  /linux/devices/0  the device /dev/fuse  refused  CIS 5.18");
}

TEST(Report, WhatNoFieldSaysStandsBesideTheTable) {
  Plan plan = sample();
  plan.mapping = maps_of({1879048192, 65536});
  plan.operations = {{.pointer = "/root/path", .object = "/r", .id_mapped = true}};
  plan.degraded = {{"mounts", "/mounts/0/source", "nfs cannot be id-mapped"}};
  const std::string table = report(kOriginal, plan, ReportFormat::table);
  EXPECT_TRUE(
      table.ends_with("\n\nwithout: mounts: /mounts/0/source: nfs cannot be id-mapped\n"
                      "user namespace: container ids from 0 are the host's from 1879048192, 65536 "
                      "of them\nmount: /root/path: /r, id-mapped\n"))
      << table;
  // dry-run's own are nobody's.
  const IdRange example{1879048192, 65536};
  EXPECT_NE(report(kOriginal, plan, ReportFormat::table, {.example = example})
                .find("65536 of them (an example: each create draws a range that is free)\n"),
            std::string::npos);
  const Json shown = Json::parse(report(kOriginal, plan, ReportFormat::json, {.example = example}));
  EXPECT_TRUE(shown.at("mapping_is_example"));
  const Json json = Json::parse(report(kOriginal, plan, ReportFormat::json));
  EXPECT_FALSE(json.at("mapping_is_example"));
  EXPECT_EQ(json.at("mapping").at("gidMappings"), to_json(plan.mapping->groups));
  EXPECT_EQ(json.at("operations").at(0).at("pointer"), "/root/path");
  EXPECT_EQ(json.at("degraded").at(0).at("rule"), "mounts");
}

TEST(Report, DiffIsColouredOnlyWhenAsked) {
  EXPECT_EQ(report(kOriginal, sample(), ReportFormat::diff).find('\x1b'), std::string::npos);
  EXPECT_NE(report(kOriginal, sample(), ReportFormat::diff, {.colour = Colour::yes})
                .find("\x1b[32m+  \"b\": true\x1b[0m\n"),
            std::string::npos);
}

TEST(Report, DiffNamesTheDocumentAndCutsNothing) {
  Plan plan = sample();
  plan.config["b"] = std::string(3000, 'x');
  const std::string diff =
      report(kOriginal, plan, ReportFormat::diff, {.document = "process document"});
  EXPECT_TRUE(
      diff.starts_with("--- process document as the engine wrote it\n"
                       "+++ process document as the runtime gets it\n@@ "))
      << diff;
  EXPECT_NE(diff.find(std::string(3000, 'x')), std::string::npos);
}

TEST(Report, JsonHoldsEverything) {
  const Json json = Json::parse(report(kOriginal, sample(), ReportFormat::json));
  EXPECT_EQ(json.at("config"), sample().config);
  EXPECT_EQ(json.at("changes").at(1).at("before"), nullptr);
  EXPECT_EQ(json.at("changes").at(0).at("rule"), "capabilities");
}

}  // namespace
}  // namespace hardened
