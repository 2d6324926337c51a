// SPDX-License-Identifier: Apache-2.0
// What we accept means to Go's encoding/json, as runc uses it, what it means to us. The texts are
// those of tests/differential/write, each with what Go read: an attacker who finds one that the two
// readers understand differently has shown the rules another container than the runtime's.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "files.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

using Sorted = nlohmann::json;

// Of a text, or of bytes that are none, in hexadecimal.
std::string text_of_vector(const Json& vector) {
  if (vector.contains("text")) return vector.at("text").get<std::string>();
  const std::string digits = vector.at("bytes").get<std::string>();
  std::string text;
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    text += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  }
  return text;
}

bool says_nothing(const Sorted& value) {
  return value.is_null() || value == false || value == "" || value == 0 ||
         (value.is_structured() && value.empty());
}

// Without what Go leaves out when it writes: null, false, 0, and what is empty.
Sorted normal(const Sorted& value) {
  if (!value.is_structured()) return value;
  Sorted kept = value.is_array() ? Sorted::array() : Sorted::object();
  for (const auto& [key, member] : value.items()) {
    Sorted each = normal(member);
    if (value.is_array()) {
      kept.push_back(std::move(each));
    } else if (!says_nothing(each)) {
      kept[key] = std::move(each);
    }
  }
  return kept;
}

// Every member of `part`, under its own name and with its own value.
bool holds(const Sorted& whole, const Sorted& part) {
  if (part.is_array() && whole.is_array() && whole.size() == part.size()) {
    return std::equal(whole.begin(), whole.end(), part.begin(), holds);
  }
  if (!part.is_object() || !whole.is_object()) return whole == part;
  for (const auto& [key, value] : part.items()) {
    if (!whole.contains(key) || !holds(whole.at(key), value)) return false;
  }
  return true;
}

DocumentKind kind_of(const Json& vector) {
  const std::string kind = vector.at("kind").get<std::string>();
  if (kind == "process") return DocumentKind::process;
  return kind == "resources" ? DocumentKind::resources : DocumentKind::config;
}

std::optional<Json> accepted(const Json& vector, UnlistedFields unlisted) {
  try {
    Json document = parse_document(text_of_vector(vector));
    check_fields(document, kind_of(vector), unlisted);
    return document;
  } catch (const Error&) {
    return std::nullopt;
  }
}

class Differential : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    vectors_ = Json::parse(text_of(HARDENED_SOURCE "/tests/differential/vectors.json"));
  }
  static Json vectors_;
};

Json Differential::vectors_;

TEST_F(Differential, WhatWeAcceptMeansTheSameToGo) {
  std::map<std::string, std::size_t> same;
  std::size_t refused_by_go = 0;
  for (const Json& vector : vectors_) {
    const auto ours = accepted(vector, UnlistedFields::refuse);
    if (!ours) continue;
    if (vector.at("go").is_null()) {
      ++refused_by_go;
      continue;
    }
    ++same[vector["kind"]];
    EXPECT_EQ(normal(Sorted::parse(write_document(*ours))),
              normal(Sorted::parse(vector["go"].dump())))
        << vector;
  }
  EXPECT_GT(same["config"], 500U);
  EXPECT_GT(same["process"], 100U);
  EXPECT_GT(same["resources"], 100U);
  EXPECT_LT(refused_by_go, same["config"] / 10);
}

// What nobody listed may stay, where the policy says so: Go finds nothing there that we have not
// under the same name.
TEST_F(Differential, WhatIsKeptUnlistedIsNothingToGo) {
  std::size_t kept = 0;
  for (const Json& vector : vectors_) {
    if (vector.at("go").is_null() || accepted(vector, UnlistedFields::refuse)) continue;
    const auto ours = accepted(vector, UnlistedFields::keep);
    if (!ours) continue;
    ++kept;
    EXPECT_TRUE(holds(normal(Sorted::parse(write_document(*ours))),
                      normal(Sorted::parse(vector["go"].dump()))))
        << vector;
  }
  EXPECT_GT(kept, 100U);
}

TEST_F(Differential, GoReadsWhatWeRefuse) {
  std::size_t only_go = 0;
  for (const Json& vector : vectors_) {
    if (vector.at("go").is_null()) continue;
    if (!accepted(vector, UnlistedFields::refuse)) ++only_go;
  }
  // Duplicates, folded names, lone surrogates, invalid UTF-8, trailing text: the texts are armed.
  EXPECT_GT(only_go, 500U);
}

// To Go null leaves a field as it is without the document: no rule may read 0 or false there.
TEST(Nulls, AreToTheRulesAsIfTheyWereNotThere) {
  const Json given =
      parse_document(text_of(HARDENED_SOURCE "/tests/corpus/config/docker28-default.json"));
  const Profile profile = Policy::builtin().profile("standard");
  Facts facts;
  facts.host.id_range = {1879048192, 65536};
  for (const char* place : {"/process/oomScoreAdj",
                            "/process/noNewPrivileges",
                            "/process/user/umask",
                            "/process/capabilities",
                            "/process/rlimits",
                            "/process/apparmorProfile",
                            "/process/env",
                            "/root/readonly",
                            "/mounts",
                            "/hooks",
                            "/annotations",
                            "/linux/seccomp",
                            "/linux/resources",
                            "/linux/resources/memory",
                            "/linux/resources/memory/limit",
                            "/linux/resources/memory/swap",
                            "/linux/resources/pids",
                            "/linux/resources/pids/limit",
                            "/linux/resources/cpu/shares",
                            "/linux/resources/cpu/quota",
                            "/linux/resources/blockIO/weight",
                            "/linux/resources/devices",
                            "/linux/maskedPaths",
                            "/linux/readonlyPaths",
                            "/linux/sysctl",
                            "/linux/devices",
                            "/linux/cgroupsPath"}) {
    const Json::json_pointer pointer{place};
    Json null = given;
    null[pointer] = nullptr;
    Json absent = null;
    absent.at(pointer.parent_pointer()).erase(pointer.back());
    check_fields(null, DocumentKind::config, UnlistedFields::refuse);
    Json of_null = make_plan(null, profile, facts, "c").config;
    if (of_null.contains(pointer) && of_null.at(pointer).is_null()) {
      of_null.at(pointer.parent_pointer()).erase(pointer.back());
    }
    EXPECT_EQ(Sorted::parse(of_null.dump()),
              Sorted::parse(make_plan(absent, profile, facts, "c").config.dump()))
        << place;
  }
}

}  // namespace
}  // namespace hardened
