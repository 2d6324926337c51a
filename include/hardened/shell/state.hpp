// SPDX-License-Identifier: Apache-2.0
// The wrapper's own directories: made with exact modes and opened without following a link. Refuses
// one that belongs to somebody else or that others can write.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

struct StateDirectory {
  std::string path;
  Descriptor directory;
};

// <state>, made where it is missing; below an engine without root, where that cannot be ours,
// <runtime directory>/hardened. Throws Error(unsupported) where there is neither.
StateDirectory open_state(Kernel& kernel, const Environment& environment);

// The same without making anything; nullopt: there is none yet.
std::optional<StateDirectory> find_state(Kernel& kernel, const Environment& environment);

// The directory `name` below `parent`, made with `mode` where it is missing.
Descriptor make_own_directory(Kernel& kernel, int parent, const std::string& name, mode_t mode);

// The directory `name` below `parent`; nullopt: it is not there.
std::optional<Descriptor> find_own_directory(Kernel& kernel, int parent, const std::string& name);

// Throws Error(refused) unless the file is the caller's own and nobody else can write it.
void require_own(Kernel& kernel, const struct stat& status, const std::string& what);

// Held by whoever changes records or id ranges, until the descriptor is closed.
Descriptor take_lock(Kernel& kernel, int state);

void remove_if_there(Kernel& kernel, int directory, const std::string& name);

// All of that file; nullopt: it is not there. Throws Error(refused) for what anyone else could have
// written.
std::optional<std::string> find_own_file(Kernel& kernel, int directory, const std::string& name,
                                         std::size_t limit);

// Puts a file of mode 0600 there, or in the place of one, as a whole. Under the lock.
void write_own_file(Kernel& kernel, int directory, const std::string& name, std::string_view text);

}  // namespace hardened
