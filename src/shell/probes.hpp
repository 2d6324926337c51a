// SPDX-License-Identifier: Apache-2.0
// The looks of which `doctor` is made, one a file. Each states what it saw and judges nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hardened/shell/observe.hpp"

namespace hardened {

// /etc/passwd and /etc/group, as far as they can be read. Accounts of other sources (LDAP) are not
// in them, and asking for those would run their code as root.
struct Accounts {
  struct User {
    std::string name;
    std::uint32_t id = 0;
    std::uint32_t group = 0;
  };
  struct Group {
    std::string name;
    std::uint32_t id = 0;
    std::vector<std::string> members;
  };
  std::vector<User> users;
  std::vector<Group> groups;
  std::vector<std::string> unread;

  std::string user_name(std::uint32_t id) const;   // the number where there is none
  std::string group_name(std::uint32_t id) const;  //
  std::vector<std::string> members(std::uint32_t group) const;
};
Accounts read_accounts(Kernel& kernel);

// A regular file, whole; nullopt: there is none. Waits for no FIFO. Throws Error.
std::optional<std::string> read_small_file(Kernel& kernel, const std::string& path,
                                           std::size_t limit = 1U << 20);
// The names in a directory, sorted; empty: there is none. Throws Error.
std::vector<std::string> names_in(Kernel& kernel, const std::string& path);

FileSeen look_at_file(Kernel& kernel, const Accounts& accounts, const std::string& path);

// Without the last one, which enters a mount namespace.
void probe_kernel(Kernel& kernel, Observation& seen, const std::string& storage);
void probe_overlay(Kernel& kernel, Observation& seen, const std::string& storage);
void probe_runtime(Kernel& kernel, const Environment& environment, Observation& seen);
void probe_ids(Kernel& kernel, const Environment& environment, const Accounts& accounts,
               Observation& seen);
EngineSeen probe_engine(Kernel& kernel, const Accounts& accounts, const Whereabouts& where);
// Those that daemon.json's data-root keeps.
void probe_containers(Kernel& kernel, EngineSeen& engine);

// Where the engine keeps its layers, by its settings.
std::string data_root(const EngineSeen& engine);

}  // namespace hardened
