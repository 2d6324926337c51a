// SPDX-License-Identifier: Apache-2.0
#include "core/cell.hpp"

#include <algorithm>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// A mount by where and what it is: its options have a line of their own where they change.
std::string summary(const Json& value) {
  if (!value.is_object() || !value.contains("destination")) return text_of(value);
  const Json type = value.value("type", Json("bind"));
  return text_of(value.at("destination")) + " (" + text_of(type) + ')';
}

// What a list is made of; of a seccomp profile the names that it answers in another way than by
// default. nullopt: it is no list.
std::optional<std::vector<std::string>> items_of(const Json& value) {
  std::vector<std::string> items;
  if (value.is_array()) {
    for (const Json& item : value) items.push_back(summary(item));
    return items;
  }
  if (!value.is_object() || !value.contains("syscalls")) return std::nullopt;
  for (const Json& entry : find_array(value, "/syscalls")) {
    const bool conditional = !find_array(entry, "/args").empty();
    const std::string action = find_string(entry, "/action").value_or("");
    const bool allows = action == "SCMP_ACT_ALLOW";
    for (const std::string& name : find_strings(entry, "/names")) {
      std::string item = name + (allows ? "" : "=" + action) + (conditional ? "(arguments)" : "");
      if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(item);
    }
  }
  return items;
}

// What it is where there is no room for it: a seccomp profile in one line helps nobody.
std::string size_of(const std::string& text, std::string_view sign, std::size_t items) {
  const std::string characters = std::to_string(width_of(text)) + " characters";
  return items == 0 ? characters : std::string(sign) + std::to_string(items) + " entries";
}

}  // namespace

std::string cell(const std::optional<Json>& value, const std::optional<Json>& other,
                 std::string_view sign, std::size_t longest) {
  if (!value) return "-";
  const auto items = items_of(*value);
  const auto others = items && other ? items_of(*other) : std::nullopt;
  std::string text = items && items->empty() ? "none" : items ? "" : summary(*value);
  std::size_t count = 0;
  for (const std::string& item : items.value_or(std::vector<std::string>{})) {
    if (others && std::find(others->begin(), others->end(), item) != others->end()) continue;
    text += (text.empty() ? "" : " ") + (others ? std::string(sign) : "") + item;
    ++count;
  }
  return text.size() <= longest ? text : size_of(text, others ? sign : "", count);
}

}  // namespace hardened
