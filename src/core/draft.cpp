// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

struct Place {
  std::string parent;
  std::string token;
};

Place split(std::string_view pointer) {
  const Json::json_pointer parsed{std::string(pointer)};
  return {parsed.parent_pointer().to_string(), parsed.back()};
}

// The object or array at `pointer`, its missing parents created as objects.
Json& reach(Json& document, std::string_view pointer) {
  if (pointer.empty()) return document;
  const Place place = split(pointer);
  Json& parent = reach(document, place.parent);
  Json& value = parent.is_array() ? parent.at(Json::json_pointer{join("", place.token)})
                                  : parent[place.token];
  if (value.is_null()) value = Json::object();
  return value;
}

}  // namespace

Draft::Draft(std::string_view rule, std::string_view reference, Json& document, Plan& plan)
    : rule_(rule), reference_(reference), document_(document), plan_(plan) {}

void Draft::set(std::string_view pointer, Json value, std::string_view reason) {
  const Place place = split(pointer);
  Json& parent = reach(document_, place.parent);
  if (parent.is_array() && place.token == "-") {
    insert(place.parent, parent.size(), std::move(value), reason);
    return;
  }
  const Json* before = find(document_, pointer);
  if (before != nullptr && *before == value) return;
  plan_.changes.push_back({rule_, std::string(pointer),
                           before == nullptr ? std::nullopt : std::optional<Json>(*before), value,
                           std::string(reason), reference_});
  if (parent.is_array()) {
    parent.at(std::stoul(place.token)) = std::move(value);
  } else {
    parent[place.token] = std::move(value);
  }
}

void Draft::remove(std::string_view pointer, std::string_view reason) {
  const Json* before = find(document_, pointer);
  if (before == nullptr) return;
  plan_.changes.push_back(
      {rule_, std::string(pointer), *before, std::nullopt, std::string(reason), reference_});
  const Place place = split(pointer);
  Json& parent = reach(document_, place.parent);
  if (parent.is_array()) {
    parent.erase(std::stoul(place.token));
  } else {
    parent.erase(place.token);
  }
}

void Draft::insert(std::string_view pointer, std::size_t index, Json value,
                   std::string_view reason) {
  Json& array = reach(document_, pointer);
  plan_.changes.push_back(
      {rule_, join(pointer, index), std::nullopt, value, std::string(reason), reference_});
  array.insert(array.begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
}

void Draft::refuse(std::string_view pointer, std::string_view asked, std::string_view setting) {
  refuse(pointer, asked, setting, reference_);
}

void Draft::refuse(std::string_view pointer, std::string_view asked, std::string_view setting,
                   std::string_view reference) {
  plan_.refusals.push_back({rule_, std::string(pointer), std::string(asked), std::string(reference),
                            std::string(setting)});
}

void Draft::unverified(std::string_view what) { plan_.unverified.emplace_back(what); }

void Draft::degrade(std::string_view pointer, std::string_view what) {
  plan_.degraded.push_back({rule_, std::string(pointer), std::string(what)});
}

void Draft::map_mounts(IdMaps maps) { plan_.mapping = std::move(maps); }

const std::optional<IdMaps>& Draft::mapping() const { return plan_.mapping; }

}  // namespace hardened
