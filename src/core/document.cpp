// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/document.hpp"

#include <algorithm>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/core/secrets.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// Builds the document event by event, so that what a finished tree no longer shows (a key given
// twice, a number's spelling) is refused while it is still visible.
class StrictReader {
 public:
  explicit StrictReader(const ParseLimits& limits) : limits_(limits) {}

  Json take() { return std::move(root_); }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) {
    // The parser calls this for numbers with a minus sign: -0 would come out as 0.
    if (value == 0) fail("the number -0 cannot be kept exactly");
    return put(value);
  }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string& spelling) {
    // 1e3, 1.10 or 2^70 would come out spelled otherwise, and a reader of integers might differ.
    if (Json(value).dump() != spelling) {
      fail("the number " + printable(spelling, 40) + " cannot be kept exactly");
    }
    return put(value);
  }
  bool string(std::string& value) {
    refuse_nul(value);
    return put(std::move(value));
  }
  bool binary(Json::binary_t&) { fail("unexpected binary value"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool key(std::string& name) {
    open_.back().key = name;
    refuse_nul(name);
    return true;
  }
  bool end_object() {
    refuse_duplicates();
    return close();
  }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..." without its prefix.
    std::string text = error.what();
    if (const auto end = text.find("] "); end != std::string::npos) text.erase(0, end + 2);
    // "...; last read: '"PASSWORD=': an environment's variable, in the engine's log and in ours.
    if (const auto last = text.find("; last read: "); last != std::string::npos) text.erase(last);
    throw Error(ErrorKind::invalid_input, printable(text, 300));
  }

 private:
  struct Open {
    Json value;
    std::string key;  // of the member that is being read
  };

  // Readers disagree on which of two equal keys counts: the checked one must be the used one. By
  // sorting: a hash of known seed could be fed keys that all collide.
  void refuse_duplicates() {
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : open_.back().value.get_ref<const Json::object_t&>()) {
      keys.push_back(key);
    }
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return;
    open_.back().key = *twice;
    fail("duplicate key");
  }

  [[noreturn]] void fail(const std::string& text) const {
    std::string pointer;
    for (const Open& level : open_) {
      pointer =
          level.value.is_array() ? join(pointer, level.value.size()) : join(pointer, level.key);
    }
    throw Error(ErrorKind::invalid_input, printable(pointer), text);
  }
  void refuse_nul(const std::string& value) const {
    if (value.find('\0') != std::string::npos) fail("a NUL character inside a string");
  }
  bool open(Json value) {
    if (open_.size() >= limits_.depth) {
      throw Error(ErrorKind::invalid_input,
                  "nested deeper than " + std::to_string(limits_.depth) + " levels");
    }
    open_.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(value));
  }
  bool put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.is_array()) {
      open_.back().value.push_back(std::move(value));
    } else {
      // Append instead of searching, as ordered_map would through every key; it is a public base of
      // the map.
      auto& members = open_.back().value.get_ref<Json::object_t&>();
      static_cast<std::vector<std::pair<const std::string, Json>>&>(members).emplace_back(
          std::move(open_.back().key), std::move(value));
    }
    return true;
  }

  const ParseLimits& limits_;
  Json root_;
  std::vector<Open> open_;
};

[[noreturn]] void wrong_type(std::string_view pointer, std::string_view expected, const Json& got) {
  throw Error(ErrorKind::invalid_input, pointer,
              "expected " + std::string(expected) + ", got " + shown(got, pointer));
}

}  // namespace

Json parse_document(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes) {
    throw Error(ErrorKind::invalid_input,
                "larger than " + std::to_string(limits.bytes >> 20) + " MiB");
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    throw Error(ErrorKind::invalid_input, "the document is empty");
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    throw Error(ErrorKind::invalid_input, "the document begins with a byte order mark");
  }
  // nlohmann's lexer takes a NUL for the end of the input: what follows it would be read by others
  // only.
  if (text.find('\0') != std::string_view::npos) {
    throw Error(ErrorKind::invalid_input, "the document holds a NUL byte");
  }
  StrictReader reader(limits);
  Json::sax_parse(text, &reader, nlohmann::detail::input_format_t::json, true, limits.comments);
  return reader.take();
}

std::string write_document(const Json& document) {
  try {
    return document.dump();
  } catch (const Json::type_error&) {  // a string that did not come through the parser
    throw Error(ErrorKind::invalid_input, "the document holds a string that is not UTF-8");
  }
}

const Json* find(const Json& document, std::string_view pointer) {
  const Json* value = &document;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string token(pointer.substr(0, end));
    pointer.remove_prefix(end);
    for (std::size_t at = 0; (at = token.find('~', at)) != std::string::npos; ++at) {
      token.replace(at, 2, token.substr(at, 2) == "~1" ? "/" : "~");
    }
    if (value->is_object()) {
      const auto member = value->find(token);
      if (member == value->end()) return nullptr;
      value = &*member;
    } else if (value->is_array()) {
      // 9 digits fit; 01 is no index (RFC 6901).
      if (token.empty() || token.size() > 9 || (token.size() > 1 && token[0] == '0') ||
          token.find_first_not_of("0123456789") != std::string::npos) {
        return nullptr;
      }
      const std::size_t index = std::stoul(token);
      if (index >= value->size()) return nullptr;
      value = &value->at(index);
    } else {
      return nullptr;
    }
  }
  return value->is_null() ? nullptr : value;
}

std::optional<std::string> find_string(const Json& document, std::string_view pointer) {
  const Json* value = find(document, pointer);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) wrong_type(pointer, "a string", *value);
  return value->get<std::string>();
}

std::optional<std::int64_t> find_integer(const Json& document, std::string_view pointer) {
  const Json* value = find(document, pointer);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer() ||
      (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX)) {
    wrong_type(pointer, "an integer of 64 bits", *value);
  }
  return value->get<std::int64_t>();
}

std::optional<bool> find_boolean(const Json& document, std::string_view pointer) {
  const Json* value = find(document, pointer);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) wrong_type(pointer, "a boolean", *value);
  return value->get<bool>();
}

std::vector<std::string> find_strings(const Json& document, std::string_view pointer) {
  std::vector<std::string> strings;
  const Json& array = find_array(document, pointer);
  for (std::size_t index = 0; index < array.size(); ++index) {
    if (!array.at(index).is_string()) wrong_type(join(pointer, index), "a string", array.at(index));
    strings.push_back(array.at(index).get<std::string>());
  }
  return strings;
}

const Json& find_array(const Json& document, std::string_view pointer) {
  static const Json kEmpty = Json::array();
  const Json* value = find(document, pointer);
  if (value == nullptr) return kEmpty;
  if (!value->is_array()) wrong_type(pointer, "an array", *value);
  return *value;
}

const Json& find_object(const Json& document, std::string_view pointer) {
  static const Json kEmpty = Json::object();
  const Json* value = find(document, pointer);
  if (value == nullptr) return kEmpty;
  if (!value->is_object()) wrong_type(pointer, "an object", *value);
  return *value;
}

std::string join(std::string_view pointer, std::string_view token) {
  std::string joined(pointer);
  joined += '/';
  for (const char character : token) {
    if (character == '~') {
      joined += "~0";
    } else if (character == '/') {
      joined += "~1";
    } else {
      joined += character;
    }
  }
  return joined;
}

std::string join(std::string_view pointer, std::size_t index) {
  return join(pointer, std::string_view(std::to_string(index)));
}

}  // namespace hardened
