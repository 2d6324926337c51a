// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/secrets.hpp"

#include <vector>

#include "hardened/core/text.hpp"

namespace hardened {
namespace {

using Path = std::vector<std::string>;  // a pointer's parts, the empty one before the first too

bool holds_secret_at(const Path& path) {
  const auto at = [&](std::size_t index) { return index < path.size() ? path[index] : ""; };
  const auto secret = [](const std::string& name) {
    return name == "env" || name == "args" || name == "commandLine";
  };
  if (at(1) == "annotations") return true;
  if (at(1) == "hooks") return secret(at(4));
  return secret(at(1)) || (at(1) == "process" && secret(at(2)));
}

// Of all below a member of the document; a seccomp profile has thousands of values.
bool holds_none_below(const Path& path) {
  if (path.size() < 2) return false;
  for (const char* name :
       {"annotations", "hooks", "process", "mounts", "env", "args", "commandLine"}) {
    if (path[1] == name) return false;
  }
  return true;
}

void withhold(Json& value, Path& path) {
  if (holds_none_below(path)) return;
  if (value.is_structured()) {
    for (auto& [key, member] : value.items()) {
      path.push_back(key);
      withhold(member, path);
      path.pop_back();
    }
  } else if (holds_secret_at(path)) {
    value = "(withheld)";
  } else if (value.is_string() && path.size() > 4 && path[1] == "mounts" && path[3] == "options") {
    value = without_password(value.get<std::string>());
  }
}

}  // namespace

namespace {

std::string one_without_password(const std::string& option) {
  const std::size_t end = option.find('=');
  if (end == std::string::npos) return option;
  const std::string name = option.substr(0, end);
  std::string lower = name;
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  for (const char* part : {"pass", "secret", "cred", "key", "token"}) {
    if (lower.find(part) != std::string::npos) return name + "=(withheld)";
  }
  return option;
}

}  // namespace

// The runtimes join options by commas, so one may hold several.
std::string without_password(const std::string& option) {
  std::string shown;
  std::string_view comma;
  for (const std::string& one : split(option, ',')) {
    shown.append(comma).append(one_without_password(one));
    comma = ",";
  }
  return shown;
}

bool holds_secret(std::string_view pointer) { return holds_secret_at(split(pointer, '/')); }

Json without_secrets(const Json& value, std::string_view pointer) {
  Json copy = value;
  Path path = split(pointer, '/');
  withhold(copy, path);
  return copy;
}

std::string shown(const Json& value, std::string_view pointer) {
  // A large value would be written out in full only to be cut.
  if (value.is_structured() && !value.empty()) return value.is_array() ? "an array" : "an object";
  if (holds_secret(pointer) && !value.is_structured())
    return value.is_string() ? "a string" : value.is_number() ? "a number" : value.dump();
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
}

}  // namespace hardened
