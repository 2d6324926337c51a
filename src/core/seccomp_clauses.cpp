// SPDX-License-Identifier: Apache-2.0
#include "core/seccomp_clauses.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened::seccomp {
namespace {

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};
constexpr std::uint64_t kInt = 0xffffffff;
constexpr std::uint32_t kArguments = 6;

constexpr std::array<std::pair<std::string_view, Comparison>, 5> kOrdered{
    {{"SCMP_CMP_NE", Comparison::not_equal},
     {"SCMP_CMP_LT", Comparison::less},
     {"SCMP_CMP_LE", Comparison::less_equal},
     {"SCMP_CMP_GE", Comparison::greater_equal},
     {"SCMP_CMP_GT", Comparison::greater}}};

bool compare(std::uint64_t argument, const Condition& condition) {
  switch (condition.comparison) {
    case Comparison::masked:
      return (argument & condition.mask) == condition.value;
    case Comparison::not_equal:
      return argument != condition.value;
    case Comparison::less:
      return argument < condition.value;
    case Comparison::less_equal:
      return argument <= condition.value;
    case Comparison::greater_equal:
      return argument >= condition.value;
    case Comparison::greater:
      return argument > condition.value;
  }
  return false;
}

bool is_masked(const Condition& condition) { return condition.comparison == Comparison::masked; }
bool is_point(const Condition& condition) {
  return is_masked(condition) && condition.mask == kAllBits;
}

Condition masked(std::uint32_t index, std::uint64_t mask, std::uint64_t value) {
  return {index, Comparison::masked, mask, value};
}

bool inside(const Condition& one, const Condition& other) {
  if (one == other) return true;
  if (is_point(one)) return compare(one.value, other);
  if (!is_masked(one) || !is_masked(other)) return false;
  return (one.mask & other.mask) == other.mask && (one.value & other.mask) == other.value;
}

bool disjoint(const Condition& one, const Condition& other) {
  if (is_masked(one) && is_masked(other)) {
    const std::uint64_t both = one.mask & other.mask;
    return (one.value & both) != (other.value & both);
  }
  if (is_point(one)) return !compare(one.value, other);
  if (is_point(other)) return !compare(other.value, one);
  return false;
}

std::vector<Condition> intersect_ordered(const Condition& mask, const Condition& ordered) {
  const bool not_equal = ordered.comparison == Comparison::not_equal;
  if (not_equal && (ordered.value & mask.mask) != mask.value) return {mask};
  if ((mask.mask & kInt) == kInt) {
    // One int: exactly that value, if the other condition takes it.
    const Condition point = masked(mask.index, kAllBits, mask.value);
    if (!not_equal && compare(point.value, ordered)) return {point};
    return {};
  }
  std::vector<Condition> parts;
  if (!not_equal) return parts;  // not expressible: fewer calls
  for (std::uint64_t bit = 1; bit < kInt; bit <<= 1) {
    if ((mask.mask & bit) != 0) continue;
    parts.push_back(masked(mask.index, mask.mask | bit, mask.value | (~ordered.value & bit)));
  }
  return parts;
}

std::vector<Condition> intersect(const Condition& one, const Condition& other) {
  if (disjoint(one, other)) return {};
  if (inside(one, other)) return {one};
  if (inside(other, one)) return {other};
  if (is_masked(one) && is_masked(other)) {
    return {masked(one.index, one.mask | other.mask, one.value | other.value)};
  }
  if (is_masked(one)) return intersect_ordered(one, other);
  if (is_masked(other)) return intersect_ordered(other, one);
  return {};
}

std::vector<Condition> negate(const Condition& condition) {
  Condition opposite = condition;
  switch (condition.comparison) {
    case Comparison::masked:
      break;
    case Comparison::not_equal:
      return {masked(condition.index, kAllBits, condition.value)};
    case Comparison::less:
      opposite.comparison = Comparison::greater_equal;
      return {opposite};
    case Comparison::less_equal:
      opposite.comparison = Comparison::greater;
      return {opposite};
    case Comparison::greater_equal:
      opposite.comparison = Comparison::less;
      return {opposite};
    case Comparison::greater:
      opposite.comparison = Comparison::less_equal;
      return {opposite};
  }
  if (is_point(condition)) {
    opposite.comparison = Comparison::not_equal;
    return {opposite};
  }
  std::vector<Condition> parts;
  for (std::uint64_t bit = 1; bit != 0; bit <<= 1) {
    if ((condition.mask & bit) == 0) continue;
    parts.push_back(masked(condition.index, bit, ~condition.value & bit));
  }
  return parts;
}

const Condition* on(const Clause& clause, std::uint32_t index) {
  const auto found = std::find_if(clause.begin(), clause.end(),
                                  [&](const Condition& each) { return each.index == index; });
  return found == clause.end() ? nullptr : &*found;
}

