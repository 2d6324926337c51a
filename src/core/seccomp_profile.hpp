// SPDX-License-Identifier: Apache-2.0
// linux.seccomp read entry by entry; refuses what a runtime would refuse or read otherwise.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/seccomp_clauses.hpp"
#include "hardened/core/json.hpp"

namespace hardened::seccomp {

// LOG, TRACE and NOTIFY let the call through, or let somebody else decide: they allow. Throws
// Error(invalid_input) on a word that is no action.
bool allows(std::string_view action, std::string_view pointer);

// Absent, empty or an allowing one (NOTIFY too, which the runtimes refuse there).
bool allows_by_default(const Json& profile);

// The errno of the default action, absent where that is another one (KILL, TRAP).
std::optional<int> default_errno(const Json& profile);

// One member of "syscalls".
struct Entry {
  Json json;
  bool allowing = false;
  std::vector<std::string> names;
  Clauses clauses;
  bool emptied = false;  // its last name was taken: to be left out
};

std::vector<Entry> read_entries(const Json& profile);

// Denies `names` where `clause` holds.
Entry errno_entry(std::vector<std::string> names, int number, const Clause& clause);

// Denies `names` always, by an action that has no errno.
Entry action_entry(std::vector<std::string> names, std::string_view action);

// `entry` for other names and one clause.
Entry entry_like(const Entry& entry, std::vector<std::string> names, const Clause& clause);

// Leaves `entry` with `names`.
void rename_entry(Entry& entry, std::vector<std::string> names);

// Denies, and not with an errno.
bool kills(const Entry& entry);

// Denies whatever its arguments, and is not skipped for being equal to the default action.
bool denies_always(const Entry& entry, const Json& profile);

}  // namespace hardened::seccomp
