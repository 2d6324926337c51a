// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/report.hpp"

#include <gtest/gtest.h>

#include "hardened/core/line_diff.hpp"

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
  EXPECT_EQ(text_of(line_diff("", "a\n")), "@@ -1,0 +1,1 @@\n+a\n");
  EXPECT_EQ(text_of(line_diff("1\n2\n3\n4\n5\n6\n7\n", "0\n1\n2\n3\n4\n5\n6\n", 0)),
            "@@ -1,0 +1,1 @@\n+0\n@@ -7,1 +8,0 @@\n-7\n");
}

TEST(Report, PatchAppliedToTheOriginalGivesTheResult) {
  const Json patch = Json::parse(report(kOriginal, sample(), ReportFormat::patch, Colour::no, 80));
  EXPECT_EQ(kOriginal.patch(patch), sample().config);
}

TEST(Report, TableNamesWhatWentAndWhatCame) {
  EXPECT_EQ(report(kOriginal, sample(), ReportFormat::table, Colour::no, 80),
            "RULE               FIELD  BEFORE  AFTER  REFERENCE\n"
            "capabilities       /a     -y             CIS 5.4\n"
            "no-new-privileges  /b     -       true   CIS 5.26\n");
}

TEST(Report, TableKeepsToTheTerminalAndEscapesDocuments) {
  Plan plan = sample();
  plan.changes[0].before = Json("\x1b[2J" + std::string(300, 'x'));
  const std::string table = report(kOriginal, plan, ReportFormat::table, Colour::no, 80);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  for (std::size_t at = 0, end; (end = table.find('\n', at)) != std::string::npos; at = end + 1) {
    EXPECT_LE(end - at, 80U);
  }
}

TEST(Report, WhatNoFieldSaysStandsBesideTheTable) {
  Plan plan = sample();
  plan.mapping = maps_of({1879048192, 65536});
  plan.operations = {{.pointer = "/root/path", .object = "/r", .id_mapped = true}};
  plan.degraded = {{"mounts", "/mounts/0/source", "nfs cannot be id-mapped"}};
  const std::string table = report(kOriginal, plan, ReportFormat::table, Colour::no, 80);
  EXPECT_TRUE(
      table.ends_with("\n\nwithout: mounts: /mounts/0/source: nfs cannot be id-mapped\n"
                      "user namespace: container ids from 0 are the host's from 1879048192, 65536 "
                      "of them\nmount: /root/path: /r, id-mapped\n"))
      << table;
  const Json json = Json::parse(report(kOriginal, plan, ReportFormat::json, Colour::no, 80));
  EXPECT_EQ(json.at("mapping").at("gidMappings"), to_json(plan.mapping->groups));
  EXPECT_EQ(json.at("operations").at(0).at("pointer"), "/root/path");
  EXPECT_EQ(json.at("degraded").at(0).at("rule"), "mounts");
}

TEST(Report, DiffIsColouredOnlyWhenAsked) {
  EXPECT_EQ(report(kOriginal, sample(), ReportFormat::diff, Colour::no, 80).find('\x1b'),
            std::string::npos);
  EXPECT_NE(report(kOriginal, sample(), ReportFormat::diff, Colour::yes, 80)
                .find("\x1b[32m+  \"b\": true\x1b[0m"),
            std::string::npos);
}

TEST(Report, JsonHoldsEverything) {
  const Json json = Json::parse(report(kOriginal, sample(), ReportFormat::json, Colour::no, 80));
  EXPECT_EQ(json.at("config"), sample().config);
  EXPECT_EQ(json.at("changes").at(1).at("before"), nullptr);
  EXPECT_EQ(json.at("changes").at(0).at("rule"), "capabilities");
}

}  // namespace
}  // namespace hardened
