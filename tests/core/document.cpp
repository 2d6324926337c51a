// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/document.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "files.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

std::string error_of(std::string_view text, const std::string& pointer = "") {
  try {
    parse_document(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
    EXPECT_EQ(error.pointer(), pointer) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text.substr(0, 100);
  return "";
}

std::string repeated(std::string_view unit, std::size_t times) {
  std::string text;
  for (std::size_t index = 0; index < times; ++index) text += unit;
  return text;
}

TEST(Document, EveryDocumentOfTheCorpusComesOutAsItWentIn) {
  std::size_t documents = 0;
  for (const auto& entry : fs::recursive_directory_iterator(HARDENED_SOURCE "/tests/corpus")) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = text_of(entry);
    // nlohmann's own reader, which keeps key order too, is the reference.
    EXPECT_EQ(write_document(parse_document(text)), Json::parse(text).dump()) << entry;
    EXPECT_EQ(parse_document(write_document(parse_document(text))), Json::parse(text)) << entry;
    ++documents;
  }
  EXPECT_GE(documents, 40U);
}

TEST(Document, ValuesAndTheirOrderAreKept) {
  const std::string text =
      R"({"z":1,"a":{"c":-9223372036854775808,"b":18446744073709551615},"~/":["\u0001é",1.5,null,[],{}]})";
  EXPECT_EQ(write_document(parse_document(text)), text);
}

TEST(Document, DuplicateKeysAreRefusedAtTheirPlace) {
  EXPECT_EQ(error_of(R"({"a":1,"a":1})", "/a"), "/a: duplicate key");
  error_of(R"({"x":[{}, {"a":{"b":1,"c":2,"b":3}}]})", "/x/1/a/b");
  error_of(R"({"a":1,"\u0061":2})", "/a");
  EXPECT_EQ(parse_document(R"([{"a":1},{"a":1}])").size(), 2U);
}

TEST(Document, DepthIsBoundedWithoutUsingTheStack) {
  for (const char* unit : {"[", R"({"a":)"}) {
    EXPECT_EQ(error_of(repeated(unit, 100000)), "nested deeper than 64 levels");
  }
  EXPECT_NO_THROW(parse_document(repeated("[", 64) + repeated("]", 64)));
  error_of(repeated("[", 65) + repeated("]", 65));
}

TEST(Document, SizeIsBounded) {
  EXPECT_EQ(error_of(std::string(64U << 20, ' ')), "larger than 16 MiB");
  EXPECT_EQ(error_of('"' + std::string(16U << 20, 'x') + '"'), "larger than 16 MiB");
}

TEST(Document, WhatIsNoDocumentIsRefused) {
  EXPECT_EQ(error_of(""), "the document is empty");
  EXPECT_EQ(error_of(" \n\t"), "the document is empty");
  EXPECT_EQ(error_of("\xEF\xBB\xBF{}"), "the document begins with a byte order mark");
  for (const char* text :
       {"{",          "[1,",  R"({"a")",  R"({"a":)",  R"({"a":1,})", "[1,]",
        "{} x",       "{}{}", "nul",      "{'a':1}",   "{a:1}",       "// c\n{}",
        "{} /* c */", "NaN",  "Infinity", "+1",        "01",          ".5",
        "1.",         "0x1",  "\"a\nb\"", "\"\\x41\"", "\"\\u12\"",   "\"unfinished"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
  EXPECT_EQ(error_of(std::string_view("{}\0", 3)), "the document holds a NUL byte");
  EXPECT_EQ(error_of(std::string_view("{}\0{", 4)), "the document holds a NUL byte");
}

TEST(Document, TextThatReadersDecodeDifferentlyIsRefused) {
  error_of("\"\xff\"");
  error_of("\"\xc0\x80\"");          // NUL in two bytes
  error_of("\"\xed\xa0\x80\"");      // a surrogate as UTF-8
  error_of("\"\xf4\x90\x80\x80\"");  // beyond U+10FFFF
  error_of("\"\xe2\x82\"");
  error_of(R"("\ud800")");
  error_of(R"("\ud800\u0041")");
  error_of(R"("\udc00")");
  EXPECT_EQ(error_of(R"({"a":"x\u0000y"})", "/a"), "/a: a NUL character inside a string");
  error_of(R"({"b":{"a\u0000":1}})", "/b/a\\x00");
  EXPECT_EQ(parse_document(R"("\ud83d\ude00")"), "\U0001F600");
}

TEST(Document, NumbersThatCannotBeKeptExactlyAreRefused) {
  for (const char* number :
       {"18446744073709551616", "-9223372036854775809", "1e3", "1E2", "1.10", "-0", "-0.00",
        "0.1e1", "123456789012345678901234567890", "0.12345678901234567890"}) {
    EXPECT_EQ(error_of(std::string(R"({"n":[0,)") + number + "]}", "/n/1"),
              std::string("/n/1: the number ") + number + " cannot be kept exactly");
  }
  EXPECT_NE(error_of("[1e400]"), "");
  EXPECT_NE(error_of("[-1e400]"), "");
  for (const char* number : {"0", "-1", "0.5", "1.0", "-2.25", "18446744073709551615"}) {
    EXPECT_EQ(write_document(parse_document(number)), number);
  }
}

TEST(Document, ErrorsQuoteNothingHarmful) {
  const std::string text = error_of("{\"a\": \x1b[2J}");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(error_of("[\"" + std::string(100000, 'x') + "\xff\"]").size(), 400U);
  error_of("{\"\x7f\":{\"a\":1e3}}", "/\\x7f/a");
}

TEST(Document, CommentsAreForPoliciesOnly) {
  const std::string text = "// one\n{\"a\": /* two */ 1}";
  EXPECT_EQ(parse_document(text, {.comments = true}), (Json{{"a", 1}}));
  EXPECT_NE(error_of(text), "");
}

TEST(Document, WritingAStringThatIsNotUtf8IsAnError) {
  EXPECT_THROW(write_document({{"a", "\xff"}}), Error);
}

TEST(Document, FindReadsAbsentAndNullAlike) {
  const Json document = parse_document(R"({"a":[{"b":null,"c/d~e":7}],"~1":"x","s":"t"})");
  EXPECT_EQ(find(document, "/a/0/b"), nullptr);
  EXPECT_EQ(find(document, "/a/1"), nullptr);
  EXPECT_EQ(find(document, "/s/t"), nullptr);
  EXPECT_EQ(*find(document, ""), document);
  EXPECT_EQ(*find(document, join("/a/0", "c/d~e")), 7);
  EXPECT_EQ(find_string(document, join("", "~1")), "x");
  for (const char* index : {"/a/00", "/a/-1", "/a/", "/a/99999999999999999999999", "/a/0x0"}) {
    EXPECT_EQ(find(document, index), nullptr) << index;
  }
}

TEST(Document, TypedReadersRefuseOtherTypesAtTheirPointer) {
  const Json document = parse_document(R"({"a":["x",7],"n":9223372036854775808,"b":"true"})");
  const auto pointer_of = [](const auto& action) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_input);
      return error.pointer();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(pointer_of([&] { find_strings(document, "/a"); }), "/a/1");
  EXPECT_EQ(pointer_of([&] { find_integer(document, "/n"); }), "/n");
  EXPECT_EQ(pointer_of([&] { find_boolean(document, "/b"); }), "/b");
  EXPECT_EQ(pointer_of([&] { find_object(document, "/a"); }), "/a");
  EXPECT_EQ(pointer_of([&] { find_array(document, "/b"); }), "/b");
  EXPECT_EQ(pointer_of([&] { find_string(document, "/a"); }), "/a");
  EXPECT_TRUE(find_array(document, "/absent").empty());
  EXPECT_TRUE(find_object(document, "/absent").is_object());
}

template <typename T>
concept Found = requires(T&& document) {
  find(std::forward<T>(document), "");
};
template <typename T>
concept ArrayFound = requires(T&& document) {
  find_array(std::forward<T>(document), "");
};
template <typename T>
concept ObjectFound = requires(T&& document) {
  find_object(std::forward<T>(document), "");
};
template <typename T>
concept HasSettings = requires(T&& profile) {
  std::forward<T>(profile).settings("");
};

TEST(Document, WhatIsGoneByTheNextLineCannotBeReferredTo) {
  const auto any = [](auto... may) { return (may || ...); };
  EXPECT_FALSE(any(Found<Json>, ArrayFound<Json>, ObjectFound<Json>, HasSettings<Profile>));
  EXPECT_FALSE(any(Found<const Json>, ArrayFound<const Json>, HasSettings<const Profile>));
  EXPECT_TRUE(Found<Json&> && ArrayFound<const Json&> && ObjectFound<const Json&>);
  EXPECT_TRUE(HasSettings<const Profile&>);
}

}  // namespace
}  // namespace hardened
