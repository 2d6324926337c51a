// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "hardened/core/error.hpp"
#include "hardened/core/mount_sources.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

// As /proc/PID/comm has them, cut after 15 characters.
constexpr std::array<std::string_view, 7> kEngines{
    "dockerd", "containerd", "crio", "cri-dockerd", "buildkitd", "podman", "docker-containe"};
constexpr std::array<std::string_view, 7> kRemote{"fuse", "nfs", "cifs",  "smb",
                                                  "ceph", "afs", "autofs"};
constexpr int kMostLinks = 40;
constexpr unsigned long kListening = 0x10000;  // __SO_ACCEPTCON

struct Listener {
  std::string path;
  std::string inode;
};

// "0000...: 00000002 00000000 00010000 0001 01 21734 /run/docker.sock". A name may hold spaces; one
// with a line break in it breaks its line, and what follows is looked at like any other.
std::vector<Listener> listeners(const std::string& table) {
  std::vector<Listener> found;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string number, references, protocol, flags, type, state;
    Listener listener;
    fields >> number >> references >> protocol >> flags >> type >> state >> listener.inode;
    std::getline(fields >> std::ws, listener.path);
    unsigned long bits = 0;
    std::from_chars(flags.data(), flags.data() + flags.size(), bits, 16);
    if ((bits & kListening) != 0 && listener.path.starts_with('/')) found.push_back(listener);
  }
  return found;
}

std::string parent_path(const std::string& path) {
  return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
}

bool is_number(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789") == name.npos;
}

bool holds(const SourceFact& source, const SensitivePath& socket) {
  return at_or_below(socket.path, source.path) ||
         (!source.location.device.empty() && source.location.device == socket.location.device &&
          at_or_below(socket.location.path, source.location.path)) ||
         std::any_of(source.submounts.begin(), source.submounts.end(),
                     [&](const SourceFact& below) { return holds(below, socket); });
}

}  // namespace

// A user can listen in a file system of their own making and never answer: whoever looks there
// waits for ever, and no container starts any more.
bool Looker::may_hang(const std::string& path) {
  const Mount* deepest = nullptr;
  const std::vector<Mount>& all = mounts().all();
  for (const Mount& mount : all) {
    if (lies_in(path, mount.mount_point) &&
        (deepest == nullptr || mount.mount_point.size() >= deepest->mount_point.size())) {
      deepest = &mount;
    }
  }
  if (deepest == nullptr || deepest->mount_point == "/") return false;
  return std::any_of(kRemote.begin(), kRemote.end(),
                     [&](std::string_view kind) { return deepest->file_system.starts_with(kind); });
}

// Links that only root can have put there are followed (/var/run), others are not; nullopt: it
// leads to no socket, or through what is not looked at.
std::optional<SensitivePath> Looker::socket_at(const std::string& name) try {
  std::string path = normal_path(name);
  for (int links = 0; links < kMostLinks; ++links) {
    if (climbs(path) || may_hang(path)) return std::nullopt;
    std::string link;
    for (const std::string& part : path_components(path)) {
      link += '/' + part;
      const Descriptor entry =
          kernel_.open(kWorkingDirectory, link, O_PATH | O_NOFOLLOW, Walk::no_links);
      const struct stat status = kernel_.status(entry.number());
      if (S_ISSOCK(status.st_mode)) {
        SensitivePath socket{path, {status.st_dev, status.st_ino}, {}};
        if (auto place = find_place(entry.number(), status)) {
          socket.location = std::move(place->location);
        }
        return socket;
      }
      if (!S_ISLNK(status.st_mode)) continue;
      if (status.st_uid != 0 || !is_guarded(parent_path(link))) return std::nullopt;
      const std::string target = this->link(entry.number()).value_or("");
      const std::string rest = path.substr(link.size());
      path = normal_path((target.starts_with('/') ? "" : parent_path(link) + '/') + target + rest);
      break;
    }
    if (link == path) return std::nullopt;
  }
  return std::nullopt;
} catch (const Error&) {
  return std::nullopt;  // gone, or nothing that could be mounted either
}

// "socket:[21734]" of every process that is called like an engine. A name is easily taken, and
// taking it only adds a path that containers are not given.
std::set<std::string> Looker::sockets_of_engines() {
  std::set<std::string> sockets;
  const Descriptor processes =
      kernel_.open(kWorkingDirectory, "/proc", O_RDONLY | O_DIRECTORY, Walk::follow);
  for (const std::string& process : kernel_.list(processes.number())) {
    if (!is_number(process)) continue;
    try {
      std::string name = read("/proc/" + process + "/comm").value_or("\n");
      name.pop_back();
      if (std::find(kEngines.begin(), kEngines.end(), name) == kEngines.end()) continue;
      const Descriptor files = kernel_.open(kWorkingDirectory, "/proc/" + process + "/fd",
                                            O_RDONLY | O_DIRECTORY, Walk::follow);
      for (const std::string& file : kernel_.list(files.number())) {
        sockets.insert(kernel_.read_link(files.number(), file).value_or(""));
      }
    } catch (const Error&) {
      // It ended meanwhile, or is another user's: then its sockets are as far away.
    }
  }
  return sockets;
}

std::vector<SensitivePath> Looker::engine_sockets(
    const std::map<std::string, SourceFact>& sources) {
  std::vector<SensitivePath> found;
  std::optional<std::set<std::string>> engines;  // asked for only where it decides
  for (const Listener& listener : listeners(read("/proc/self/net/unix").value_or(""))) {
    std::optional<SensitivePath> socket = socket_at(listener.path);
    if (!socket) continue;
    bool engine = is_engine_socket(listener.path);
    if (!engine && std::any_of(sources.begin(), sources.end(),
                               [&](const auto& source) { return holds(source.second, *socket); })) {
      if (!engines) engines = sockets_of_engines();
      engine = engines->contains("socket:[" + listener.inode + "]");
    }
    if (engine) found.push_back(*std::move(socket));
  }
  return found;
}

}  // namespace hardened
