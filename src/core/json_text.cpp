// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/json_text.hpp"

#include <algorithm>
#include <optional>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

// Places in the text, in bytes.
struct Member {
  std::string key;
  std::size_t first;  // of its name's quote
  std::size_t value;
  std::size_t end;  // behind the value
};

struct Object {
  std::size_t open;
  std::size_t end;  // behind the brace
  std::vector<Member> members;

  const Member* find(std::string_view key) const {
    const auto found =
        std::ranges::find_if(members, [&](const Member& member) { return member.key == key; });
    return found == members.end() ? nullptr : &*found;
  }
};

// Walks a text that the parser has already taken: it need not look for errors.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t root() const { return blank(0); }

  Object object(std::size_t open) const {
    Object object{open, 0, {}};
    std::size_t at = blank(open + 1);
    while (text_[at] != '}') {
      const std::size_t key_end = string_end(at);
      const std::size_t value = blank(blank(key_end) + 1);  // over the colon
      const std::size_t end = value_end(value);
      const auto key = Json::parse(text_.substr(at, key_end - at)).get<std::string>();
      object.members.push_back({key, at, value, end});
      at = blank(end);
      if (text_[at] == ',') at = blank(at + 1);
    }
    object.end = at + 1;
    return object;
  }

 private:
  std::size_t blank(std::size_t at) const {
    return std::min(text_.find_first_not_of(kBlank, at), text_.size());
  }
  std::size_t string_end(std::size_t quote) const {
    std::size_t at = quote + 1;
    while (text_[at] != '"') at += text_[at] == '\\' ? 2 : 1;
    return at + 1;
  }
  std::size_t value_end(std::size_t at) const {
    std::size_t depth = 0;
    do {
      const char first = text_[at];
      if (first == '"') {
        at = string_end(at);
        continue;
      }
      if (first == '{' || first == '[') ++depth;
      if (first == '}' || first == ']') --depth;
      ++at;
      if (depth == 0 && first != '}' && first != ']') {
        at = std::min(text_.find_first_of(" \t\r\n,}]", at), text_.size());
      }
    } while (depth > 0);
    return at;
  }

  std::string_view text_;
};

// How the author writes: what a new member is made to look like.
struct Style {
  std::string newline = "\n";
  std::string unit = "  ";  // one level of indentation

  std::string pretty(const Json& value, const std::string& indent) const {
    const std::string plain = value.dump(static_cast<int>(unit.size()), unit[0]);
    std::string text;
    for (const char c : plain) {
      if (c == '\n') {
        text += newline + indent;
      } else {
        text += c;
      }
    }
    return text;
  }
};

// The blanks before `at` where nothing else stands before it on its line.
std::optional<std::string> indent_before(std::string_view text, std::size_t at) {
  const std::size_t end_of_line = text.substr(0, at).rfind('\n');
  if (end_of_line == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(end_of_line + 1, at - end_of_line - 1);
  if (before.find_first_not_of(" \t") != std::string_view::npos) return std::nullopt;
  return std::string(before);
}

Style style_of(std::string_view text, const Object& root) {
  Style style;
  if (text.find("\r\n") != std::string_view::npos) style.newline = "\r\n";
  if (root.members.empty()) return style;
  const auto indent = indent_before(text, root.members.front().first);
  const bool uniform =
      indent && !indent->empty() && indent->find_first_not_of(indent->front()) == std::string::npos;
  if (uniform) style.unit = *indent;
  return style;
}

std::string replaced(std::string_view text, std::size_t first, std::size_t end,
                     std::string_view with) {
  return std::string(text.substr(0, first)).append(with).append(text.substr(end));
}

// `indent`: of the line on which the object begins.
std::string with_new_member(std::string_view text, const Object& object, const Style& style,
                            const std::string& indent, const std::string& key, const Json& value) {
  const std::string name = Json(key).dump();
  if (object.members.empty()) {
    return replaced(text, object.open, object.end,
                    style.pretty(Json::object({{key, value}}), indent));
  }
  const Member& last = object.members.back();
  if (const auto own = indent_before(text, last.first)) {
    const std::string line = style.newline + *own + name + ": " + style.pretty(value, *own);
    return replaced(text, last.end, last.end, "," + line);
  }
  const bool wide = text.substr(object.open + 1, 1).find_first_of(kBlank) == 0 ||
                    text.substr(last.first, last.value - last.first).ends_with(' ');
  return replaced(text, last.end, last.end,
                  (wide ? ", " : ",") + name + (wide ? ": " : ":") + value.dump());
}

// `value` inside as many objects as `path` has names from `from` on.
Json wrapped_in(const MemberPath& path, std::size_t from, Json value) {
  for (std::size_t index = path.size(); index > from; --index) {
    value = Json::object({{path[index - 1], std::move(value)}});
  }
  return value;
}

void refuse_other_than_object(std::string_view text, std::size_t at, const MemberPath& path,
                              std::size_t depth) {
  if (text[at] == '{') return;
  std::string pointer;
  for (std::size_t index = 0; index < depth; ++index) pointer = join(pointer, path[index]);
  throw Error(ErrorKind::invalid_input, pointer, "expected an object");
}

}  // namespace

Json parse_json_text(std::string_view text) {
  if (text.find_first_not_of(kBlank) == std::string_view::npos) return Json::object();
  Json document = parse_document(text);
  if (!document.is_object()) throw Error(ErrorKind::invalid_input, "expected an object");
  return document;
}

std::string with_member(std::string_view text, const MemberPath& path, const Json& value) {
  parse_json_text(text);
  if (text.find_first_not_of(kBlank) == std::string_view::npos) {
    return wrapped_in(path, 0, value).dump(2) + "\n";
  }
  const Scanner scanner(text);
  std::size_t at = scanner.root();
  const Style style = style_of(text, scanner.object(at));
  std::string indent;
  for (std::size_t depth = 0; depth < path.size(); ++depth) {
    refuse_other_than_object(text, at, path, depth);
    const Object object = scanner.object(at);
    const Member* member = object.find(path[depth]);
    const bool last = depth + 1 == path.size();
    if (member == nullptr) {
      return with_new_member(text, object, style, indent, path[depth],
                             wrapped_in(path, depth + 1, value));
    }
    indent = indent_before(text, member->first).value_or(indent);
    // Go reads null as absent.
    if (last || text.substr(member->value, member->end - member->value) == "null") {
      return replaced(text, member->value, member->end,
                      style.pretty(wrapped_in(path, depth + 1, value), indent));
    }
    at = member->value;
  }
  return std::string(text);
}

std::string without_member(std::string_view text, const MemberPath& path) {
  const Json document = parse_json_text(text);
  if (document.empty()) return std::string(text);
  const Scanner scanner(text);
  Object object = scanner.object(scanner.root());
  for (std::size_t depth = 0; depth < path.size(); ++depth) {
    const Member* member = object.find(path[depth]);
    if (member == nullptr) break;
    if (depth + 1 < path.size()) {
      if (text[member->value] != '{') break;
      object = scanner.object(member->value);
      continue;
    }
    if (object.members.size() == 1) return replaced(text, object.open, object.end, "{}");
    const auto index = static_cast<std::size_t>(member - object.members.data());
    if (index == 0) return replaced(text, member->first, object.members[1].first, "");
    return replaced(text, object.members[index - 1].end, member->end, "");
  }
  return std::string(text);
}

}  // namespace hardened
