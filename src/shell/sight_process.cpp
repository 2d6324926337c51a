// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <array>
#include <cerrno>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

constexpr std::array kNamespaces{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

std::string read_file(Kernel& kernel, const Descriptor& process, const std::string& name) {
  const Descriptor file = kernel.open(process.number(), name, O_RDONLY, Walk::no_links);
  return kernel.read_all(file.number(), kLongestProcFile);
}

bool is_zombie(std::string_view stat) {
  const std::size_t name = stat.rfind(')');
  if (name == std::string_view::npos || name + 2 >= stat.size()) return false;
  return stat[name + 2] == 'Z' || stat[name + 2] == 'X';
}

class Reader {
 public:
  Reader(Kernel& kernel, const Descriptor& process) : kernel_(kernel), process_(process) {}

  // What others than the process itself may not read is said; that it has ended is thrown.
  std::optional<std::string> read(const std::string& name) {
    return look(name, [&] { return read_file(kernel_, process_, name); });
  }

  // A security module that is not there has no such file, or nothing in it.
  std::optional<std::string> label(const std::string& name) {
    try {
      return read_file(kernel_, process_, name);
    } catch (const Error& error) {
      if (error.number() == ENOENT || error.number() == EINVAL) return std::nullopt;
      if (has_ended(error)) throw;
      unseen.push_back(name + ": " + reason_of(error));
      return std::nullopt;
    }
  }

  std::optional<std::string> link(const std::string& name) {
    return look(name, [&] { return kernel_.read_link(process_.number(), name).value_or(""); });
  }

  std::vector<std::string> unseen;

 private:
  template <typename Look>
  std::optional<std::string> look(const std::string& name, Look call) {
    try {
      return call();
    } catch (const Error& error) {
      if (has_ended(error)) throw;
      unseen.push_back(name + ": " + reason_of(error));
      return std::nullopt;
    }
  }

  Kernel& kernel_;
  const Descriptor& process_;
};

}  // namespace

bool has_ended(const Error& error) { return error.number() == ESRCH || error.number() == ENOENT; }

std::string reason_of(const Error& error) {
  return error.number() == 0 ? error.what() : errno_text(error.number());
}

std::optional<Descriptor> hold_process(Kernel& kernel, int pid) {
  try {
    return kernel.open(kWorkingDirectory, "/proc/" + std::to_string(pid), O_PATH | O_DIRECTORY,
                       Walk::follow);
  } catch (const Error& error) {
    if (has_ended(error)) return std::nullopt;
    throw;
  }
}

std::optional<Inhabitant> find_inhabitant(Kernel& kernel, int pid, const Descriptor& process) {
  try {
    Inhabitant found{.pid = pid,
                     .cgroups = parse_cgroups(read_file(kernel, process, "cgroup")),
                     .pid_namespace = {},
                     .mount_namespace = {}};
    // A link of a process that ended is as one that never was.
    const auto link = [&](const std::string& name) {
      return kernel.read_link(process.number(), "ns/" + name).value_or("");
    };
    found.pid_namespace = link("pid");
    found.mount_namespace = link("mnt");
    return found;
  } catch (const Error& error) {
    if (has_ended(error)) return std::nullopt;
    throw;
  }
}

std::optional<ProcessSighting> sight_process(Kernel& kernel, const Descriptor& process) {
  try {
    Reader reader(kernel, process);
    ProcessTexts texts;
    texts.stat = reader.read("stat");
    if (texts.stat && is_zombie(*texts.stat)) return std::nullopt;
    texts.status = reader.read("status");
    texts.user_map = reader.read("uid_map");
    texts.limits = reader.read("limits");
    texts.oom_score_adj = reader.read("oom_score_adj");
    texts.selinux = reader.label("attr/current");
    texts.apparmor = reader.label("attr/apparmor/current");
    // Before Linux 5.8 there was one file for whichever module is first.
    if (!texts.apparmor) texts.apparmor = texts.selinux;
    texts.executable = reader.link("exe").value_or("");
    for (const std::string name : kNamespaces) {
      const std::optional<std::string> link = reader.link("ns/" + name);
      if (link && !link->empty()) texts.namespaces[name] = *link;
    }
    texts.unseen = std::move(reader.unseen);
    // One that died meanwhile showed fewer namespaces than it had.
    if (is_zombie(read_file(kernel, process, "stat"))) return std::nullopt;
    return process_of(texts);
  } catch (const Error& error) {
    if (has_ended(error)) return std::nullopt;
    throw;
  }
}

}  // namespace hardened
