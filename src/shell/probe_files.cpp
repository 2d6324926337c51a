// SPDX-License-Identifier: Apache-2.0
// Files by name: whose they are, who may write them, and what stands in the small ones.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "hardened/core/error.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/text.hpp"
#include "shell/probes.hpp"

namespace hardened {
namespace {

bool is_missing(const Error& error) {
  return error.number() == ENOENT || error.number() == ENOTDIR || error.number() == ESRCH;
}

FileKind kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISSOCK(mode)) return FileKind::socket;
  if (S_ISCHR(mode)) return FileKind::character;
  return FileKind::other;
}

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// The first directory above `path` that others than root can write; a sticky one keeps the names of
// others as they are.
std::string weak_parent(Kernel& kernel, const std::string& path) {
  for (std::string parent = parent_of(path);; parent = parent_of(parent)) {
    const Descriptor directory =
        kernel.open(kWorkingDirectory, parent, O_PATH | O_DIRECTORY, Walk::no_links);
    const struct stat status = kernel.status(directory.number());
    const bool written = (status.st_mode & 0022) != 0 && (status.st_mode & S_ISVTX) == 0;
    if (status.st_uid != 0 || written) return parent;
    if (parent == "/") return "";
  }
}

bool is_ours(Kernel& kernel, const struct stat& status, const std::string& canonical) {
  const std::string name = canonical.substr(canonical.rfind('/') + 1);
  if (name == "hardened" || name.starts_with("hardened-")) return true;
  const Descriptor self = kernel.open(kWorkingDirectory, "/proc/self/exe", O_PATH, Walk::follow);
  const struct stat own = kernel.status(self.number());
  return own.st_dev == status.st_dev && own.st_ino == status.st_ino;
}

template <typename Line>
void each_line(Kernel& kernel, Accounts& accounts, const std::string& path, Line&& line) {
  try {
    for (const std::string& text : split(read_small_file(kernel, path).value_or(""), '\n')) {
      line(split(text, ':'));
    }
  } catch (const Error& error) {
    accounts.unread.push_back(error.what());
  }
}

}  // namespace

std::string Accounts::user_name(std::uint32_t id) const {
  const auto found = std::ranges::find(users, id, &User::id);
  return found == users.end() ? std::to_string(id) : found->name;
}

std::string Accounts::group_name(std::uint32_t id) const {
  const auto found = std::ranges::find(groups, id, &Group::id);
  return found == groups.end() ? std::to_string(id) : found->name;
}

std::vector<std::string> Accounts::members(std::uint32_t group) const {
  std::vector<std::string> names;
  for (const Group& one : groups) {
    if (one.id == group) names.insert(names.end(), one.members.begin(), one.members.end());
  }
  for (const User& user : users) {
    if (user.group == group) names.push_back(user.name);
  }
  return names;
}

Accounts read_accounts(Kernel& kernel) {
  Accounts accounts;
  each_line(kernel, accounts, "/etc/passwd", [&](const std::vector<std::string>& fields) {
    if (fields.size() < 4) return;
    const auto user = number(fields[2]);
    const auto group = number(fields[3]);
    if (user && group) accounts.users.push_back({fields[0], *user, *group});
  });
  each_line(kernel, accounts, "/etc/group", [&](const std::vector<std::string>& fields) {
    if (fields.size() < 4) return;
    const auto group = number(fields[2]);
    if (!group) return;
    accounts.groups.push_back({fields[0], *group, split(fields[3], ',')});
    std::erase(accounts.groups.back().members, "");
  });
  return accounts;
}

std::optional<std::string> read_small_file(Kernel& kernel, const std::string& path,
                                           std::size_t limit) {
  try {
    const Descriptor file =
        kernel.open(kWorkingDirectory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Walk::follow);
    if (!S_ISREG(kernel.status(file.number()).st_mode)) {
      throw Error(ErrorKind::invalid_input, path + ": not a regular file");
    }
    return kernel.read_all(file.number(), limit);
  } catch (const Error& error) {
    if (is_missing(error)) return std::nullopt;
    throw;
  }
}

std::vector<std::string> names_in(Kernel& kernel, const std::string& path) {
  try {
    const Descriptor directory =
        kernel.open(kWorkingDirectory, path, O_RDONLY | O_DIRECTORY, Walk::follow);
    std::vector<std::string> names = kernel.list(directory.number());
    std::ranges::sort(names);
    return names;
  } catch (const Error& error) {
    if (is_missing(error)) return {};
    throw;
  }
}

FileSeen look_at_file(Kernel& kernel, const Accounts& accounts, const std::string& path) {
  FileSeen file;
  file.path = path;
  try {
    const Descriptor opened = kernel.open(kWorkingDirectory, path, O_PATH, Walk::follow);
    const struct stat status = kernel.status(opened.number());
    const std::string canonical =
        kernel.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(opened.number()))
            .value_or(path);
    file.kind = kind_of(status.st_mode);
    file.owner = status.st_uid;
    file.group = status.st_gid;
    file.mode = status.st_mode & 07777;
    file.owner_name = accounts.user_name(file.owner);
    file.group_name = accounts.group_name(file.group);
    file.ours = file.kind == FileKind::regular && is_ours(kernel, status, canonical);
    file.weak_parent = canonical.starts_with('/') ? weak_parent(kernel, canonical) : "";
    file.sight = Sight::seen;
  } catch (const Error& error) {
    if (is_missing(error)) {
      file.sight = Sight::missing;
    } else {
      file.why = error.what();
    }
  }
  return file;
}

}  // namespace hardened
