// SPDX-License-Identifier: Apache-2.0
// Filters as sets of calls: what runc makes of a profile, asked at the points where the new one
// lets something through.
#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "findings.hpp"
#include "strength.hpp"

namespace hardened::property {
namespace {

using Arguments = std::array<std::uint64_t, 6>;
constexpr std::uint64_t kAllBits = ~std::uint64_t{0};

struct Condition {
  std::size_t index = 0;
  std::uint64_t value = 0;
  std::uint64_t other = 0;
  std::string operation;

  bool holds(const Arguments& arguments) const {
    if (index >= arguments.size()) return true;
    const std::uint64_t argument = arguments[index];
    if (operation == "SCMP_CMP_EQ") return argument == value;
    if (operation == "SCMP_CMP_NE") return argument != value;
    if (operation == "SCMP_CMP_LT") return argument < value;
    if (operation == "SCMP_CMP_LE") return argument <= value;
    if (operation == "SCMP_CMP_GT") return argument > value;
    if (operation == "SCMP_CMP_GE") return argument >= value;
    return (argument & value) == other;
  }
};

struct Entry {
  int reach = 0;
  std::vector<Condition> conditions;

  // Two conditions on one argument become a rule each, so either of all of them is enough.
  bool matches(const Arguments& arguments) const {
    std::set<std::size_t> indices;
    bool all = true;
    bool any = conditions.empty();
    bool twice = false;
    for (const Condition& condition : conditions) {
      twice = twice || !indices.insert(condition.index).second;
      const bool holds = condition.holds(arguments);
      all = all && holds;
      any = any || holds;
    }
    return twice ? any : all;
  }
};

// How far a call gets: its process dies; its thread alone; a signal, which a handler survives; it
// fails, and the caller may try the next; to a tracer or a listener, which may let it; past a line
// in the log; without a word.
constexpr int kThreadKilled = -2;
constexpr int kAllowed = 3;
int reach_of(const std::string& action) {
  static const std::map<std::string, int> kReach{{"SCMP_ACT_KILL", kThreadKilled},
                                                 {"SCMP_ACT_KILL_THREAD", kThreadKilled},
                                                 {"SCMP_ACT_KILL_PROCESS", -3},
                                                 {"SCMP_ACT_TRAP", -1},
                                                 {"SCMP_ACT_ERRNO", 0},
                                                 {"SCMP_ACT_NOTIFY", 1},
                                                 {"SCMP_ACT_TRACE", 1},
                                                 {"SCMP_ACT_LOG", 2}};
  const auto known = kReach.find(action);
  return known == kReach.end() ? kAllowed : known->second;
}

class Filter {
 public:
  explicit Filter(const Json& profile)
      : reach_by_default_(reach_of(text(profile, "/defaultAction"))) {
    for (const Json& given : list(profile, "/syscalls")) {
      Entry entry{reach_of(text(given, "/action")), {}};
      for (const Json& one : list(given, "/args")) {
        entry.conditions.push_back({static_cast<std::size_t>(amount_at(one, "/index", 0)),
                                    static_cast<std::uint64_t>(amount_at(one, "/value", 0)),
                                    static_cast<std::uint64_t>(amount_at(one, "/valueTwo", 0)),
                                    text(one, "/op")});
      }
      for (const std::string& name : names(given, "/names")) calls_[name].push_back(entry);
    }
  }

  bool lets_by_default() const { return reach_by_default_ > 0; }
  const std::map<std::string, std::vector<Entry>>& calls() const { return calls_; }
  const std::vector<Entry>& entries(const std::string& name) const {
    static const std::vector<Entry> kNone;
    const auto found = calls_.find(name);
    return found == calls_.end() ? kNone : found->second;
  }

  // Where entries contradict each other, what could get through; where a call is allowed by
  // default, who would listen to it is not asked.
  int reach(const std::string& name, const Arguments& arguments) const {
    std::optional<int> farthest;
    for (const Entry& entry : entries(name)) {
      if (!entry.matches(arguments) || (lets_by_default() && entry.reach > 0)) continue;
      farthest = std::max(farthest.value_or(entry.reach), entry.reach);
    }
    return farthest.value_or(lets_by_default() ? kAllowed : reach_by_default_);
  }

