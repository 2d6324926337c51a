// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/liveness.hpp"

#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <set>

#include "hardened/core/error.hpp"

namespace hardened {
namespace {

std::optional<std::string> try_read(Kernel& kernel, const std::string& path) {
  try {
    const Descriptor file = kernel.open(kWorkingDirectory, path, O_RDONLY, Walk::follow);
    return kernel.read_all(file.number(), 1U << 16);
  } catch (const Error& error) {
    if (error.number() == ENOENT || error.number() == ESRCH) return std::nullopt;
    throw;
  }
}

// nullopt: no process of that name under /proc, or a zombie, which runs nothing any more.
std::optional<Process> find_process(Kernel& kernel, const std::string& name) {
  const auto stat = try_read(kernel, "/proc/" + name + "/stat");
  if (!stat) return std::nullopt;
  const std::string& text = *stat;
  // "pid (comm) state ...": comm is the process's own choice and may hold spaces and parentheses.
  Process process;
  std::from_chars(text.data(), text.data() + text.size(), process.pid);
  std::size_t at = text.rfind(')');
  if (at == std::string::npos || at + 2 >= text.size()) {
    throw Error(ErrorKind::system, "/proc/" + name + "/stat cannot be understood");
  }
  if (text[at + 2] == 'Z' || text[at + 2] == 'X') return std::nullopt;
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  if (at == std::string::npos ||
      std::from_chars(text.data() + at + 1, text.data() + text.size(), process.start).ec !=
          std::errc()) {
    throw Error(ErrorKind::system, "/proc/" + name + "/stat cannot be understood");
  }
  return process;
}

bool is_number(const std::string& name) {
  return name.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Process own_process(Kernel& kernel) {
  const auto process = find_process(kernel, "self");
  if (!process) throw Error(ErrorKind::unsupported, "/proc is not mounted");
  return *process;
}

bool runs(Kernel& kernel, const Process& process) {
  return find_process(kernel, std::to_string(process.pid)) == process;
}

// runc and crun both keep a container at <root>/<id>, from create to delete.
bool runtime_has(Kernel& kernel, const ContainerKey& key) {
  return exists(kernel, key.root + "/" + key.id);
}

std::vector<IdRange> ids_in_use(Kernel& kernel) {
  // By the maps, which anyone may read; a link to the namespace itself needs the right to trace.
  const Descriptor proc =
      kernel.open(kWorkingDirectory, "/proc", O_RDONLY | O_DIRECTORY, Walk::follow);
  const std::string own = try_read(kernel, "/proc/self/uid_map").value_or("");
  std::set<std::string> known;
  std::vector<IdRange> ids;
  for (const std::string& pid : kernel.list(proc.number())) {
    if (!is_number(pid)) continue;
    const std::string directory = "/proc/" + pid;
    const auto users = try_read(kernel, directory + "/uid_map");
    if (!users || *users == own) continue;
    const std::string groups = try_read(kernel, directory + "/gid_map").value_or("");
    if (!known.insert(*users + groups).second) continue;
    for (const std::string& map : {*users, groups}) {
      for (const IdMapping& mapping : parse_id_map(map)) {
        // Who maps the host's root has the host's ids as they are, and no container's for itself.
        if (mapping.host != 0) ids.push_back({mapping.host, mapping.size});
      }
    }
  }
  return ids;
}

}  // namespace hardened
