// SPDX-License-Identifier: Apache-2.0
// Limits as the kernel will have them, and device rules as it asks them: by the last that matches.
#include <algorithm>
#include <charconv>
#include <optional>

#include "findings.hpp"

namespace hardened::property {
namespace {

constexpr Amount kDefaultShares = 1024;

// "100", "64G", "max", "default 100", "8:0 100"; nullopt: only equal to itself.
std::optional<Amount> file_value(const std::string& text) {
  const std::string word = text.substr(text.rfind(' ') + 1);
  if (word == "max") return kUnbounded;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string suffix(end, word.data() + word.size());
  if (suffix.empty()) return static_cast<Amount>(number);
  static constexpr std::string_view kSuffixes = "kmgtpe";
  const std::size_t power =
      kSuffixes.find(static_cast<char>(std::tolower(static_cast<unsigned char>(suffix[0]))));
  if (suffix.size() != 1 || power == std::string_view::npos) return std::nullopt;
  Amount value = static_cast<Amount>(number);
  for (std::size_t times = 0; times <= power; ++times) value *= 1024;
  return value;
}

// Files of which less is stricter; of any other nobody knows, so it must stay. "8:0 100" and
// "default 100" are of different disks.
bool is_less(const std::string& file, const std::string& value, const std::string& than) {
  static const std::set<std::string> kLess{"pids.max",   "memory.max",   "memory.swap.max",
                                           "memory.min", "memory.low",   "cpu.weight",
                                           "io.weight",  "io.bfq.weight"};
  const auto whose = [](const std::string& text) { return text.substr(0, text.rfind(' ') + 1); };
  return kLess.contains(file) && whose(value) == whose(than) && !is_more(value, than);
}

void compare_unified(const Json& before, const Json& after, Findings& findings) {
  const Json& had = object(before, "/unified");
  const Json& now = object(after, "/unified");
  for (const auto& [file, value] : now.items()) {
    if (!had.contains(file)) {
      findings.add("unified " + file, "was added");
    } else if (had.at(file) != value && (!had.at(file).is_string() || !value.is_string() ||
                                         !is_less(file, value, had.at(file)))) {
      findings.add("unified " + file, "was raised or changed");
    }
  }
  for (const auto& [file, value] : had.items()) {
    if (!now.contains(file)) findings.add("unified " + file, "was dropped");
  }
}

void compare_weights(const Json& before, const Json& after, Findings& findings) {
  const auto weight = [&](const Json& had, const Json& now, const std::string& where) {
    for (const char* field : {"/weight", "/leafWeight"}) {
      const Amount was = amount_at(had, field, 0);
      const Amount is = amount_at(now, field, 0);
      if (is != was && !(is > 0 && (is < was || was < 0)))
        findings.add(where, "has another weight");
    }
  };
  weight(object(before, "/blockIO"), object(after, "/blockIO"), "blockIO");
  const Json& disks = list(before, "/blockIO/weightDevice");
  const Json& now = list(after, "/blockIO/weightDevice");
  for (std::size_t index = 0; index < std::min(disks.size(), now.size()); ++index) {
    weight(disks[index], now[index], "blockIO.weightDevice");
  }
}

struct Access {
  char type;
  std::int64_t major, minor;
  char what;
};

// As the runtimes read a rule: a negative number and what is missing stand for any.
struct DeviceRule {
  explicit DeviceRule(const Json& rule)
      : allow(is_true(rule, "/allow")), type(text(rule, "/type")), access(text(rule, "/access")) {
    const auto number = [&](const char* field) {
      const Json* value = find(rule, field);
      return value == nullptr || amount(*value) < 0 ? Amount{-1} : amount(*value);
    };
    major = number("/major");
    minor = number("/minor");
  }

  bool matches(const Access& asked) const {
    return (type.empty() || type == "a" || type[0] == asked.type) &&
           (major < 0 || major == static_cast<Amount>(asked.major)) &&
           (minor < 0 || minor == static_cast<Amount>(asked.minor)) &&
           (access.empty() || access.find(asked.what) != std::string::npos);
  }

  bool allow;
  std::string type, access;
  Amount major = -1, minor = -1;
};
using DeviceRules = std::vector<DeviceRule>;

DeviceRules device_rules(const Json& document) {
  const Json& rules = list(document, "/linux/resources/devices");
  return {rules.begin(), rules.end()};
}

// What no rule speaks of is as its cgroup has it from above: allowed, if nobody denied it.
bool allowed(const DeviceRules& rules, const Access& access) {
  bool now = true;
  for (const DeviceRule& rule : rules) {
    if (rule.matches(access)) now = rule.allow;
  }
  return now;
}

// runc appends these to every document's rules.
bool is_given_to_all(const Access& access) {
  if (access.what == 'm') return true;
  if (access.type != 'c') return false;
  if (access.major == 136) return true;
  static constexpr std::pair<int, int> kNodes[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8},
                                                   {1, 9}, {5, 0}, {5, 1}, {5, 2}};
  return std::any_of(std::begin(kNodes), std::end(kNodes), [&](const auto& node) {
    return node.first == access.major && node.second == access.minor;
  });
}

}  // namespace

bool is_more(const std::string& value, const std::string& than) {
  const auto is = file_value(value);
  const auto was = file_value(than);
  return value != than && (!is || !was || *is > *was);
}

void compare_resources(const Json& before, const Json& after, Findings& findings) {
  for (const char* field : {"/pids/limit", "/memory/limit", "/memory/swap", "/cpu/quota"}) {
    if (limit_at(after, field) > limit_at(before, field)) findings.add(field, "was raised");
  }
  // A protection, not a bound: none is the least, and a negative one is all there is.
  const auto kept = [](const Json& value) {
    const Amount found = amount_at(value, "/memory/reservation", 0);
    return found < 0 ? kUnbounded : found;
  };
  if (kept(after) > kept(before)) findings.add("/memory/reservation", "was raised");
  const auto shares = [](const Json& value) {
    const Amount found = amount_at(value, "/cpu/shares", 0);
    return found == 0 ? kDefaultShares : found;
  };
  if (shares(after) > shares(before)) findings.add("/cpu/shares", "was raised");
  if (is_true(after, "/memory/disableOOMKiller") && !is_true(before, "/memory/disableOOMKiller")) {
    findings.add("/memory/disableOOMKiller", "was set");
  }
  compare_weights(before, after, findings);
  compare_unified(before, after, findings);
}

void compare_devices(const Json& before, const Json& after, Findings& findings) {
  const DeviceRules had = device_rules(before);
  const DeviceRules now = device_rules(after);
  std::set<std::int64_t> numbers{1, 5, 8, 136, 1000};
  for (const DeviceRules* rules : {&had, &now}) {
    for (const DeviceRule& rule : *rules) {
      for (const Amount number : {rule.major, rule.minor}) {
        if (number >= 0 && number < 1e9L) numbers.insert(static_cast<std::int64_t>(number));
      }
    }
  }
  for (const std::int64_t major : numbers) {
    for (const std::int64_t minor : numbers) {
      for (const char type : {'c', 'b'}) {
        for (const char what : {'r', 'w', 'm'}) {
          const Access access{type, major, minor, what};
          if (is_given_to_all(access) || !allowed(now, access) || allowed(had, access)) continue;
          return findings.add("linux.resources.devices", std::string(1, type) + " " +
                                                             std::to_string(major) + ":" +
                                                             std::to_string(minor) + " " + what);
        }
      }
    }
  }
}

}  // namespace hardened::property
