// SPDX-License-Identifier: Apache-2.0
// What we accept means to Go's encoding/json, as runc uses it, what it means to us. The texts are
// those of tests/differential/write, each with what Go read: an attacker who finds one that the two
// readers understand differently has shown the rules another container than the runtime's.
#include <gtest/gtest.h>

#include <algorithm>
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

std::optional<Json> accepted(const std::string& text, UnlistedFields unlisted) {
  try {
    Json document = parse_document(text);
    check_fields(document, DocumentKind::config, unlisted);
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
  std::size_t same = 0, refused_by_go = 0;
  for (const Json& vector : vectors_) {
    const std::string text = text_of_vector(vector);
    const auto ours = accepted(text, UnlistedFields::refuse);
    if (!ours) continue;
    if (vector.at("go").is_null()) {
      ++refused_by_go;
      continue;
    }
    ++same;
    EXPECT_EQ(normal(Sorted::parse(write_document(*ours))),
              normal(Sorted::parse(vector["go"].dump())))
        << text;
  }
  EXPECT_GT(same, 500U);
  EXPECT_LT(refused_by_go, same / 10);
}

// What nobody listed may stay, where the policy says so: Go finds nothing there that we have not
// under the same name.
TEST_F(Differential, WhatIsKeptUnlistedIsNothingToGo) {
  std::size_t kept = 0;
  for (const Json& vector : vectors_) {
    const std::string text = text_of_vector(vector);
    if (vector.at("go").is_null() || accepted(text, UnlistedFields::refuse)) continue;
    if (!accepted(text, UnlistedFields::keep)) continue;
    ++kept;
    EXPECT_TRUE(holds(normal(Sorted::parse(write_document(*accepted(text, UnlistedFields::keep)))),
                      normal(Sorted::parse(vector["go"].dump()))))
        << text << '\n'
        << vector["go"];
  }
  EXPECT_GT(kept, 100U);
}

TEST_F(Differential, GoReadsWhatWeRefuse) {
  std::size_t only_go = 0;
  for (const Json& vector : vectors_) {
    if (vector.at("go").is_null()) continue;
    if (!accepted(text_of_vector(vector), UnlistedFields::refuse)) ++only_go;
  }
  // Duplicates, folded names, lone surrogates, invalid UTF-8, trailing text: the texts are armed.
  EXPECT_GT(only_go, 500U);
}

}  // namespace
}  // namespace hardened
