// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/fields.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <sstream>

#include "files.hpp"
#include "hardened/core/defaults.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

Json table() { return parse_document(default_file("fields.json"), {.bytes = 1 << 20}); }

std::optional<Error> error_of(const Json& document, DocumentKind kind = DocumentKind::config,
                              UnlistedFields unlisted = UnlistedFields::keep) {
  try {
    check_fields(document, kind, unlisted);
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

void expect_error(const Json& document, ErrorKind kind, const std::string& pointer,
                  DocumentKind document_kind = DocumentKind::config,
                  UnlistedFields unlisted = UnlistedFields::keep) {
  const std::optional<Error> error = error_of(document, document_kind, unlisted);
  ASSERT_TRUE(error) << "accepted: " << document.dump();
  EXPECT_EQ(error->kind(), kind) << error->what();
  EXPECT_EQ(error->pointer(), pointer) << error->what();
}

bool is_array(const Json& table, const std::string& pattern) {
  return table.at(pattern).at("type").get<std::string>().starts_with("array of ");
}

// A place in a document: "/mounts/*/type" with its value becomes {"mounts": [{"type": value}]} and
// "/mounts/0/type".
struct Place {
  Json document;
  std::string pointer;
};

Place place(const Json& table, const std::string& pattern, Json value) {
  std::vector<std::string> tokens;
  std::istringstream words(pattern.substr(1));
  for (std::string token; std::getline(words, token, '/');) tokens.push_back(token);
  std::string parent = pattern;
  std::string pointer;
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
    parent.resize(parent.rfind('/'));
    std::string name = *token;
    if (name == "*" && is_array(table, parent)) {
      value = Json::array({std::move(value)});
      name = "0";
    } else {
      if (name == "*") name = "any-key";
      value = Json{{name, std::move(value)}};
    }
    pointer.insert(0, "/" + name);
  }
  return {std::move(value), pointer};
}

std::vector<Json> wrong_values(const std::string& type) {
  if (type == "string") return {7, true, 1.5, Json::array(), Json::object()};
  if (type == "boolean") return {0, "true", 1.5, Json::array(), Json::object()};
  if (type == "object") return {7, "x", false, Json::array()};
  std::vector<Json> wrong{"7", true, 1.0, Json::array(), Json::object()};
  if (type == "uint16") wrong.insert(wrong.end(), {-1, 65536});
  if (type == "uint32") wrong.insert(wrong.end(), {-1, 4294967296});
  if (type == "uint64") wrong.insert(wrong.end(), {-1, INT64_MIN});
  if (type == "int32") wrong.insert(wrong.end(), {2147483648, -2147483649});
  if (type == "int64") wrong.insert(wrong.end(), {UINT64_C(9223372036854775808), UINT64_MAX});
  return wrong;
}

TEST(Fields, EveryFieldOfTheSpecificationHasAnEntryAndNoOther) {
  std::set<std::string> specified;
  std::istringstream lines(text_of(HARDENED_SOURCE "/tests/core/spec_fields.txt"));
  for (std::string line; std::getline(lines, line);) specified.insert(line);
  std::set<std::string> listed;
  const Json fields = table();
  for (const auto& [pattern, entry] : fields.items()) listed.insert(pattern);
  EXPECT_GT(specified.size(), 300U);
  EXPECT_EQ(specified, listed);
}

TEST(Fields, EveryFieldHasARuleThatThePolicyKnowsOrAReason) {
  const Json fields = table();
  const Json rules = Policy::builtin().profile("standard").json().at("rules");
  for (const auto& [pattern, entry] : fields.items()) {
    std::string owner = pattern;
    while (!owner.empty() && !fields.at(owner).contains("rule") &&
           !fields.at(owner).contains("free")) {
      owner.resize(owner.rfind('/'));
      if (owner.ends_with("/*")) owner.resize(owner.size() - 2);
    }
    if (owner.empty()) {
      // Only what has fields of its own may leave the answer to them.
      EXPECT_EQ(entry.at("type"), "object") << pattern;
      continue;
    }
    const Json& found = fields.at(owner);
    EXPECT_NE(found.contains("rule"), found.contains("free")) << owner;
    if (found.contains("rule")) {
      EXPECT_TRUE(rules.contains(found.at("rule").get<std::string>())) << owner;
    } else {
      EXPECT_GT(found.at("free").get<std::string>().size(), 10U) << owner;
    }
  }
}

TEST(Fields, TheTableIsInDepthFirstOrder) {
  std::set<std::string> closed;
  std::string previous;
  const Json fields = table();
  for (const auto& [pattern, entry] : fields.items()) {
    EXPECT_TRUE(closed.insert(pattern).second);
    std::string parent = pattern.substr(0, pattern.rfind('/'));
    if (parent.ends_with("/*")) parent.resize(parent.size() - 2);
    EXPECT_TRUE(parent.empty() || previous == parent || previous.starts_with(parent + "/"))
        << pattern;
    previous = pattern;
  }
}

TEST(Fields, AWrongTypeAtAnyListedPointerIsRefusedThere) {
  const Json fields = table();
  std::size_t checked = 0;
  for (const auto& [pattern, entry] : fields.items()) {
    std::string type = entry.at("type");
    const bool array = type.starts_with("array of ");
    const bool map = type.starts_with("map of ");
    if (array || map) type.erase(0, type.find(" of ") + 4);
    if (type == "any") continue;
    std::vector<Json> wrong = wrong_values(type);
    if (array || map) wrong.emplace_back(nullptr);
    for (const Json& value : wrong) {
      const Place at = place(fields, array || map ? pattern + "/*" : pattern, value);
      expect_error(at.document, ErrorKind::invalid_input, at.pointer);
      ++checked;
    }
    if (!array && !map) continue;
    const Json other = array ? Json::object() : Json::array();
    for (const Json& value : {other, Json(7), Json("x")}) {
      const Place at = place(fields, pattern, value);
      expect_error(at.document, ErrorKind::invalid_input, at.pointer);
    }
  }
  EXPECT_GT(checked, 1500U);
}

TEST(Fields, NullIsAnAbsentFieldAtEveryListedPointer) {
  const Json fields = table();
  for (const auto& [pattern, entry] : fields.items()) {
    const Place at = place(fields, pattern, nullptr);
    EXPECT_FALSE(error_of(at.document, DocumentKind::config, UnlistedFields::refuse)) << pattern;
  }
}

TEST(Fields, ANameThatGoFoldsToAListedOneIsRefused) {
  const Json fields = table();
  for (const auto& [pattern, entry] : fields.items()) {
    if (pattern.ends_with("/*")) continue;
    const std::size_t name = pattern.rfind('/') + 1;
    std::string other = pattern;
    for (std::size_t at = name; at < other.size(); ++at) {
      const char c = other[at];
      other[at] =
          static_cast<char>(std::islower(static_cast<unsigned char>(c)) ? std::toupper(c) : c);
    }
    if (other == pattern) continue;
    const Place at = place(fields, other, 7);
    expect_error(at.document, ErrorKind::invalid_input, at.pointer);
  }
  expect_error({{"\u212A", 1}, {"mount\u017F", Json::array()}}, ErrorKind::invalid_input,
               "/mount\u017F");
  expect_error({{"hoo\u212As", 1}}, ErrorKind::invalid_input, "/hoo\u212As");
  expect_error({{"linux", Json::object()}, {"Linux", 1}}, ErrorKind::invalid_input, "/Linux");
}

TEST(Fields, KeysOfMapsAreTheUsersOwn) {
  const Json document{
      {"annotations", {{"Linux", "x"}, {"a", "b"}, {"A", "c"}}},
      {"linux", {{"sysctl", {{"Type", "x"}}}, {"resources", {{"unified", {{"CPU", "1"}}}}}}}};
  EXPECT_FALSE(error_of(document, DocumentKind::config, UnlistedFields::refuse));
}

TEST(Fields, UnlistedFieldsAreKeptOrRefusedAsAsked) {
  const Json document{{"linux", {{"newThing", Json::array({nullptr, {{"Linux", 1}}})}}}};
  EXPECT_FALSE(error_of(document));
  expect_error(document, ErrorKind::refused, "/linux/newThing", DocumentKind::config,
               UnlistedFields::refuse);
}

TEST(Fields, ProcessAndResourcesDocumentsAreSubtrees) {
  expect_error({{"user", {{"uid", "0"}}}}, ErrorKind::invalid_input, "/user/uid",
               DocumentKind::process);
  expect_error({{"Args", Json::array()}}, ErrorKind::invalid_input, "/Args", DocumentKind::process);
  expect_error({{"pids", {{"limit", "-1"}}}}, ErrorKind::invalid_input, "/pids/limit",
               DocumentKind::resources);
  expect_error({{"linux", 1}}, ErrorKind::refused, "/linux", DocumentKind::process,
               UnlistedFields::refuse);
}

TEST(Fields, ADocumentThatIsNoObjectIsRefused) {
  for (const DocumentKind kind :
       {DocumentKind::config, DocumentKind::process, DocumentKind::resources}) {
    for (const Json& document : {Json(), Json(7), Json("x"), Json::array({Json::object()})}) {
      expect_error(document, ErrorKind::invalid_input, "", kind);
    }
  }
}

TEST(Fields, TheMessageNamesWhatIsExpected) {
  EXPECT_STREQ(error_of({{"linux", {{"seccomp", {{"defaultAction", 7}}}}}})->what(),
               "/linux/seccomp/defaultAction: expected a string, got 7");
  EXPECT_STREQ(error_of({{"process", {{"user", {{"uid", -1}}}}}})->what(),
               "/process/user/uid: expected an integer from 0 to 4294967295, got -1");
  EXPECT_STREQ(error_of({{"process", {{"args", {{"\x1b[2J", 1}}}}}})->what(),
               "/process/args: expected an array, got an object");
}

TEST(Fields, EveryDocumentOfTheCorpusPassesWithUnlistedFieldsRefused) {
  const std::vector<std::pair<std::string, DocumentKind>> directories{
      {"config", DocumentKind::config},
      {"process", DocumentKind::process},
      {"resources", DocumentKind::resources}};
  std::size_t documents = 0;
  for (const auto& [name, kind] : directories) {
    for (const auto& entry : fs::directory_iterator(HARDENED_SOURCE "/tests/corpus/" + name)) {
      const auto error = error_of(parse_document(text_of(entry)), kind, UnlistedFields::refuse);
      EXPECT_FALSE(error) << entry << ": " << (error ? error->what() : "");
      ++documents;
    }
  }
  for (const char* file : {"runc-spec.json", "runc-spec-rootless.json", "crun-spec.json"}) {
    const Json spec =
        parse_document(text_of(HARDENED_SOURCE "/tests/corpus/reference/" + std::string(file)));
    EXPECT_FALSE(error_of(spec, DocumentKind::config, UnlistedFields::refuse)) << file;
  }
  EXPECT_GE(documents, 38U);
}

TEST(Fields, WithoutAProcessOrItsArgumentsNothingCanStart) {
  const auto expect = [](const char* text, DocumentKind kind, const std::string& pointer) {
    try {
      require_process(Json::parse(text), kind);
      EXPECT_EQ(pointer, "") << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
      EXPECT_EQ(error.what(), pointer + ": missing");
    }
  };
  expect("{}", DocumentKind::config, "/process");
  expect(R"({"process": null})", DocumentKind::config, "/process");
  expect(R"({"process": {"args": []}})", DocumentKind::config, "/process/args");
  expect(R"({"process": {"args": ["sh"]}})", DocumentKind::config, "");
  expect("{}", DocumentKind::process, "/args");
  expect(R"({"args": ["sh"]})", DocumentKind::process, "");
  expect("{}", DocumentKind::resources, "");
}

TEST(Fields, TimeGrowsWithTheDocumentOnly) {
  const auto seconds = [](std::size_t mounts) {
    Json document{{"mounts", Json::array()}};
    for (std::size_t index = 0; index < mounts; ++index) {
      document.at("mounts").push_back(
          {{"destination", "/x"}, {"options", {"ro", "nosuid"}}, {"y", 1}});
    }
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(error_of(document));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  seconds(100);
  EXPECT_LT(seconds(20000), 60 * seconds(2000) + 0.5);
}

}  // namespace
}  // namespace hardened
