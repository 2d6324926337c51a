// SPDX-License-Identifier: Apache-2.0
// Where passwords are handed to containers: env, argv, annotations. What stands there is in no
// error, no log and no audit trail: engines show errors to whoever asks.
#pragma once

#include <string>
#include <string_view>

#include "hardened/core/json.hpp"

namespace hardened {

// Of a config.json or an exec's process document: whether a single value at `pointer` may be one.
bool holds_secret(std::string_view pointer);

// A copy of the value at `pointer` with "(withheld)" for each of those in it.
Json without_secrets(const Json& value, std::string_view pointer);

// A mount option without what follows `password=` and the like of a network's file system.
std::string without_password(const std::string& option);

// For "expected a string, got ...": the value, made printable, or only what kind it is.
std::string shown(const Json& value, std::string_view pointer);

}  // namespace hardened