Condition read_condition(const Json& argument, const std::string& pointer) {
  const auto number = [&](std::string_view key, bool required) -> std::uint64_t {
    const Json* value = find(argument, join("", key));
    if (value == nullptr && !required) return 0;
    if (value == nullptr || !value->is_number_integer() ||
        (!value->is_number_unsigned() && value->get<std::int64_t>() < 0)) {
      throw Error(ErrorKind::invalid_input, join(pointer, key), "expected an unsigned integer");
    }
    return value->get<std::uint64_t>();
  };
  Condition condition;
  const std::uint64_t index = number("index", true);
  // runc indexes an array of six by it without a look.
  if (index >= kArguments) {
    throw Error(ErrorKind::invalid_input, join(pointer, "index"), "a syscall has six arguments");
  }
  condition.index = static_cast<std::uint32_t>(index);
  condition.value = number("value", false);
  const std::uint64_t second = number("valueTwo", false);
  const Json* word = find(argument, "/op");
  const std::string operation =
      word != nullptr && word->is_string() ? word->get<std::string>() : std::string();
  if (operation == "SCMP_CMP_EQ") return condition;
  if (operation == "SCMP_CMP_MASKED_EQ") {
    if ((second & ~condition.value) != 0) {
      throw Error(ErrorKind::invalid_input, join(pointer, "valueTwo"),
                  "has bits outside of the mask: matches nothing");
    }
    return masked(condition.index, condition.value, second);
  }
  for (const auto& [name, comparison] : kOrdered) {
    if (name != operation) continue;
    condition.comparison = comparison;
    return condition;
  }
  throw Error(ErrorKind::invalid_input, join(pointer, "op"),
              "no such comparison: \"" + printable(operation, 60) + '"');
}

// Adds cubes of `free` bits that cover everything but `values`, which agree in all other bits.
void cover(std::uint32_t index, std::uint64_t mask, std::uint64_t value, std::uint64_t free,
           const std::vector<std::uint32_t>& values, std::vector<Condition>& cubes) {
  if (values.empty()) {
    cubes.push_back(masked(index, mask, value));
    return;
  }
  if (free == 0) return;
  const std::uint64_t bit = free & (~free + 1);
  for (const std::uint64_t side : {std::uint64_t{0}, bit}) {
    std::vector<std::uint32_t> there;
    std::copy_if(values.begin(), values.end(), std::back_inserter(there),
                 [&](std::uint32_t each) { return (each & bit) == side; });
    cover(index, mask | bit, value | side, free & ~bit, there, cubes);
  }
}

}  // namespace

Condition int_equals(std::uint32_t index, std::uint32_t value) {
  return masked(index, kInt, value);
}

Condition bits_clear(std::uint32_t index, std::uint32_t bits) { return masked(index, bits, 0); }

Condition bits_set(std::uint32_t index, std::uint32_t bits) { return masked(index, bits, bits); }

std::vector<Condition> int_differs(std::uint32_t index, const std::vector<std::uint32_t>& values) {
  std::uint64_t differing = 0;
  for (const std::uint32_t value : values) differing |= value ^ values.front();
  std::vector<Condition> cubes;
  // Whoever differs from all of them in a bit that they share ...
  for (std::uint64_t bit = 1; bit < kInt; bit <<= 1) {
    if ((differing & bit) != 0) continue;
    cubes.push_back(masked(index, bit, ~std::uint64_t{values.front()} & bit));
  }
  // ... or lies between them in the bits that they do not.
  cover(index, 0, 0, differing, values, cubes);
  return cubes;
}

bool inside(const Clause& clause, const Clause& other) {
  return std::all_of(other.begin(), other.end(), [&](const Condition& wanted) {
    const Condition* condition = on(clause, wanted.index);
    return condition != nullptr && inside(*condition, wanted);
  });
}

bool disjoint(const Clause& clause, const Clause& other) {
  return std::any_of(other.begin(), other.end(), [&](const Condition& wanted) {
    const Condition* condition = on(clause, wanted.index);
    return condition != nullptr && disjoint(*condition, wanted);
  });
}

Clauses intersect(const Clause& clause, const Clause& other) {
  Clauses results{clause};
  for (const Condition& wanted : other) {
    const Condition* own = on(clause, wanted.index);
    const std::vector<Condition> parts =
        own == nullptr ? std::vector<Condition>{wanted} : intersect(*own, wanted);
    Clauses narrowed;
    for (const Clause& result : results) {
      for (const Condition& part : parts) {
        Clause next = result;
        std::erase_if(next, [&](const Condition& each) { return each.index == part.index; });
        next.push_back(part);
        narrowed.push_back(std::move(next));
      }
    }
    results = std::move(narrowed);
  }
  for (Clause& result : results) {
    std::sort(result.begin(), result.end(),
              [](const Condition& one, const Condition& two) { return one.index < two.index; });
  }
  return results;
}

Clauses subtract(const Clause& clause, const Clause& other) {
  if (disjoint(clause, other)) return {clause};
  Clauses remaining;
  for (const Condition& condition : other) {
    for (const Condition& part : negate(condition)) {
      for (Clause& each : intersect(clause, {part})) remaining.push_back(std::move(each));
    }
  }
  return remaining;
}

Clauses read_clauses(const Json& document, std::string_view pointer) {
  Clause together;
  Clauses apart;
  bool repeated = false;
  const std::string place = join(pointer, "args");
  const Json& arguments = find_array(document, place);
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const Condition condition = read_condition(arguments.at(index), join(place, index));
    repeated = repeated || on(together, condition.index) != nullptr;
    together.push_back(condition);
    apart.push_back({condition});
  }
  return repeated ? apart : Clauses{together};
}

Json write_clause(const Clause& clause) {
  Json arguments = Json::array();
  for (const Condition& condition : clause) {
    Json argument{{"index", condition.index}, {"value", condition.value}};
    if (is_masked(condition) && !is_point(condition)) {
      argument["value"] = condition.mask;
      argument["valueTwo"] = condition.value;
      argument["op"] = "SCMP_CMP_MASKED_EQ";
    } else if (is_masked(condition)) {
      argument["op"] = "SCMP_CMP_EQ";
    } else {
      const auto name = std::find_if(kOrdered.begin(), kOrdered.end(), [&](const auto& each) {
        return each.second == condition.comparison;
      });
      argument["op"] = name->first;
    }
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

}  // namespace hardened::seccomp
