// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/fields.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/secrets.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

enum class Shape { one, array, map };
enum class Type { string, boolean, int32, int64, uint16, uint32, uint64, object, any };

struct Field {
  std::string_view pattern;  // "/mounts/*/options"
  Shape shape;
  Type type;  // of the value, or of each element
};

// Made from defaults/fields.json when the build is configured: nothing is parsed at run time.
constexpr Field kFields[] = {
#include "fields.inc"
};

// The fields as a tree. The file is in depth-first order, so what lies below a field follows it
// directly.
class Tree {
 public:
  static const Tree& instance() {
    static const Tree kTree;
    return kTree;
  }

  // The field called `name` directly below `parent`.
  const Field* child(const Field* parent, std::string_view name) const {
    for (std::size_t at = first(parent); at < end(parent); at = nodes_[at].end) {
      if (nodes_[at].name == name) return &kFields[at];
    }
    return nullptr;
  }

  // The name of the field below `parent` that Go's decoder would take `name` for, if any.
  std::optional<std::string_view> folded_child(const Field* parent, std::string_view name) const {
    const std::string folded = fold(name);
    for (std::size_t at = first(parent); at < end(parent); at = nodes_[at].end) {
      if (nodes_[at].folded == folded) return nodes_[at].name;
    }
    return std::nullopt;
  }

 private:
  struct Node {
    std::string_view name;
    std::string folded;
    std::size_t end;  // of the fields below
  };

  Tree() {
    nodes_.reserve(std::size(kFields));
    for (std::size_t index = 0; index < std::size(kFields); ++index) {
      const std::string_view pattern = kFields[index].pattern;
      const std::string_view name = pattern.substr(pattern.rfind('/') + 1);
      std::size_t next = index + 1;
      while (next < std::size(kFields) && below(kFields[next].pattern, pattern)) ++next;
      nodes_.push_back({name, fold(name), next});
    }
  }

  static bool below(std::string_view pattern, std::string_view parent) {
    return pattern.size() > parent.size() && pattern.starts_with(parent) &&
           pattern[parent.size()] == '/';
  }

  // encoding/json matches names by Unicode simple folding, in which two letters beyond ASCII meet
  // an ASCII one: U+017F (long s) and U+212A (Kelvin sign).
  static std::string fold(std::string_view name) {
    std::string folded;
    for (std::size_t at = 0; at < name.size(); ++at) {
      if (name.substr(at).starts_with("\u017F")) {
        folded += 's';
        at += 1;
      } else if (name.substr(at).starts_with("\u212A")) {
        folded += 'k';
        at += 2;
      } else {
        const char character = name[at];
        folded += character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                       : character;
      }
    }
    return folded;
  }

  std::size_t first(const Field* parent) const { return parent == nullptr ? 0 : index(parent) + 1; }
  std::size_t end(const Field* parent) const {
    return parent == nullptr ? nodes_.size() : nodes_[index(parent)].end;
  }
  static std::size_t index(const Field* field) { return static_cast<std::size_t>(field - kFields); }

  std::vector<Node> nodes_;
};

// Where the walk is; put into words only for an error.
struct Path {
  const Path* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool element = false;

  std::string pointer() const {
    if (parent == nullptr) return "";
    return element ? join(parent->pointer(), index) : join(parent->pointer(), key);
  }
};

struct Range {
  std::int64_t lowest;
  std::uint64_t highest;
};

template <typename Integer>
constexpr Range range_of() {
  return {std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max()};
}

std::optional<Range> range(Type type) {
  switch (type) {
    case Type::int32:
      return range_of<std::int32_t>();
    case Type::int64:
      return range_of<std::int64_t>();
    case Type::uint16:
      return range_of<std::uint16_t>();
    case Type::uint32:
      return range_of<std::uint32_t>();
    case Type::uint64:
      return Range{0, UINT64_MAX};
    default:
      return std::nullopt;
  }
}

