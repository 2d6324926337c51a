// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/runtime.hpp"

#include <fcntl.h>

#include <array>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/user_namespace.hpp"

namespace hardened {
namespace {

constexpr std::array kDirectories{"/usr/bin/",        "/usr/sbin/", "/usr/local/bin/",
                                  "/usr/local/sbin/", "/sbin/",     "/bin/"};
constexpr std::array kNames{"runc", "crun"};

bool trusted_owner(Kernel& kernel, const struct stat& status) {
  if (status.st_uid == 0 || status.st_uid == kernel.user()) return true;
  // The overflow uid: root's own files as a rootless engine's user namespace shows them. What the
  // caller could write there, the modes tell.
  return status.st_uid == 65534 && !in_initial_user_namespace(kernel);
}

bool writable_by_others(const struct stat& status) { return (status.st_mode & 0022) != 0; }

// Whoever can write a directory on the way can put another runtime there, which then runs as root.
void check_parents(Kernel& kernel, const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string parent = end == 0 ? "/" : path.substr(0, end);
    const Descriptor directory =
        kernel.open(kWorkingDirectory, parent, O_PATH | O_DIRECTORY, Walk::no_links);
    const struct stat status = kernel.status(directory.number());
    if (!trusted_owner(kernel, status) || writable_by_others(status)) {
      throw Error(ErrorKind::unsupported,
                  printable(parent) + " can be written by others than root");
    }
  }
}

// The canonical path of what `path` leads to.
std::string vetted(Kernel& kernel, const std::string& path) {
  const Descriptor file = kernel.open(kWorkingDirectory, path, O_PATH, Walk::follow);
  const struct stat status = kernel.status(file.number());
  const Descriptor self = kernel.open(kWorkingDirectory, "/proc/self/exe", O_PATH, Walk::follow);
  const struct stat own = kernel.status(self.number());
  // A link that leads back here would execute us for ever.
  if (status.st_dev == own.st_dev && status.st_ino == own.st_ino) {
    throw Error(ErrorKind::unsupported, "is hardened itself");
  }
  if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) {
    throw Error(ErrorKind::unsupported, "not an executable file");
  }
  if (!trusted_owner(kernel, status) || writable_by_others(status)) {
    throw Error(ErrorKind::unsupported, "can be written by others than root");
  }
  const auto canonical =
      kernel.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(file.number()));
  if (!canonical || !canonical->starts_with('/')) {
    throw Error(ErrorKind::unsupported, "its path cannot be read from /proc");
  }
  check_parents(kernel, *canonical);
  return *canonical;
}

// The link's own directory counts too: who can write there chooses the runtime.
std::string configured(Kernel& kernel, const Environment& environment,
                       const std::string& link) try {
  const auto directory =
      kernel.open(kWorkingDirectory, environment.configuration, O_PATH | O_DIRECTORY, Walk::follow);
  const auto canonical =
      kernel.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(directory.number()));
  check_parents(kernel, canonical.value_or("") + "/");
  return vetted(kernel, link);
} catch (const Error& error) {
  throw Error(ErrorKind::unsupported,
              "configured runtime " + printable(link) + ": " + error.what());
}

}  // namespace

std::string find_runtime(Kernel& kernel, const Environment& environment) {
  const std::string link = environment.configuration + "/runtime";
  if (exists(kernel, link)) return configured(kernel, environment, link);
  std::string looked_at = printable(link) + " (not there)";
  for (const char* name : kNames) {
    for (const char* directory : kDirectories) {
      const std::string path = std::string(directory) + name;
      try {
        if (exists(kernel, path)) return vetted(kernel, path);
        looked_at += ", " + path + " (not there)";
      } catch (const Error& error) {
        looked_at += ", " + path + " (" + error.what() + ")";
      }
    }
  }
  throw Error(ErrorKind::unsupported, "no low-level runtime found; looked at " + looked_at);
}

}  // namespace hardened
