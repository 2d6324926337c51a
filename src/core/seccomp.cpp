// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/seccomp.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/seccomp_profile.hpp"
#include "core/seccomp_restrictions.hpp"
#include "core/seccomp_tables.hpp"
#include "hardened/core/defaults.hpp"
#include "hardened/core/document.hpp"

namespace hardened {
namespace {

using namespace seccomp;

Json usual_architectures(std::string_view native) {
  if (native == "SCMP_ARCH_X86_64") {
    return Json::array({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"});
  }
  if (native == "SCMP_ARCH_AARCH64") return Json::array({"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"});
  return Json::array({native});
}

// Adds what is not covered yet, and drops what the addition covers.
void unite(Clauses& clauses, Clauses additions) {
  for (Clause& clause : additions) {
    if (std::any_of(clauses.begin(), clauses.end(),
                    [&](const Clause& each) { return inside(clause, each); })) {
      continue;
    }
    std::erase_if(clauses, [&](const Clause& each) { return inside(each, clause); });
    clauses.push_back(std::move(clause));
  }
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

class Tightening {
 public:
  Tightening(const Json& given, const Json& settings, const std::vector<std::string>& capabilities,
             std::string_view native)
      : settings_(settings), native_(native), leaving_(departures(settings, capabilities)) {
    choose_base(given);
    std::uint32_t clone_flags = clone_flags_index(native);
    for (const std::string& name : find_strings(profile_, "/architectures")) {
      clone_flags = std::max(clone_flags, clone_flags_index(name));
    }
    restrictions_ = restrictions(settings, clone_flags);
    for (const Restriction& restriction : restrictions_) {
      for (const std::string_view name : restriction.names) restricted_[name] = &restriction;
    }
  }

  SeccompTightening result() {
    const std::size_t given = entries_.size();
    for (std::size_t index = 0; index < given; ++index) {
      if (entries_[index].allowing) narrow_entry(index);
    }
    for (const Restriction& restriction : restrictions_) answer_changed(restriction);
    answer_departed();
    close_socketcall();
    if (find_boolean(settings_, "/native_only").value_or(false)) keep_native();
    Json calls = Json::array();
    for (Entry& entry : entries_) {
      if (!entry.names.empty() || !entry.emptied) calls.push_back(std::move(entry.json));
    }
    profile_["syscalls"] = std::move(calls);
    return {std::move(profile_), std::move(notes_)};
  }

 private:
  void choose_base(const Json& given) {
    if (!allows_by_default(given)) {
      profile_ = given;
      entries_ = read_entries(given);
    } else {
      replace(given);
    }
    for (const Entry& entry : entries_) {
      for (const std::string& name : entry.names) {
        if (!entry.allowing) unite(denials_[name], entry.clauses);
        if (entry.allowing && entry.clauses == Clauses{Clause{}}) whole_.insert(name);
        if (kills(entry)) killed_.insert(name);
      }
    }
  }

  // An answer of ours reaches calls that the profile never allowed. Where it kills for those, an
  // errno would let the intruder live and try the next.
  bool answerable(const std::string& name) const {
    return !killed_.contains(name) &&
           (default_errno(profile_).has_value() || whole_.contains(name));
  }

  void replace(const Json& given) {
    profile_ = parse_document(default_file("seccomp.json"));
    entries_ = read_entries(profile_);
    if (given.is_null()) {
      profile_["architectures"] = usual_architectures(native_);
      notes_.emplace_back("there was no profile: the shipped one");
      return;
    }
    notes_.emplace_back("the profile allowed by default: the shipped one, less what it denied");
    replaced_ = true;
    for (const auto& [key, value] : given.items()) {
      if (key != "defaultAction" && key != "defaultErrnoRet" && key != "syscalls") {
        profile_[key] = value;
      }
    }
    // What it denied stays denied, with its own answer and not with ours beside it.
    const std::size_t shipped = entries_.size();
    for (Entry& entry : read_entries(given)) {
      if (entry.allowing) continue;
      for (std::size_t index = 0; index < shipped; ++index) {
        if (!entries_[index].allowing) take_names(entries_[index], without(entries_[index], entry));
      }
      entries_.push_back(std::move(entry));
    }
  }

  // The part of `clauses` that is neither refused by a setting nor denied by the profile itself.
  Clauses narrow(const std::string& name, const Clauses& clauses) const {
    Clauses kept = clauses;
    if (const auto found = restricted_.find(name); found != restricted_.end()) {
      kept.clear();
      for (const Clause& clause : clauses) unite(kept, restrict(clause, found->second->allowed));
    }
    // The profile's own denials count from here on: libseccomp tries rewritten clauses in another
    // order, and lets an unconditional one swallow them.
    const auto denied = denials_.find(name);
    if (denied == denials_.end() || (kept == clauses && !replaced_)) return kept;
    for (const Clause& denial : denied->second) {
      Clauses rest;
      for (const Clause& clause : kept) unite(rest, subtract(clause, denial));
      kept = std::move(rest);
    }
    return kept;
  }

  static Clauses restrict(const Clause& clause, const Clauses& allowed) {
    // Narrow enough already; cut with each of the overlapping clauses it would multiply.
    if (std::any_of(allowed.begin(), allowed.end(),
                    [&](const Clause& each) { return inside(clause, each); })) {
      return {clause};
    }
    Clauses parts;
    for (const Clause& each : allowed) unite(parts, intersect(clause, each));
    return parts;
  }

  // Takes out of an allowing entry what must go, and appends what may stay of it.
  void narrow_entry(std::size_t index) {
    std::vector<std::string> unchanged;
    std::vector<std::pair<Clauses, std::vector<std::string>>> narrowed;
    for (const std::string& name : entries_[index].names) {
      if (leaving_.contains(name)) {
        departed_.insert(name);
        continue;
      }
      if (!restricted_.contains(name) && !replaced_) {
        unchanged.push_back(name);
        continue;
      }
      Clauses kept = narrow(name, entries_[index].clauses);
      if (kept == entries_[index].clauses) {
        unchanged.push_back(name);
        continue;
      }
      changed_.insert(name);
      const auto same = std::find_if(narrowed.begin(), narrowed.end(),
                                     [&](const auto& each) { return each.first == kept; });
      if (same == narrowed.end()) {
        narrowed.push_back({std::move(kept), {name}});
      } else {
        same->second.push_back(name);
      }
    }
    for (const auto& [clauses, names] : narrowed) {
      for (const Clause& clause : clauses) {
        entries_.push_back(entry_like(entries_[index], names, clause));
      }
    }
    take_names(entries_[index], std::move(unchanged));
  }

  static std::vector<std::string> without(const Entry& entry, const Entry& other) {
    std::vector<std::string> rest = entry.names;
    std::erase_if(rest, [&](const std::string& name) {
      return std::find(other.names.begin(), other.names.end(), name) != other.names.end();
    });
    return rest;
  }

  static void take_names(Entry& entry, std::vector<std::string> names) {
    if (names == entry.names) return;
    entry.emptied = names.empty();
    rename_entry(entry, std::move(names));
  }

  // What a setting refused is answered with the errno that programs expect.
  void answer_changed(const Restriction& restriction) {
    std::vector<std::string> names;
    for (const std::string_view name : restriction.names) {
      if (changed_.contains(std::string(name))) names.emplace_back(name);
    }
    if (names.empty()) return;
    notes_.emplace_back(restriction.note);
    // libseccomp would repeat the answer for socketcall(2), which is allowed as a whole (EEXIST):
    // the default action answers instead.
    if (!refused(settings_, "socketcall")) std::erase_if(names, is_multiplexed);
    std::erase_if(names, [&](const std::string& name) { return !answerable(name); });
    if (names.empty()) return;
    Clauses answered;
    std::vector<Entry> answers;
    for (const Answer& answer : restriction.answers) {
      if (default_errno(profile_) == answer.number) continue;
      answered.push_back(answer.clause);
      answers.push_back(errno_entry(names, answer.number, answer.clause));
    }
    drop_answered(names, answered);
    std::move(answers.begin(), answers.end(), std::back_inserter(entries_));
  }

  static bool is_multiplexed(const std::string& name) {
    return std::ranges::find(multiplexed_names(), name) != multiplexed_names().end();
  }

  // Two denials of one call with different errnos make libseccomp refuse the second.
  void drop_answered(const std::vector<std::string>& names, const Clauses& answered) {
    for (Entry& entry : entries_) {
      const bool covered =
          std::all_of(entry.clauses.begin(), entry.clauses.end(), [&](const Clause& clause) {
            return std::any_of(answered.begin(), answered.end(),
                               [&](const Clause& each) { return inside(clause, each); });
          });
      if (entry.allowing || !covered) continue;
      std::vector<std::string> rest;
      std::copy_if(entry.names.begin(), entry.names.end(), std::back_inserter(rest),
                   [&](const std::string& name) {
                     return std::find(names.begin(), names.end(), name) == names.end();
                   });
      take_names(entry, std::move(rest));
    }
  }

  void answer_departed() {
    if (departed_.empty()) return;
    notes_.push_back("no longer allowed: " + listed({departed_.begin(), departed_.end()}));
    for (const int number : {kEperm, kEnosys}) {
      if (default_errno(profile_) == number) continue;
      std::vector<std::string> names;
      for (const std::string& name : departed_) {
        if (name == "socketcall" || !answerable(name)) continue;
        if (leaving_.find(name)->second.answer == number) names.push_back(name);
      }
      if (!names.empty()) entries_.push_back(errno_entry(std::move(names), number, {}));
    }
  }

  // For every rule on socket() and the like libseccomp also adds one for the same call through
  // socketcall(2), without the conditions: an allow that lets everything through, or a denial that
  // contradicts it (EEXIST). Only an unconditional rule for socketcall that comes first keeps both
  // away. It must not equal the default action, or the runtimes skip it.
  void close_socketcall() {
    if (!refused(settings_, "socketcall")) return;
    const auto calls = multiplexed_names();
    const auto has = [](const Entry& entry, std::string_view name) {
      return std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end();
    };
    const bool reachable = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.allowing && std::any_of(calls.begin(), calls.end(),
                                           [&](std::string_view name) { return has(entry, name); });
    });
    if (!reachable) return;
    const Entry& first = entries_.front();
    if (denies_always(first, profile_) && has(first, "socketcall")) return;
    entries_.insert(entries_.begin(), refusal_of_socketcall());
    notes_.emplace_back("no socketcall: its arguments cannot be filtered");
  }

  // The profile's own answer where it has one, taken from where it stands.
  Entry refusal_of_socketcall() {
    const std::vector<std::string> call{"socketcall"};
    for (Entry& entry : entries_) {
      const auto named = std::find(entry.names.begin(), entry.names.end(), call.front());
      if (named == entry.names.end() || !denies_always(entry, profile_)) continue;
      Entry refusal = entry_like(entry, call, {});
      std::vector<std::string> rest = entry.names;
      std::erase(rest, call.front());
      take_names(entry, std::move(rest));
      return refusal;
    }
    if (answerable(call.front())) {
      return errno_entry(call, default_errno(profile_) == kEnosys ? kEperm : kEnosys, {});
    }
    const std::string action = find_string(profile_, "/defaultAction").value_or("");
    return action_entry(call, action == std::string_view("SCMP_ACT_KILL_PROCESS")
                                  ? "SCMP_ACT_KILL_THREAD"
                                  : "SCMP_ACT_KILL_PROCESS");
  }

  void keep_native() {
    Json native = Json::array({native_});
    const Json& listed_now = find_array(profile_, "/architectures");
    if (listed_now.empty() || listed_now == native) return;
    profile_["architectures"] = std::move(native);
    notes_.emplace_back("the machine's own architecture only");
  }

  const Json& settings_;
  std::string native_;
  Departures leaving_;
  std::vector<Restriction> restrictions_;
  std::unordered_map<std::string_view, const Restriction*> restricted_;
  Json profile_;
  std::vector<Entry> entries_;
  bool replaced_ = false;  // the given profile by the shipped one
  std::unordered_map<std::string, Clauses> denials_;
  std::set<std::string> whole_;   // allowed whatever the arguments
  std::set<std::string> killed_;  // for some arguments, by the profile itself
  std::set<std::string> departed_;
  std::set<std::string> changed_;
  std::vector<std::string> notes_;
};

}  // namespace

SeccompTightening tighten_seccomp(const Json& given, const Json& settings,
                                  const std::vector<std::string>& capabilities,
                                  std::string_view native) {
  return Tightening(given, settings, capabilities, native).result();
}

}  // namespace hardened
