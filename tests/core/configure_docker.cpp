// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hardened/core/docker_configuration.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/json_text.hpp"

namespace hardened {
namespace {

constexpr std::string_view kPath = "/usr/bin/hardened";

TEST(ConfigureDocker, AnAbsentFileBecomesOneOfItsOwn) {
  const std::string expected = R"({
  "runtimes": {
    "hardened": {
      "path": "/usr/bin/hardened"
    }
  }
}
)";
  EXPECT_EQ(docker_with_runtime("", kPath), expected);
  EXPECT_EQ(docker_with_runtime(" \n", kPath), expected);
}

TEST(ConfigureDocker, OrderUnknownKeysAndIndentationStay) {
  const std::string before =
      "{\n\t\"zebra\": [1, 2],\n\t\"runtimes\": {\n\t\t\"kata\": {\"path\": \"/kata\"}\n\t},\n"
      "\t\"apple\":   {}\n}\n";
  EXPECT_EQ(docker_with_runtime(before, kPath),
            "{\n\t\"zebra\": [1, 2],\n\t\"runtimes\": {\n\t\t\"kata\": {\"path\": \"/kata\"},\n"
            "\t\t\"hardened\": {\n\t\t\t\"path\": \"/usr/bin/hardened\"\n\t\t}\n\t},\n"
            "\t\"apple\":   {}\n}\n");
}

TEST(ConfigureDocker, OneLineStaysOneLine) {
  EXPECT_EQ(docker_with_runtime(R"({ "debug": true })", kPath),
            R"({ "debug": true, "runtimes": {"hardened":{"path":"/usr/bin/hardened"}} })");
  EXPECT_EQ(docker_with_default(R"({"debug":true})", "hardened"),
            R"({"debug":true,"default-runtime":"hardened"})");
}

TEST(ConfigureDocker, LineEndingsOfWindowsStay) {
  EXPECT_EQ(docker_with_default("{\r\n  \"debug\": true\r\n}\r\n", "hardened"),
            "{\r\n  \"debug\": true,\r\n  \"default-runtime\": \"hardened\"\r\n}\r\n");
}

TEST(ConfigureDocker, AnotherPathIsReplacedAndArgumentsStay) {
  EXPECT_EQ(
      docker_with_runtime(
          R"({"runtimes": {"hardened": {"path": "/old", "runtimeArgs": ["--profile", "strict"]}}})",
          kPath),
      R"({"runtimes": {"hardened": {"path": "/usr/bin/hardened", "runtimeArgs": ["--profile", "strict"]}}})");
}

TEST(ConfigureDocker, BracesAndQuotesInsideStringsAreNoStructure) {
  EXPECT_EQ(docker_with_default(R"({"a": "}\"{", "b": {"c": "\\"}})", "hardened"),
            R"({"a": "}\"{", "b": {"c": "\\"}, "default-runtime": "hardened"})");
}

TEST(ConfigureDocker, NullIsAsGoodAsAbsent) {
  EXPECT_EQ(docker_settings(docker_with_runtime(R"({"runtimes": null})", kPath)).hardened_path,
            kPath);
}

TEST(ConfigureDocker, ASecondRunChangesNothing) {
  const std::string once = docker_with_default(docker_with_runtime("{}", kPath), "hardened");
  EXPECT_EQ(docker_with_default(docker_with_runtime(once, kPath), "hardened"), once);
}

TEST(ConfigureDocker, TakenOutItIsTheTextThatItWas) {
  for (const std::string before :
       {"{}", "{\n    \"debug\": true\n}\n", R"({ "debug": true })",
        "{\n  \"runtimes\": {\n    \"kata\": {\n      \"path\": \"/kata\"\n    }\n  }\n}\n"}) {
    EXPECT_EQ(docker_without_runtime(docker_with_runtime(before, kPath), std::nullopt), before);
  }
}

TEST(ConfigureDocker, TheFirstMemberOfSeveralIsTakenOut) {
  EXPECT_EQ(docker_without_runtime(
                R"({"runtimes": {"hardened": {"path": "/x"}, "kata": {"path": "/k"}}})", {}),
            R"({"runtimes": {"kata": {"path": "/k"}}})");
}

TEST(ConfigureDocker, ADefaultThatNamesItGoesBackToOneThatIsThere) {
  const std::string text =
      R"({"default-runtime": "hardened", "runtimes": {"hardened": {"path": "/x"}, "kata": {"path": "/k"}}})";
  EXPECT_EQ(docker_settings(docker_without_runtime(text, std::nullopt)).default_runtime, "runc");
  EXPECT_EQ(docker_settings(docker_without_runtime(text, "kata")).default_runtime, "kata");
  EXPECT_EQ(docker_settings(docker_without_runtime(text, "gone")).default_runtime, "runc");
  EXPECT_EQ(docker_settings(docker_without_runtime(text, "hardened")).default_runtime, "runc");
}

TEST(ConfigureDocker, ADefaultThatNamesItWithoutARuntimeIsSetBackToo) {
  EXPECT_EQ(docker_without_runtime(R"({"default-runtime": "hardened"})", std::nullopt),
            R"({"default-runtime": "runc"})");
}

void expect_refused(std::string_view text, std::string_view message) {
  try {
    docker_with_runtime(text, kPath);
    ADD_FAILURE() << "taken: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
    EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
  }
}

TEST(ConfigureDocker, BrokenJsonIsRefusedWithItsPlace) {
  expect_refused("{\n  \"debug\": true\n  \"x\": 1\n}", "line 3, column 5");
  expect_refused("{\"a\": 1 // why\n}", "line 1, column 9");
  expect_refused("[]", "expected an object");
  expect_refused(R"({"a": 1, "a": 2})", "duplicate key");
  expect_refused(R"({"runtimes": []})", "/runtimes: expected an object");
}

TEST(ConfigureDocker, FlagsThatMayNotStandBesideTheKeys) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(docker_flag_conflict(Words{"dockerd", "--add-runtime", "a=/a"}, false),
            "--add-runtime");
  EXPECT_EQ(docker_flag_conflict(Words{"dockerd", "--add-runtime=a=/a"}, false), "--add-runtime");
  EXPECT_EQ(docker_flag_conflict(Words{"dockerd", "--default-runtime=kata"}, false), std::nullopt);
  EXPECT_EQ(docker_flag_conflict(Words{"dockerd", "--default-runtime=kata"}, true),
            "--default-runtime");
  EXPECT_EQ(docker_flag_conflict(Words{"dockerd", "-H", "fd://"}, true), std::nullopt);
}

TEST(ConfigureDocker, TheFileThatDockerdWasStartedWith) {
  EXPECT_EQ(flag_value({"dockerd", "--config-file", "/a.json"}, "config-file"), "/a.json");
  EXPECT_EQ(flag_value({"dockerd", "--config-file=/a", "--config-file=/b"}, "config-file"), "/b");
  EXPECT_EQ(flag_value({"dockerd", "--config-files=/a"}, "config-file"), std::nullopt);
}

}  // namespace
}  // namespace hardened
