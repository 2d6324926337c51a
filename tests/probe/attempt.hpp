// SPDX-License-Identifier: Apache-2.0
// What one attack is and what came of it. An attempt runs in a process of its own (run.cpp), so it
// may die or hang.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hardened::probe {

// reached: the kernel's own code ran and answered. denied: something refused before it did.
// absent: there is nothing to attack here. unable: it could not be prepared, which shows nothing
// and must not be taken for a refusal.
enum class Result { reached, denied, absent, unable };

struct Outcome {
  Result result = Result::denied;
  int error = 0;  // the errno behind it, 0 for none
  std::string detail = {};
};

struct Attempt {
  std::string id;
  std::string group;  // the row of docs/attack-surface.md
  std::function<Outcome()> run;
};

class Numbers;  // calls.hpp

using Attempts = std::vector<Attempt>;

// A call that answers with -errno. EPERM, EACCES, EROFS: refused. ENOSYS and EAFNOSUPPORT are what
// both a filter and a kernel without it say: they count as refused here, and who reads the results
// compares with a run that is not filtered. Every other errno came from the code that was to be
// kept out of reach.
Outcome by_errno(long answer);

// For what has to succeed to count: an answer of any errno is a refusal.
Outcome by_success(long answer);

// ENOENT and its like mean that there is nothing here.
Outcome by_place(long answer);

// The classes. Each adds its attempts; none of them does anything yet.
void add_system_calls(Attempts& attempts, const Numbers& numbers);
void add_sockets(Attempts& attempts, const Numbers& numbers);
void add_messages(Attempts& attempts, const Numbers& numbers);
void add_terminals(Attempts& attempts, const Numbers& numbers);
void add_namespaces(Attempts& attempts, const Numbers& numbers);
void add_set_user_id_files(Attempts& attempts, const Numbers& numbers);
void add_raised_programs(Attempts& attempts);
void add_mounts(Attempts& attempts);
void add_kernel_objects(Attempts& attempts);
void add_networks(Attempts& attempts);
void add_host_settings(Attempts& attempts);
void add_devices(Attempts& attempts);
void add_immutable_places(Attempts& attempts);
void add_other_containers(Attempts& attempts);
void add_limits(Attempts& attempts);

}  // namespace hardened::probe
