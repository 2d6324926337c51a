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

class IdsInUse {
 public:
  explicit IdsInUse(Kernel& kernel)
      : kernel_(kernel),
        own_(kernel.read_link(kWorkingDirectory, "/proc/self/ns/user").value_or("")) {}

  // False: that process has none any more, and is gone or a zombie.
  bool add(const std::string& directory) {
    const auto link = kernel_.read_link(kWorkingDirectory, directory + "/ns/user");
    if (!link) return false;
    if (*link == own_ || !known_.insert(*link).second) return true;
    for (const char* map : {"/uid_map", "/gid_map"}) {
      for (const IdMapping& mapping :
           parse_id_map(try_read(kernel_, directory + map).value_or(""))) {
        // Who maps the host's root has the host's ids as they are, and no container's for itself.
        if (mapping.host != 0) ids_.push_back({mapping.host, mapping.size});
      }
    }
    return true;
  }

  std::vector<IdRange> ids() && { return std::move(ids_); }

 private:
  Kernel& kernel_;
  std::string own_;
  std::set<std::string> known_;
  std::vector<IdRange> ids_;
};

Descriptor open_directory(Kernel& kernel, const std::string& path) {
  return kernel.open(kWorkingDirectory, path, O_RDONLY | O_DIRECTORY, Walk::follow);
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
  try {
    kernel.open(kWorkingDirectory, key.root + "/" + key.id, O_PATH | O_NOFOLLOW, Walk::follow);
    return true;
  } catch (const Error& error) {
    if (error.number() == ENOENT || error.number() == ENOTDIR) return false;
    throw;
  }
}

std::vector<IdRange> ids_in_use(Kernel& kernel) {
  IdsInUse found(kernel);
  const Descriptor proc = open_directory(kernel, "/proc");
  for (const std::string& pid : kernel.list(proc.number())) {
    if (!is_number(pid)) continue;
    const std::string directory = "/proc/" + pid;
    if (found.add(directory)) continue;
    // A process whose first thread has ended shows no namespaces there; its other threads do.
    try {
      const Descriptor threads = open_directory(kernel, directory + "/task");
      for (const std::string& thread : kernel.list(threads.number())) {
        found.add(directory + "/task/" + thread);
      }
    } catch (const Error& error) {
      if (error.number() != ENOENT && error.number() != ESRCH) throw;
    }
  }
  return std::move(found).ids();
}

}  // namespace hardened
