// SPDX-License-Identifier: Apache-2.0
// All processes of the host, with what tells where each is.
#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

constexpr std::size_t kMostProcesses = 100'000;  // of the host
constexpr std::size_t kLengthOfId = 64;

std::optional<int> pid_of(const std::string& name) {
  int pid = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, pid);
  if (name.empty() || error != std::errc() || stop != end) return std::nullopt;
  return pid;
}

bool is_id(std::string_view text) {
  return text.size() == kLengthOfId &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Of one component: "3f2a...", "docker-3f2a....scope", "cri-containerd:3f2a...". A monitor that
// stands beside the container ("libpod-conmon-3f2a....scope") is none of its processes.
std::string id_in(std::string_view component) {
  if (component.ends_with(".scope")) component.remove_suffix(6);
  if (component.find("conmon-") != std::string_view::npos) return {};
  const std::size_t mark = component.find_last_of("-:");
  if (mark != std::string_view::npos) component.remove_prefix(mark + 1);
  return is_id(component) ? std::string(component) : std::string();
}

void add_host(Kernel& kernel, const std::string& process, ProcessTable& table) {
  const auto add = [&](const std::string& name, std::set<std::string>& to) {
    try {
      const auto link = kernel.read_link(kWorkingDirectory, "/proc/" + process + "/ns/" + name);
      if (link) to.insert(*link);
    } catch (const Error&) {
      // Another user's init: our own namespaces have to do.
    }
  };
  add("pid", table.host_pid_namespaces);
  add("mnt", table.host_mount_namespaces);
}

}  // namespace

std::vector<CgroupPlace> parse_cgroups(std::string_view text) {
  std::vector<CgroupPlace> places;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    places.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return places;
}

std::string container_id(const std::vector<CgroupPlace>& cgroups) {
  for (const CgroupPlace& place : cgroups) {
    const std::vector<std::string> parts = split(place.path, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (std::string id = id_in(*part); !id.empty()) return id;
    }
  }
  return {};
}

std::vector<CgroupPlace> own_cgroups(const std::vector<CgroupPlace>& of_init,
                                     const std::string& id) {
  std::vector<CgroupPlace> own;
  for (const CgroupPlace& place : of_init) {
    std::string path;
    std::string cut;
    for (const std::string& part : split(place.path, '/')) {
      if (part.empty()) continue;
      path += '/' + part;
      if (!id.empty() && (part == id || id_in(part) == id || part.ends_with("-" + id + ".scope"))) {
        cut = path;
      }
    }
    own.push_back({place.controllers, cut.empty() ? place.path : cut});
  }
  return own;
}

ProcessTable list_processes(Kernel& kernel) {
  ProcessTable table;
  add_host(kernel, "self", table);
  add_host(kernel, "1", table);
  const Descriptor proc =
      kernel.open(kWorkingDirectory, "/proc", O_RDONLY | O_DIRECTORY, Walk::follow);
  for (const std::string& name : kernel.list(proc.number())) {
    const std::optional<int> pid = pid_of(name);
    if (!pid) continue;
    if (table.processes.size() >= kMostProcesses) {
      table.cut = true;
      break;
    }
    try {
      const std::optional<Descriptor> process = hold_process(kernel, *pid);
      if (!process) continue;
      if (auto found = find_inhabitant(kernel, *pid, *process)) {
        table.processes.push_back(*std::move(found));
      }
    } catch (const Error&) {
      // Init is in no container that we could see from here.
      if (*pid != 1) ++table.closed;
    }
  }
  return table;
}

}  // namespace hardened
