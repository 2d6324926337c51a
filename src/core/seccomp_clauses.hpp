// SPDX-License-Identifier: Apache-2.0
// Argument conditions of seccomp entries as sets of calls: which lie inside which, what two have in
// common, what remains of one without another. Every answer errs towards fewer calls.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened::seccomp {

enum class Comparison { masked, not_equal, less, less_equal, greater_equal, greater };

// masked: (argument & mask) == value, which includes SCMP_CMP_EQ by a mask of all 64 bits.
// The others compare all 64 bits with `value`.
struct Condition {
  std::uint32_t index = 0;  // of the argument, 0 to 5
  Comparison comparison = Comparison::masked;
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;
  bool operator==(const Condition&) const = default;
};

// All of its conditions hold; at most one condition an argument. Empty: every call.
using Clause = std::vector<Condition>;
// At least one of its clauses holds.
using Clauses = std::vector<Clause>;

// The kernel reads an int: the upper half of the register is whatever the caller put there.
Condition int_equals(std::uint32_t index, std::uint32_t value);
// None of `bits` is set.
Condition bits_clear(std::uint32_t index, std::uint32_t bits);
Condition bits_set(std::uint32_t index, std::uint32_t bits);
// Together they match every int but `values`, which must not be empty: never SCMP_CMP_NE, which an
// upper half of garbage passes.
std::vector<Condition> int_differs(std::uint32_t index, const std::vector<std::uint32_t>& values);

bool inside(const Clause& clause, const Clause& other);
bool disjoint(const Clause& clause, const Clause& other);
Clauses intersect(const Clause& clause, const Clause& other);
Clauses subtract(const Clause& clause, const Clause& other);

// The "args" of the entry at `pointer` as the runtimes translate them: two conditions on one
// argument make every condition an alternative of its own. Throws Error(invalid_input) with a
// pointer.
Clauses read_clauses(const Json& document, std::string_view pointer);
Json write_clause(const Clause& clause);

}  // namespace hardened::seccomp