bool within(const Json& value, Range range) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= range.highest;
  const auto number = value.get<std::int64_t>();
  return number >= range.lowest &&
         (number < 0 || static_cast<std::uint64_t>(number) <= range.highest);
}

[[noreturn]] void wrong(const Path& path, std::string_view expected, const Json& got) {
  throw Error(ErrorKind::invalid_input, printable(path.pointer()),
              "expected " + std::string(expected) + ", got " + shown(got, path.pointer()));
}

class Checker {
 public:
  explicit Checker(UnlistedFields unlisted) : unlisted_(unlisted) {}

  void members(const Json& object, const Field* field, const Path& path) const {
    if (!object.is_object()) wrong(path, "an object", object);
    for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
      const Path here{&path, key};
      const Field* child = Tree::instance().child(field, key);
      if (child == nullptr) {
        unlisted(field, key, here);
      } else if (!value.is_null()) {  // null is what an absent field is, to Go and to crun
        this->value(value, *child, here);
      }
    }
  }

 private:
  void value(const Json& value, const Field& field, const Path& path) const {
    switch (field.shape) {
      case Shape::one:
        single(value, field, path);
        break;
      case Shape::array:
        if (!value.is_array()) wrong(path, "an array", value);
        // Go reads a null element as an empty one, crun as none.
        for (std::size_t index = 0; index < value.size(); ++index) {
          single(value.at(index), field, {&path, {}, index, true});
        }
        break;
      case Shape::map:
        if (!value.is_object()) wrong(path, "an object", value);
        for (const auto& [key, element] : value.get_ref<const Json::object_t&>()) {
          single(element, field, {&path, key});
        }
        break;
    }
  }

  void single(const Json& value, const Field& field, const Path& path) const {
    if (field.type == Type::object) {
      members(value, &field, path);
    } else if (field.type == Type::string) {
      if (!value.is_string()) wrong(path, "a string", value);
    } else if (field.type == Type::boolean) {
      if (!value.is_boolean()) wrong(path, "a boolean", value);
    } else if (const std::optional<Range> allowed = range(field.type); allowed) {
      if (within(value, *allowed)) return;
      const std::string words = "an integer from " + std::to_string(allowed->lowest) + " to " +
                                std::to_string(allowed->highest);
      wrong(path, words, value);
    }
  }

  void unlisted(const Field* parent, std::string_view key, const Path& path) const {
    // The checked spelling and the one that the runtime reads would be two fields: "Linux" beside
    // "linux".
    if (const auto name = Tree::instance().folded_child(parent, key); name) {
      throw Error(ErrorKind::invalid_input, printable(path.pointer()),
                  "the runtime could read this as \"" + std::string(*name) + '"');
    }
    if (unlisted_ == UnlistedFields::refuse) {
      throw refused({"", path.pointer(), "what is no field of the runtime specification",
                     "runtime-spec config.md#extensibility", "unlisted_fields"});
    }
  }

  UnlistedFields unlisted_;
};

const Field* root_of(DocumentKind kind) {
  const Tree& tree = Tree::instance();
  switch (kind) {
    case DocumentKind::process:
      return tree.child(nullptr, "process");
    case DocumentKind::resources:
      return tree.child(tree.child(nullptr, "linux"), "resources");
    case DocumentKind::config:
      break;
  }
  return nullptr;
}

}  // namespace

void check_fields(const Json& document, DocumentKind kind, UnlistedFields unlisted) {
  Checker(unlisted).members(document, root_of(kind), {});
}

void require_process(const Json& document, DocumentKind kind) {
  if (kind == DocumentKind::resources) return;
  const std::string_view pointer = kind == DocumentKind::config ? "/process" : "";
  if (find(document, pointer) == nullptr) {
    throw Error(ErrorKind::invalid_input, pointer, "missing");
  }
  const std::string args = join(pointer, "args");
  if (find_array(document, args).empty()) throw Error(ErrorKind::invalid_input, args, "missing");
}

}  // namespace hardened