 private:
  int reach_by_default_;
  std::map<std::string, std::vector<Entry>> calls_;
};

// A value for which the condition holds.
std::uint64_t satisfying(const Condition& condition, std::uint64_t free_bits) {
  if (condition.operation == "SCMP_CMP_NE" || condition.operation == "SCMP_CMP_GT") {
    return condition.value + 1;
  }
  if (condition.operation == "SCMP_CMP_LT") return condition.value - 1;
  if (condition.operation == "SCMP_CMP_MASKED_EQ") {
    return condition.other | (free_bits & ~condition.value);
  }
  return condition.value;
}

// Calls on both sides of every comparison that either filter makes for this name.
std::vector<Arguments> points(const std::vector<Entry>& before, const std::vector<Entry>& after) {
  std::vector<Arguments> bases{{}, {kAllBits, kAllBits, kAllBits, kAllBits, kAllBits, kAllBits}};
  for (const std::vector<Entry>* entries : {&before, &after}) {
    for (const Entry& entry : *entries) {
      for (const std::uint64_t free_bits : {std::uint64_t{0}, kAllBits}) {
        Arguments point{};
        for (const Condition& condition : entry.conditions) {
          if (condition.index < 6) point[condition.index] = satisfying(condition, free_bits);
        }
        bases.push_back(point);
      }
    }
  }
  std::vector<Arguments> all = bases;
  for (const Entry& entry : before) {
    for (const Condition& condition : entry.conditions) {
      if (condition.index >= 6) continue;
      for (const std::uint64_t value :
           {condition.value, condition.value + 1, condition.value - 1, condition.other,
            condition.value | std::uint64_t{1} << 32}) {
        for (Arguments point : bases) {
          point[condition.index] = value;
          all.push_back(point);
          if (all.size() > 4000) return all;
        }
      }
    }
  }
  return all;
}

void compare_call(const std::string& name, const Filter& before, const Filter& after,
                  Findings& findings) {
  const std::vector<Entry>& had = before.entries(name);
  for (const Entry& entry : had) {
    const bool always = entry.conditions.empty() && entry.reach == kAllowed;
    if (always && !before.lets_by_default()) return;
  }
  for (const Arguments& point : points(had, after.entries(name))) {
    const int reach = after.reach(name, point);
    if (reach <= before.reach(name, point)) continue;
    // No rule may equal the default action, so where that kills the process this kills the thread
    // (docs/threat-model.md).
    if (name == "socketcall" && reach == kThreadKilled) continue;
    std::string call = name + "(";
    for (const std::uint64_t argument : point) call += std::to_string(argument) + ",";
    findings.add("linux.seccomp", call + ") gets farther");
    return;
  }
}

}  // namespace

std::vector<std::string> weaker_filter(const Json* before, const Json* after) {
  Findings findings;
  if (before == nullptr) return {};
  if (after == nullptr) return {"linux.seccomp: was dropped"};
  const Filter had(*before);
  const Filter has(*after);
  if (has.lets_by_default() && !had.lets_by_default()) {
    findings.add("linux.seccomp", "whatever is not named gets through");
  }
  std::set<std::string> calls;
  for (const auto& [name, entries] : had.calls()) calls.insert(name);
  for (const auto& [name, entries] : has.calls()) calls.insert(name);
  for (const std::string& name : calls) compare_call(name, had, has, findings);
  // Of a filter that is replaced as a whole, because it allowed by default, nothing is left.
  static const std::set<std::string> kOwn{"defaultAction", "architectures", "syscalls"};
  for (const auto& [member, value] : before->items()) {
    if (had.lets_by_default() || kOwn.contains(member)) continue;
    const auto now = after->find(member);
    const bool same = now == after->end() ? value.is_null() : *now == value;
    if (!same) findings.add("linux.seccomp", member + " is gone or another");
  }
  // An architecture that is not listed is killed, but for the machine's own, which libseccomp's
  // filter always has.
  const std::set<std::string> known = names(*before, "/architectures");
  for (const std::string& one : names(*after, "/architectures")) {
    if (!known.contains(one) && one != "SCMP_ARCH_X86_64") {
      findings.add("linux.seccomp.architectures", one + " was added");
    }
  }
  if (!known.empty() && list(*after, "/architectures").empty()) {
    findings.add("linux.seccomp.architectures", "were dropped");
  }
  if (!had.lets_by_default() && text(*before, "/defaultAction") != text(*after, "/defaultAction")) {
    findings.add("linux.seccomp.defaultAction", "was changed");
  }
  const std::string default_errno = "/defaultErrnoRet";
  if (!had.lets_by_default() &&
      amount_at(*before, default_errno, 1) != amount_at(*after, default_errno, 1)) {
    findings.add("linux.seccomp.defaultErrnoRet", "was changed");
  }
  for (const char* same : {"/flags", "/listenerPath", "/listenerMetadata"}) {
    const Json* was = find(*before, same);
    const Json* is = find(*after, same);
    if ((was == nullptr) != (is == nullptr) || (was != nullptr && *was != *is)) {
      findings.add(std::string("linux.seccomp") + same, "was changed");
    }
  }
  return findings.take();
}

}  // namespace hardened::property
