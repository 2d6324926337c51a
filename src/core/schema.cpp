// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/policy.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// A keyword that is not understood must not count as satisfied.
[[noreturn]] void broken(const std::string& what) {
  throw Error(ErrorKind::system, "the schema uses " + what + ", which this build cannot check");
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  broken("the type " + type);
}

std::string shown(const Json& value) {
  if (value.is_structured() && !value.empty()) return value.is_array() ? "an array" : "an object";
  return printable(value.dump(), 60);
}

class Checker {
 public:
  explicit Checker(const Json& root) : root_(root) {}

  void check(const Json& value, const Json& schema, const std::string& pointer) const {
    for (const auto& [keyword, rule] : schema.items()) {
      if (keyword == "$ref") {
        check(value, target(rule.get<std::string>()), pointer);
      } else if (keyword == "type") {
        type(value, rule.get<std::string>(), pointer);
      } else if (keyword == "enum") {
        one_of(value, rule, pointer);
      } else if (keyword == "properties") {
        properties(value, rule, pointer);
      } else if (keyword == "additionalProperties") {
        additional(value, rule, schema, pointer);
      } else if (keyword == "required") {
        required(value, rule, pointer);
      } else if (keyword == "items") {
        items(value, rule, pointer);
      } else if (keyword == "minimum" || keyword == "maximum") {
        bound(value, rule, keyword == "minimum", pointer);
      } else if (keyword == "pattern") {
        prefix(value, rule.get<std::string>(), pointer);
      } else if (keyword != "description" && keyword != "title" && keyword != "$schema" &&
                 keyword != "$defs") {
        broken("the keyword " + keyword);
      }
    }
  }

 private:
  [[noreturn]] static void fail(const std::string& pointer, const std::string& text) {
    throw Error(ErrorKind::invalid_input, printable(pointer), text);
  }

  const Json& target(const std::string& reference) const {
    const Json* found =
        reference.starts_with("#/$defs/") ? find(root_, reference.substr(1)) : nullptr;
    if (found == nullptr) broken("the reference " + reference);
    return *found;
  }

  static void type(const Json& value, const std::string& type, const std::string& pointer) {
    if (has_type(value, type)) return;
    const bool vowel = std::string_view("aio").find(type.front()) != std::string_view::npos;
    fail(pointer, (vowel ? "expected an " : "expected a ") + type + ", got " + shown(value));
  }

  static void one_of(const Json& value, const Json& choices, const std::string& pointer) {
    std::vector<std::string_view> words;
    std::string list;
    for (const Json& choice : choices) {
      if (choice == value) return;
      words.push_back(choice.get_ref<const std::string&>());
      list += (list.empty() ? "" : choices.back() == choice ? " or " : ", ") + choice.dump();
    }
    const std::string near =
        value.is_string() ? did_you_mean(value.get_ref<const std::string&>(), words) : "";
    fail(pointer, "expected " + list + ", got " + shown(value) + near);
  }

  void properties(const Json& value, const Json& schemas, const std::string& pointer) const {
    if (!value.is_object()) return;
    for (const auto& [name, schema] : schemas.items()) {
      if (const auto member = value.find(name); member != value.end()) {
        check(*member, schema, join(pointer, name));
      }
    }
  }

  void additional(const Json& value, const Json& rule, const Json& schema,
                  const std::string& pointer) const {
    if (!value.is_object()) return;
    const Json& known = find_object(schema, "/properties");
    for (const auto& [name, member] : value.items()) {
      if (known.contains(name)) continue;
      if (rule.is_object()) {
        check(member, rule, join(pointer, name));
      } else if (!rule.get<bool>()) {
        std::vector<std::string_view> names;
        for (const auto& [key, unused] : known.get_ref<const Json::object_t&>())
          names.push_back(key);
        fail(join(pointer, name), "unknown key" + did_you_mean(name, names));
      }
    }
  }

  static void required(const Json& value, const Json& names, const std::string& pointer) {
    if (!value.is_object()) return;
    for (const Json& name : names) {
      if (!value.contains(name.get<std::string>())) fail(pointer, "lacks the key " + name.dump());
    }
  }

  void items(const Json& value, const Json& schema, const std::string& pointer) const {
    if (!value.is_array()) return;
    for (std::size_t index = 0; index < value.size(); ++index) {
      check(value.at(index), schema, join(pointer, index));
    }
  }

  static void bound(const Json& value, const Json& limit, bool least, const std::string& pointer) {
    if (!value.is_number()) return;
    if (least ? value < limit : limit < value) {
      fail(pointer, (least ? "expected at least " : "expected at most ") + limit.dump() + ", got " +
                        shown(value));
    }
  }

  // Of regular expressions only "^prefix".
  static void prefix(const Json& value, const std::string& pattern, const std::string& pointer) {
    if (!pattern.starts_with('^') ||
        pattern.find_first_of(".*+?()[]{}|\\$", 1) != std::string::npos) {
      broken("the pattern " + pattern);
    }
    if (!value.is_string()) return;
    if (!value.get_ref<const std::string&>().starts_with(pattern.substr(1))) {
      fail(pointer,
           "expected a string that begins with " + pattern.substr(1) + ", got " + shown(value));
    }
  }

  const Json& root_;
};

}  // namespace

void check_schema(const Json& value, const Json& schema) {
  Checker(schema).check(value, schema, "");
}

}  // namespace hardened
