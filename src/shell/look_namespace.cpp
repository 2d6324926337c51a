// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "hardened/core/error.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

struct NamespaceType {
  std::string_view name;  // as the runtime spec has it
  std::string_view file;  // below /proc/PID/ns
  int flag;
};

constexpr int kNewTime = 0x00000080;  // CLONE_NEWTIME, which older headers lack
constexpr std::array kTypes{NamespaceType{"mount", "mnt", CLONE_NEWNS},
                            NamespaceType{"cgroup", "cgroup", CLONE_NEWCGROUP},
                            NamespaceType{"uts", "uts", CLONE_NEWUTS},
                            NamespaceType{"ipc", "ipc", CLONE_NEWIPC},
                            NamespaceType{"user", "user", CLONE_NEWUSER},
                            NamespaceType{"pid", "pid", CLONE_NEWPID},
                            NamespaceType{"network", "net", CLONE_NEWNET},
                            NamespaceType{"time", "time", kNewTime}};

}  // namespace

std::optional<FileIdentity> Looker::identity_of(const std::string& path) {
  const std::optional<Descriptor> opened = open(kWorkingDirectory, path, O_PATH, Walk::follow);
  if (!opened) return std::nullopt;
  const struct stat status = kernel_.status(opened->number());
  return FileIdentity{status.st_dev, status.st_ino};
}

// Ours, or that of the host's init: the two differ where the engine runs in a namespace of its own.
bool Looker::is_own(std::string_view file, const FileIdentity& identity) {
  if (identity_of("/proc/self/ns/" + std::string(file)) == identity) return true;
  try {
    return identity_of("/proc/1/ns/" + std::string(file)) == identity;
  } catch (const Error&) {
    return false;  // below a rootless engine init may not be looked at
  }
}

NamespaceFact Looker::name_space(int descriptor) {
  const struct stat status = kernel_.status(descriptor);
  NamespaceFact fact;
  fact.sight = Sight::seen;
  fact.identity = {status.st_dev, status.st_ino};
  // All namespaces are files of one file system. What is not is left closed: opening a device or a
  // FIFO acts or blocks.
  const std::optional<FileIdentity> own = identity_of("/proc/self/ns/user");
  if (!own || own->device != fact.identity.device) return fact;
  const Descriptor opened = kernel_.open(
      kWorkingDirectory, "/proc/self/fd/" + std::to_string(descriptor), O_RDONLY, Walk::follow);
  const int flag = kernel_.namespace_request(opened.number(), NS_GET_NSTYPE);
  const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                 [&](const NamespaceType& t) { return t.flag == flag; });
  if (type == kTypes.end()) return fact;
  fact.type = type->name;
  fact.host = is_own(type->file, fact.identity);
  try {
    const Descriptor owner(kernel_.namespace_request(opened.number(), NS_GET_USERNS));
    const struct stat owner_status = kernel_.status(owner.number());
    fact.owner = {owner_status.st_dev, owner_status.st_ino};
    fact.host_owned = is_own("user", fact.owner);
  } catch (const Error& error) {
    // The owner lies above our own user namespace: nothing that we make would have power over it
    // either.
    if (error.number() != EPERM) throw;
    fact.host_owned = true;
  }
  return fact;
}

}  // namespace hardened
