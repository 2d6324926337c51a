// SPDX-License-Identifier: Apache-2.0
// What the seccomp settings ask for, call by call: names that leave, and argument values that do.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/seccomp_clauses.hpp"
#include "hardened/core/json.hpp"

namespace hardened::seccomp {

// A call that leaves whatever its arguments are.
struct Departure {
  int answer;           // errno
  std::string because;  // "needs CAP_SYS_ADMIN"
};
// By name.
using Departures = std::map<std::string, Departure, std::less<>>;

// A refused part of a call and the errno that it is answered with.
struct Answer {
  Clause clause;
  int number;
};

// Calls that stay for some argument values only.
struct Restriction {
  std::vector<std::string_view> names;
  Clauses allowed;
  std::vector<Answer> answers;  // disjoint from `allowed`
  std::string_view note;
};

// "refuse" unless the setting says "allow"; another word is Error(invalid_input).
bool refused(const Json& settings, std::string_view key);

Departures departures(const Json& settings, const std::vector<std::string>& capabilities);

// `clone_flags`: the index of clone's flags on the profile's architectures.
std::vector<Restriction> restrictions(const Json& settings, std::uint32_t clone_flags);

}  // namespace hardened::seccomp
