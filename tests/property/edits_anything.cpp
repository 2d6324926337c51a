// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "core/files.hpp"
#include "edits.hpp"
#include "hardened/core/document.hpp"
#include "words.hpp"

namespace hardened::property {
namespace {

struct Field {
  std::string pattern;
  std::string type;
};

const std::vector<Field>& fields() {
  static const std::vector<Field> kAll = [] {
    std::vector<Field> all;
    const Json table = document_of(HARDENED_SOURCE "/defaults/fields.json");
    for (const auto& [pattern, field] : table.items()) {
      all.push_back({pattern, field.at("type")});
    }
    return all;
  }();
  return kAll;
}

std::vector<Field> fields_below(std::string_view root) {
  std::vector<Field> found;
  for (const Field& field : fields()) {
    if (field.pattern.starts_with(std::string(root) + "/")) {
      found.push_back({field.pattern.substr(root.size()), field.type});
    }
  }
  return found;
}

// Walks down from the root, each step a decision, so that few bytes lead to a place.
Json* place_in(Json& document, Choices& choices) {
  Json* place = &document;
  while (place->is_structured() && !place->empty() && choices.below(4) != 0) {
    auto member = place->begin();
    std::advance(member, static_cast<std::ptrdiff_t>(choices.below(place->size())));
    place = &*member;
  }
  return place;
}

void erase_one(Json& place, std::size_t index) {
  auto member = place.begin();
  std::advance(member, static_cast<std::ptrdiff_t>(index));
  place.erase(member);
}

std::string other_case(std::string name, Choices& choices) {
  if (name.empty()) return name;
  char& letter = name[choices.below(name.size())];
  letter = static_cast<char>(letter ^ 0x20);
  return name;
}

void edit_object(Json& object, Choices& choices) {
  const std::size_t index = choices.below(object.size());
  auto member = object.begin();
  std::advance(member, static_cast<std::ptrdiff_t>(index));
  switch (choices.below(4)) {
    case 1:
      object[other_case(member.key(), choices)] = Json(*member);
      return;
    case 2:
      *member = any_value(choices);
      return;
    default:
      erase_one(object, index);
  }
}

void edit_array(Json& array, Choices& choices) {
  const std::size_t index = choices.below(array.size());
  switch (choices.below(4)) {
    case 1:
      array.push_back(Json(array[index]));
      return;
    case 2:
      array[index] = any_value(choices);
      return;
    case 3:
      std::swap(array[index], array[choices.below(array.size())]);
      return;
    default:
      erase_one(array, index);
  }
}

}  // namespace

Json& object_at(Json& document, std::string_view pointer) {
  Json* place = &document;
  std::istringstream tokens{std::string(pointer)};
  for (std::string token; std::getline(tokens, token, '/');) {
    if (!place->is_object()) *place = Json::object();
    if (!token.empty()) place = &(*place)[token];
  }
  if (!place->is_object()) *place = Json::object();
  return *place;
}

Json& array_at(Json& document, std::string_view pointer) {
  const std::size_t slash = pointer.rfind('/');
  Json& array =
      object_at(document, pointer.substr(0, slash))[std::string(pointer.substr(slash + 1))];
  if (!array.is_array()) array = Json::array();
  return array;
}

void edit_list(Json& list, Choices& choices, Json (*make)(Choices&)) {
  const std::size_t how = choices.below(6);
  if (list.empty() || how < 3) {
    const std::size_t index = choices.below(list.size() + 1);
    list.insert(list.end() - static_cast<std::ptrdiff_t>(index), make(choices));
  } else if (how == 3) {
    list.erase(choices.below(list.size()));
  } else if (how == 4) {
    list[choices.below(list.size())] = make(choices);
  } else {
    list = Json::array();
  }
}

void edit_anything(Json& document, Choices& choices) {
  Json* place = place_in(document, choices);
  if (choices.one_in(3) && place->is_object()) {
    (*place)["vnd." + word(choices)] = any_value(choices);
  } else if (place->is_object() && !place->empty()) {
    edit_object(*place, choices);
  } else if (place->is_array() && !place->empty()) {
    edit_array(*place, choices);
  } else if (place->is_string()) {
    *place = word(choices);
  } else if (place->is_number()) {
    *place = number(choices);
  } else if (place->is_boolean()) {
    *place = !place->get<bool>();
  } else {
    *place = any_value(choices);
  }
}

void put_field(Json& document, std::string_view root, Choices& choices) {
  static const std::vector<Field> kConfig = fields_below("");
  static const std::vector<Field> kProcess = fields_below("/process");
  static const std::vector<Field> kResources = fields_below("/linux/resources");
  const std::vector<Field>& all = root.empty()         ? kConfig
                                  : root == "/process" ? kProcess
                                                       : kResources;
  const Field& field = choices.one_of(all);
  Json* place = &document;
  std::istringstream tokens(field.pattern.substr(1));
  for (std::string token; std::getline(tokens, token, '/');) {
    if (token == "*" && place->is_array()) {
      if (place->empty()) place->push_back(Json::object());
      place = &(*place)[choices.below(place->size())];
    } else {
      if (!place->is_object()) *place = Json::object();
      place = &(*place)[token == "*" ? word(choices) : token];
    }
  }
  *place = of_type(field.type, choices);
}

}  // namespace hardened::property
