// SPDX-License-Identifier: Apache-2.0
#include "core/seccomp_profile.hpp"

#include <unordered_set>

#include "core/seccomp_tables.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened::seccomp {
namespace {

constexpr std::string_view kPointer = "/linux/seccomp";
constexpr std::string_view kErrno = "SCMP_ACT_ERRNO";

std::optional<int> errno_of(const Json& object, std::string_view action_key,
                            std::string_view errno_key) {
  if (find_string(object, action_key) != kErrno) return std::nullopt;
  return static_cast<int>(find_integer(object, errno_key).value_or(kEperm));
}

// A name given twice would double what is appended for it.
std::vector<std::string> each_once(const std::vector<std::string>& names) {
  std::vector<std::string> kept;
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names) {
    if (seen.insert(name).second) kept.push_back(name);
  }
  return kept;
}

}  // namespace

bool allows(std::string_view action, std::string_view pointer) {
  for (const std::string_view name :
       {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"}) {
    if (action == name) return true;
  }
  for (const std::string_view name : {"SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD",
                                      "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"}) {
    if (action == name) return false;
  }
  throw Error(ErrorKind::invalid_input, pointer,
              "no such action: \"" + printable(action, 60) + '"');
}

bool allows_by_default(const Json& profile) {
  const Json* action = find(profile, "/defaultAction");
  if (action == nullptr || *action == "") return true;
  if (!action->is_string()) {
    throw Error(ErrorKind::invalid_input, "/linux/seccomp/defaultAction",
                "expected a string, got " + printable(action->dump(), 60));
  }
  return allows(action->get<std::string>(), "/linux/seccomp/defaultAction");
}

std::optional<int> default_errno(const Json& profile) {
  return errno_of(profile, "/defaultAction", "/defaultErrnoRet");
}

std::vector<Entry> read_entries(const Json& profile) {
  // The typed readers put the pointer that they were given into their errors, so read from a
  // document in which the profile lies where it does.
  const Json document{{"linux", {{"seccomp", profile}}}};
  std::vector<Entry> entries;
  const std::string calls = std::string(kPointer) + "/syscalls";
  const std::size_t count = find_array(document, calls).size();
  for (std::size_t index = 0; index < count; ++index) {
    const std::string pointer = join(calls, index);
    const Json& json = find_array(document, calls).at(index);
    const std::string action = find_string(document, pointer + "/action").value_or("");
    entries.push_back({json, allows(action, pointer + "/action"),
                       each_once(find_strings(document, pointer + "/names")),
                       read_clauses(document, pointer)});
    find_integer(document, pointer + "/errnoRet");
  }
  return entries;
}

Entry errno_entry(std::vector<std::string> names, int number, const Clause& clause) {
  Json json{{"names", names}, {"action", kErrno}, {"errnoRet", number}};
  if (!clause.empty()) json["args"] = write_clause(clause);
  return {std::move(json), false, std::move(names), {clause}};
}

Entry action_entry(std::vector<std::string> names, std::string_view action) {
  Json json{{"names", names}, {"action", action}};
  return {std::move(json), false, std::move(names), {Clause{}}};
}

Entry entry_like(const Entry& entry, std::vector<std::string> names, const Clause& clause) {
  // Not by copying all of it: an engine's entry has three hundred names.
  Json json = Json::object();
  for (const auto& [key, value] : entry.json.items()) {
    if (key != "args") json[key] = key == "names" ? Json(names) : value;
    if (key == "args" && !clause.empty()) json[key] = write_clause(clause);
  }
  if (!clause.empty() && !json.contains("args")) json["args"] = write_clause(clause);
  return {std::move(json), entry.allowing, std::move(names), {clause}};
}

void rename_entry(Entry& entry, std::vector<std::string> names) {
  entry.json["names"] = names;
  entry.names = std::move(names);
}

bool kills(const Entry& entry) {
  return !entry.allowing && find_string(entry.json, "/action") != kErrno;
}

bool denies_always(const Entry& entry, const Json& profile) {
  if (entry.allowing || entry.clauses != Clauses{Clause{}}) return false;
  const std::string action = find_string(entry.json, "/action").value_or("");
  if (find_string(profile, "/defaultAction") != action) return true;
  return errno_of(entry.json, "/action", "/errnoRet") != default_errno(profile);
}

}  // namespace hardened::seccomp
