// SPDX-License-Identifier: Apache-2.0
// The flags of runc 1.1 to 1.5 and crun, as one table: global ones and those of the hardened
// commands. Refuses nothing; a flag that is not here is unknown.
#pragma once

#include <string_view>

#include "hardened/core/rule.hpp"

namespace hardened {

enum class Arity { boolean, value };

struct FlagSpec {
  std::string_view name;
  std::string_view shorthand;  // one letter; a second name where crun has two
  Arity arity;
};

// nullptr: there is no such flag. `name` is without dashes, long or short.
const FlagSpec* find_global_flag(std::string_view name);
const FlagSpec* find_flag(Operation operation, std::string_view name);

}  // namespace hardened
