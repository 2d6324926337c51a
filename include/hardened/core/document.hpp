// SPDX-License-Identifier: Apache-2.0
// Documents as bytes: a strict parser that refuses whatever two readers could understand
// differently, and accessors that read by JSON pointer. Nothing here knows what a field means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hardened/core/json.hpp"

namespace hardened {

struct ParseLimits {
  std::size_t bytes = 16U << 20;  // config.json of a real engine is about 10 KiB
  std::size_t depth = 64;         // the runtime spec nests 7 deep
  bool comments = false;          // policies may have // and /* */, documents may not
};

// Refuses (invalid_input, with line and column or pointer): trailing bytes, a byte order mark,
// duplicate keys, invalid UTF-8, NUL inside a string (C runtimes stop there, Go does not), numbers
// that cannot be kept exactly, and anything over the limits. The empty document too.
Json parse_document(std::string_view text, const ParseLimits& limits = {});

// Compact, keys in their order, UTF-8 kept.
std::string write_document(const Json& document);

// The value at `pointer`, or nullptr where it or a parent is absent or null: Go reads both alike.
const Json* find(const Json& document, std::string_view pointer);
// What these find lies in the document: one that is gone by the next line cannot be searched.
const Json* find(const Json&& document, std::string_view pointer) = delete;

// Typed readers: absent is nullopt or empty; another type is Error(invalid_input) with the pointer.
std::optional<std::string> find_string(const Json& document, std::string_view pointer);
std::optional<std::int64_t> find_integer(const Json& document, std::string_view pointer);
std::optional<bool> find_boolean(const Json& document, std::string_view pointer);
std::vector<std::string> find_strings(const Json& document, std::string_view pointer);
// An empty array where absent.
const Json& find_array(const Json& document, std::string_view pointer);
const Json& find_array(const Json&& document, std::string_view pointer) = delete;
// An empty object where absent.
const Json& find_object(const Json& document, std::string_view pointer);
const Json& find_object(const Json&& document, std::string_view pointer) = delete;

// "/mounts", 3, "options" -> "/mounts/3/options"; ~ and / in a token are escaped (RFC 6901).
std::string join(std::string_view pointer, std::string_view token);
std::string join(std::string_view pointer, std::size_t index);

}  // namespace hardened
