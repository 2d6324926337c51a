// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/verdict_report.hpp"

#include "hardened/core/json.hpp"
#include "hardened/core/text.hpp"
#include "judge_fixture.hpp"

namespace hardened::judging {
namespace {

// One item of each verdict, so that a test reads like what a user sees.
Judgement judgement(const std::string& name = "web") {
  Judgement one;
  one.container.id = container_id_for_tests();
  one.container.name = name;
  one.container.init = 100;
  one.container.runtime = "/run/runc";
  one.container.processes = {hardened_process()};
  one.items = {
      {"CIS 5.4", "few capabilities", Verdict::fail, {"pid 100 has CAP_SYS_ADMIN"}, "drop it"},
      {"CIS 5.8", "ports", Verdict::not_judged, {"the engine's"}, ""},
      {"CIS 5.12", "rootfs read-only", Verdict::pass, {"ro"}, ""},
      {"CIS 5.18", "devices", Verdict::warn, {"one", "two"}, ""}};
  one.pod_security = {{"baseline", "capabilities", Verdict::fail, {"more"}, ""}};
  one.level = "privileged";
  one.level_ends = "capabilities";
  return one;
}

TEST(VerdictText, SaysWhatFailsWithItsEvidenceAndRemedy) {
  const std::string text = verdict_text({judgement()}, {});
  const std::string id = container_id_for_tests();
  EXPECT_EQ(text, "container " + id +
                      " (web): 1 process, the first is pid 100, kept in /run/runc\n" +
                      "CIS 5.4   FAIL  few capabilities  pid 100 has CAP_SYS_ADMIN [drop it]\n"
                      "CIS 5.12  PASS  rootfs read-only  ro\n"
                      "CIS 5.18  WARN  devices           one; two\n"
                      "not judged, the kernel shows nothing of it: 5.8\n"
                      "Pod Security level: privileged; baseline ends at capabilities\n"
                      "1 FAIL, 1 WARN, 1 PASS, 1 not judged\n");
}

TEST(VerdictText, NoLineIsWiderThanTheTerminal) {
  Judgement one = judgement();
  one.items[0].evidence = {std::string(20, 'a') + ' ' + std::string(20, 'b') + ' ' +
                           std::string(20, 'c')};
  for (const std::size_t columns : {40U, 60U, 80U, 120U}) {
    const std::string text = verdict_text({one}, {.columns = columns});
    for (const std::string& line : split(text, '\n')) {
      EXPECT_LE(line.size(), columns) << line;
    }
    EXPECT_NE(text.find(std::string(20, 'c')), std::string::npos);
  }
}

TEST(VerdictText, ContainersStandSideBySideAndManyInAnOverview) {
  const std::string two = verdict_text({judgement("web"), judgement("runc")}, {});
  EXPECT_TRUE(
      two.starts_with("                            web   runc\n"
                      "CIS 5.4   few capabilities  FAIL  FAIL\n"
                      "CIS 5.8   ports             -     -\n"))
      << two;
  const std::string many = verdict_text(std::vector<Judgement>(5, judgement()), {});
  EXPECT_TRUE(
      many.starts_with("FAIL  web                   1 FAIL, 1 WARN, 1 PASS, 1 not judged; Pod "
                       "Security privileged\n"))
      << many;
  EXPECT_EQ(verdict_text({}, {}), "no container runs here\n");
}

// A container chooses the names of its processes, and an image what a path is called.
TEST(VerdictText, NothingOfAContainerReachesTheTerminalOrAPageAsItIs) {
  const std::string hostile = "\x1b[2J<script>alert(1)</script>\u202e\xff";
  Judgement one = judgement(hostile);
  one.items[0].evidence = {hostile};
  one.container.neighbours = {hostile};
  one.container.runtime = hostile;
  one.level_ends = hostile;
  for (const std::vector<Judgement>& some : {std::vector{one}, std::vector{one, one}}) {
    const std::string text = verdict_text(some, {.columns = 80});
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_EQ(text.find("\u202e"), std::string::npos) << text;
    const std::string page = verdict_html(some, {.host = hostile});
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find('\x1b'), std::string::npos);
    EXPECT_EQ(page.find("\u202e"), std::string::npos);
    EXPECT_NO_THROW(Json::parse(verdict_json(some, {.host = hostile})));
  }
}

TEST(VerdictJson, HasEveryItemWithItsVerdict) {
  const Json json = Json::parse(verdict_json({judgement()}, {.host = "h"}));
  const Json& container = json.at("containers").at(0);
  EXPECT_EQ(container.at("worst"), "FAIL");
  EXPECT_EQ(container.at("pod_security").at("ends_at"), "capabilities");
  std::vector<std::string> verdicts;
  for (const Json& item : container.at("items")) verdicts.push_back(item.at("verdict"));
  EXPECT_EQ(verdicts, (std::vector<std::string>{"FAIL", "not judged", "PASS", "WARN"}));
}

}  // namespace
}  // namespace hardened::judging
