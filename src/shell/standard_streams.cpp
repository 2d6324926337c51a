// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/standard_streams.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>

#include "hardened/core/error.hpp"

namespace hardened {

FileSystemIds root_of(const IdMaps& maps) {
  const auto user = host_id(maps.users, 0);
  const auto group = host_id(maps.groups, 0);
  if (!user || !group) {
    throw Error(ErrorKind::unsupported, "a user namespace without a root");
  }
  return {*user, *group};
}

namespace {

// A FIFO with a name is a file of the host: it would keep an id that another container has next.
bool nameless(Kernel& kernel, int number) {
  const auto name = kernel.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(number));
  return name && (name->starts_with("pipe:[") || name->starts_with("socket:["));
}

}  // namespace

StandardStreams::StandardStreams(Kernel& kernel, const std::optional<IdMaps>& maps)
    : kernel_(kernel) {
  if (!maps || !host_id(maps->users, 0) || !host_id(maps->groups, 0)) return;
  const FileSystemIds owner = root_of(*maps);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    try {
      const struct stat status = kernel.status(number);
      if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) continue;
      if (!nameless(kernel, number)) continue;
      kernel.change_owner(number, owner.user, owner.group);
      given_.push_back({number, {status.st_uid, status.st_gid}});
    } catch (const Error& error) {
      // Closed by the caller; or below a rootless engine, which gives them itself.
      if (error.number() != EBADF && error.number() != EPERM && error.number() != EINVAL) throw;
    }
  }
}

StandardStreams::~StandardStreams() {
  for (auto given = given_.rbegin(); given != given_.rend(); ++given) {
    try {
      kernel_.change_owner(given->number, given->before.user, given->before.group);
    } catch (const std::exception&) {
      // Root's own pipe: root may use it whoever owns it.
    }
  }
}

}  // namespace hardened
