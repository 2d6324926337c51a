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

}  // namespace
}  // namespace hardened
