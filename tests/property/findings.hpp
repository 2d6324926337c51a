// SPDX-License-Identifier: Apache-2.0
// What the parts of the order of strength share: a list of findings, and readers of JSON that never
// throw.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"

namespace hardened::property {

class Findings {
 public:
  void add(std::string_view where, std::string_view what) {
    lines_.push_back(std::string(where) + ": " + std::string(what));
  }
  void add_all(std::vector<std::string> lines) {
    lines_.insert(lines_.end(), lines.begin(), lines.end());
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

inline std::string text(const Json& value, std::string_view pointer) {
  const Json* found = find(value, pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

inline bool is_true(const Json& value, std::string_view pointer) {
  const Json* found = find(value, pointer);
  return found != nullptr && *found == true;
}

inline const Json& list(const Json& value, std::string_view pointer) {
  static const Json kNone = Json::array();
  const Json* found = find(value, pointer);
  return found != nullptr && found->is_array() ? *found : kNone;
}

inline const Json& object(const Json& value, std::string_view pointer) {
  static const Json kNone = Json::object();
  const Json* found = find(value, pointer);
  return found != nullptr && found->is_object() ? *found : kNone;
}

inline std::set<std::string> names(const Json& value, std::string_view pointer) {
  std::set<std::string> found;
  for (const Json& element : list(value, pointer)) {
    if (element.is_string()) found.insert(element.get<std::string>());
  }
  return found;
}

// Larger than any integer of JSON, for no bound at all.
using Amount = long double;
constexpr Amount kUnbounded = std::numeric_limits<Amount>::infinity();

inline Amount amount(const Json& value) {
  if (value.is_number_unsigned()) return static_cast<Amount>(value.get<std::uint64_t>());
  return value.is_number_integer() ? static_cast<Amount>(value.get<std::int64_t>()) : 0;
}

inline Amount amount_at(const Json& value, std::string_view pointer, Amount absent) {
  const Json* found = find(value, pointer);
  return found == nullptr ? absent : amount(*found);
}

// As the runtimes read a limit of a cgroup: absent, 0 and negative are none.
inline Amount limit_at(const Json& value, std::string_view pointer) {
  const Amount found = amount_at(value, pointer, 0);
  return found > 0 ? found : kUnbounded;
}

void compare_mounts(const Json& before, const Json& after, const Facts& facts, Findings& findings);
void compare_resources(const Json& before, const Json& after, Findings& findings);
void compare_namespaces(const Json& before, const Json& after, const Facts& facts,
                        Findings& findings);
void compare_devices(const Json& before, const Json& after, Findings& findings);
// Whether a cgroup file of the document is more than another value of it. "max" is no bound.
bool is_more(const std::string& value, const std::string& than);

}  // namespace hardened::property
