// SPDX-License-Identifier: Apache-2.0
// Every verdict is asked of valijson too: two readers of one schema that must agree.
#include <gtest/gtest.h>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "hardened/core/defaults.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

Json policy_schema() { return parse_document(default_file("policy.schema.json")); }

bool valijson_accepts(const Json& value, const Json& schema) {
  const auto plain_schema = nlohmann::json::parse(schema.dump());
  const auto plain_value = nlohmann::json::parse(value.dump());
  valijson::Schema parsed;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(plain_schema), parsed);
  valijson::Validator validator;
  return validator.validate(parsed, valijson::adapters::NlohmannJsonAdapter(plain_value), nullptr);
}

void expect_fits(const Json& value, const Json& schema = policy_schema()) {
  EXPECT_NO_THROW(check_schema(value, schema));
  EXPECT_TRUE(valijson_accepts(value, schema));
}

void expect_error(const Json& value, const std::string& text,
                  const Json& schema = policy_schema()) {
  EXPECT_FALSE(valijson_accepts(value, schema)) << value.dump();
  try {
    check_schema(value, schema);
    FAIL() << "accepted: " << value.dump();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
    EXPECT_STREQ(error.what(), text.c_str());
    EXPECT_TRUE(text.starts_with(error.pointer()));
  }
}

Json in_rule(const std::string& rule, Json settings) {
  return {{"profiles", {{"standard", {{"rules", {{rule, std::move(settings)}}}}}}}};
}

TEST(Schema, TheBuiltInPolicyAndProfilesFit) {
  expect_fits(Policy::builtin().json());
  expect_fits(Json::object());
}

TEST(Schema, StandardHasEveryRuleAndEverySettingOfTheSchemaAndNoOther) {
  const Json schema = policy_schema();
  const Json standard = parse_document(default_file("profiles/standard.json"));
  const auto names = [](const Json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
  };
  const Json& rules = schema.at("$defs").at("rules").at("properties");
  EXPECT_EQ(names(rules), names(standard.at("rules")));
  for (const auto& [rule, rule_schema] : rules.items()) {
    EXPECT_EQ(names(rule_schema.at("properties")), names(standard.at("rules").at(rule))) << rule;
    EXPECT_EQ(rule_schema.at("additionalProperties"), false) << rule;
  }
}

TEST(Schema, UnknownKeysAreNamedWithTheNearestKnownOne) {
  expect_error({{"defualt_profile", "x"}},
               "/defualt_profile: unknown key; did you mean \"default_profile\"?");
  expect_error(in_rule("capabilites", Json::object()),
               "/profiles/standard/rules/capabilites: unknown key; did you mean \"capabilities\"?");
  expect_error(in_rule("pids-limit", {{"limits", 5}}),
               "/profiles/standard/rules/pids-limit/limits: unknown key; did you mean \"limit\"?");
  expect_error({{"zzzzzzzzzzzzzz", 1}}, "/zzzzzzzzzzzzzz: unknown key");
  expect_error({{"\x1b[2J", 1}}, "/\\x1b[2J: unknown key");
}

TEST(Schema, WrongTypesAreRefusedAtTheirPointer) {
  expect_error(7, "expected an object, got 7");
  expect_error(Json::array(), "expected an object, got []");
  expect_error({{"selectable_profiles", {"a", 7}}},
               "/selectable_profiles/1: expected a string, got 7");
  expect_error({{"selectable_profiles", "a"}},
               "/selectable_profiles: expected an array, got \"a\"");
  expect_error({{"profiles", {{"standard", nullptr}}}},
               "/profiles/standard: expected an object, got null");
  expect_error(in_rule("pids-limit", {{"limit", "1024"}}),
               "/profiles/standard/rules/pids-limit/limit: expected an integer, got \"1024\"");
  expect_error(in_rule("pids-limit", {{"limit", 10.5}}),
               "/profiles/standard/rules/pids-limit/limit: expected an integer, got 10.5");
}

TEST(Schema, ValuesOutsideTheirChoicesOrBoundsAreRefused) {
  expect_error({{"restore", "alow"}},
               "/restore: expected \"refuse\" or \"allow\", got \"alow\"; did you mean \"allow\"?");
  expect_error(in_rule("cpu", {{"mode", "on"}}),
               "/profiles/standard/rules/cpu/mode: expected \"enforce\", \"report\" or \"off\", "
               "got \"on\"; did you mean \"off\"?");
  expect_error(
      in_rule("cpu", {{"mode", true}}),
      "/profiles/standard/rules/cpu/mode: expected \"enforce\", \"report\" or \"off\", got true");
  expect_error(in_rule("pids-limit", {{"limit", -1}}),
               "/profiles/standard/rules/pids-limit/limit: expected at least 1, got -1");
  expect_error(in_rule("memory-limit", {{"host_percent", 101}}),
               "/profiles/standard/rules/memory-limit/host_percent: expected at most 100, got 101");
  expect_error(in_rule("mounts", {{"denied_trees", {"/etc", "usr"}}}),
               "/profiles/standard/rules/mounts/denied_trees/1: "
               "expected a string that begins with /, got \"usr\"");
}

TEST(Schema, ItemsOfAnArrayOfObjectsAreChecked) {
  const auto directories = [](const Json& item) {
    return in_rule("read-only-rootfs", {{"directories", Json::array({item})}});
  };
  const std::string pointer = "/profiles/standard/rules/read-only-rootfs/directories/0";
  expect_fits(directories({{"path", "/x"}, {"noexec", true}}));
  expect_error(directories({{"path", "/x"}}), pointer + ": lacks the key \"noexec\"");
  expect_error(directories({{"path", "x"}, {"noexec", true}}),
               pointer + "/path: expected a string that begins with /, got \"x\"");
  expect_error(directories({{"path", "/x"}, {"noexec", true}, {"exec", 1}}),
               pointer + "/exec: unknown key; did you mean \"noexec\"?");
}

TEST(Schema, PartialLayersFit) {
  expect_fits({{"profiles", {{"mine", {{"extends", "strict"}, {"mode", "report"}}}}}});
  expect_fits(in_rule("seccomp", {{"native_only", true}, {"socket_families", {"AF_UNIX"}}}));
  expect_fits(in_rule("process", {{"oom_score_adj_min", -1000}}));
  expect_fits(in_rule("mounts", {{"allowed_sources", Json::array()}}));
}

TEST(Schema, ASchemaThatCannotBeCheckedIsNoPermission) {
  const std::vector<std::pair<Json, std::string>> schemas{
      {{{"oneOf", Json::array()}}, "the keyword oneOf"},
      {{{"type", "null"}}, "the type null"},
      {{{"$ref", "other.json"}}, "the reference other.json"},
      {{{"$ref", "#/$defs/absent"}}, "the reference #/$defs/absent"},
      {{{"pattern", "^[a-z]+$"}}, "the pattern ^[a-z]+$"}};
  for (const auto& [schema, what] : schemas) {
    try {
      check_schema("x", schema);
      FAIL() << schema.dump();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::system);
      EXPECT_EQ(error.what(), "the schema uses " + what + ", which this build cannot check");
    }
  }
}

}  // namespace
}  // namespace hardened
