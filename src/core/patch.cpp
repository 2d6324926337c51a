// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/patch.hpp"

#include <string>

#include "hardened/core/document.hpp"

namespace hardened {
namespace {

Json operation_of(const Change& change) {
  const char* name = !change.after ? "remove" : change.before ? "replace" : "add";
  Json operation{{"op", name}, {"path", change.pointer}};
  if (change.after) operation["value"] = *change.after;
  operation["rule"] = change.rule;
  if (change.before) operation["before"] = *change.before;
  operation["reason"] = change.reason;
  operation["reference"] = change.reference;
  return operation;
}

// The objects above `pointer` that are not there, outermost first.
std::vector<std::string> missing_parents(const Json& document, const std::string& pointer) {
  std::vector<std::string> missing;
  for (auto parent = Json::json_pointer(pointer).parent_pointer(); !parent.empty();
       parent = parent.parent_pointer()) {
    const Json* found = find(document, parent.to_string());
    if (found != nullptr && !found->is_null()) break;
    missing.insert(missing.begin(), parent.to_string());
  }
  return missing;
}

}  // namespace

Json patch_of(const Json& original, const std::vector<Change>& changes) {
  Json patch = Json::array();
  Json document = original;
  for (const Change& change : changes) {
    Json operations = Json::array();
    for (const std::string& parent : missing_parents(document, change.pointer)) {
      operations.push_back({{"op", "add"}, {"path", parent}, {"value", Json::object()}});
    }
    operations.push_back(operation_of(change));
    document.patch_inplace(operations);
    for (Json& operation : operations) patch.push_back(std::move(operation));
  }
  return patch;
}

Json operations_of(const std::vector<Change>& changes) {
  Json operations = Json::array();
  for (const Change& change : changes) operations.push_back(operation_of(change));
  return operations;
}

}  // namespace hardened
