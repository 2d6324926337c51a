// SPDX-License-Identifier: Apache-2.0
// What generated documents are made of: names, paths, numbers and values, the ordinary first and
// the hostile behind.
#pragma once

#include <string>

#include "choices.hpp"
#include "hardened/core/json.hpp"

namespace hardened::property {

// Of a place inside the container, or of the host; made of parts where none of the known ones is
// chosen.
std::string path(Choices& choices);
std::string capability(Choices& choices);
std::string namespace_type(Choices& choices);
std::string mount_type(Choices& choices);
std::string mount_option(Choices& choices);
std::string system_call(Choices& choices);
std::string unified_file(Choices& choices);
std::string unified_value(Choices& choices);
std::string sysctl_name(Choices& choices);
std::string label(Choices& choices);
// Anything at all, also what no rule was thought out for.
std::string word(Choices& choices);

// Of the whole range that a document can hold, near the bounds more often than not.
Json number(Choices& choices);
Json small_number(Choices& choices);
// Of any type, nested.
Json any_value(Choices& choices, int depth = 0);
// Of a type of defaults/fields.json: "array of string", "map of object", "uint32".
Json of_type(const std::string& type, Choices& choices);

template <typename Make>
Json list_of(Choices& choices, std::size_t most, Make make) {
  Json list = Json::array();
  for (std::size_t left = choices.below(most + 1); left > 0; --left) list.push_back(make(choices));
  return list;
}

}  // namespace hardened::property
