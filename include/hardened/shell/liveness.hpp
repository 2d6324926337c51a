// SPDX-License-Identifier: Apache-2.0
// Who is alive: a process by pid and start time (pids are used anew), a container by what its
// runtime keeps of it, a user namespace by the processes in it. Where it cannot tell, it throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hardened/core/id_map.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// A container, as the runtime knows it: its canonical --root and its id.
struct ContainerKey {
  std::string root;
  std::string id;
  bool operator==(const ContainerKey&) const = default;
};

struct Process {
  int pid = 0;
  std::uint64_t start = 0;  // clock ticks since boot, field 22 of /proc/PID/stat
  bool operator==(const Process&) const = default;
};

Process own_process(Kernel& kernel);

// Not as a zombie, which runs nothing any more.
bool runs(Kernel& kernel, const Process& process);

// runc and crun both keep a container at <root>/<id>, from create to delete.
bool runtime_has(Kernel& kernel, const ContainerKey& key);

// The host ids of every user namespace with a process in it, but our own.
std::vector<IdRange> ids_in_use(Kernel& kernel);

}  // namespace hardened
