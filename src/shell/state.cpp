// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/state.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/user_namespace.hpp"

namespace hardened {
namespace {

// No container is called so: ids have no %. Written under the lock only, so one name serves.
constexpr const char* kTemporary = "%new";
constexpr mode_t kStateMode = 0711;  // the container's root walks through it to what is staged

// The host's root has one place: two callers with different surroundings would each count the ids
// that are given from the first on.
std::vector<std::string> candidates(Kernel& kernel, const Environment& environment) {
  std::vector<std::string> paths{environment.state};
  if (environment.runtime_directory.empty()) return paths;
  if (!environment.root || !in_initial_user_namespace(kernel)) {
    paths.push_back(environment.runtime_directory + "/hardened");
  }
  return paths;
}

// Who can write the parent can put a directory of ours from elsewhere in place of the state.
Descriptor open_parent(Kernel& kernel, const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  Descriptor directory = kernel.open(kWorkingDirectory, parent, O_PATH | O_DIRECTORY, Walk::follow);
  const struct stat status = kernel.status(directory.number());
  if ((status.st_mode & 0022) != 0 && (status.st_mode & S_ISVTX) == 0) {
    throw Error(ErrorKind::refused, printable(parent) + " can be written by others");
  }
  return directory;
}

// Below an engine without root /run is not ours, or shows host root's own state under the overflow
// uid. Root itself never meets this: it may write anywhere, and a state that is another user's then
// has no second place to be.
// Where there is a second place, the first may be a link to that state: rootlesskit shows
// everything in /run so.
bool not_ours(const Error& error, std::size_t places) {
  const bool link = error.number() == ENOTDIR || error.number() == ELOOP;
  return error.number() == ENOENT || error.number() == EACCES || error.number() == EPERM ||
         error.number() == EROFS || error.kind() == ErrorKind::unsupported || (places > 1 && link);
}

// The host's root sees all there is, and everybody else what is below a runtime directory of their
// own: a state that cannot be looked at is there, with the records that exec and update are held
// to. Asked after a failure only.
bool must_see(Kernel& kernel, const Environment& environment, const Error& error, bool own) {
  if (error.number() == ENOENT) return false;
  return own || (environment.root && in_initial_user_namespace(kernel));
}

[[noreturn]] void nowhere(const std::string& text) {
  throw Error(ErrorKind::unsupported, "no place to keep state: " + text);
}

}  // namespace

void require_own(Kernel& kernel, const struct stat& status, const std::string& what) {
  if (status.st_uid != kernel.user()) {
    throw Error(ErrorKind::unsupported,
                printable(what) + " belongs to uid " + std::to_string(status.st_uid));
  }
  if ((status.st_mode & 0022) != 0) {
    throw Error(ErrorKind::refused, printable(what) + " can be written by others");
  }
}

namespace {

struct OwnDirectory {
  Descriptor directory;
  mode_t mode;
};

std::optional<OwnDirectory> find_own(Kernel& kernel, int parent, const std::string& name) {
  std::optional<Descriptor> directory =
      kernel.find(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Walk::beneath_no_links);
  if (!directory) return std::nullopt;
  const struct stat status = kernel.status(directory->number());
  require_own(kernel, status, name);
  return OwnDirectory{std::move(*directory), status.st_mode};
}

}  // namespace

std::optional<Descriptor> find_own_directory(Kernel& kernel, int parent, const std::string& name) {
  auto found = find_own(kernel, parent, name);
  return found ? std::optional(std::move(found->directory)) : std::nullopt;
}

Descriptor make_own_directory(Kernel& kernel, int parent, const std::string& name, mode_t mode) {
  auto own = find_own(kernel, parent, name);
  if (!own) {
    kernel.make_directory(parent, name, 0700);
    own = find_own(kernel, parent, name);
  }
  if (!own) throw Error(ErrorKind::system, "directory " + printable(name) + " vanished");
  // The umask is the caller's and may have taken bits; it is not ours to change. Who failed or was
  // killed before this left a directory that the next container's root could not walk through.
  // Whoever may read more is the administrator's choice.
  if ((own->mode & mode) != mode) kernel.change_mode(own->directory.number(), mode);
  return std::move(own->directory);
}

StateDirectory open_state(Kernel& kernel, const Environment& environment) {
  std::string tried;
  const std::vector<std::string> paths = candidates(kernel, environment);
  for (const std::string& path : paths) {
    try {
      const Descriptor parent = open_parent(kernel, path);
      const std::string name = std::filesystem::path(path).filename();
      return {path, make_own_directory(kernel, parent.number(), name, kStateMode)};
    } catch (Error& error) {
      if (!not_ours(error, paths.size())) throw error.within("state directory " + printable(path));
      tried += (tried.empty() ? "" : ", ") + printable(path) + " (" + error.what() + ")";
    }
  }
  nowhere(tried);
}

std::optional<StateDirectory> find_state(Kernel& kernel, const Environment& environment) {
  const std::vector<std::string> paths = candidates(kernel, environment);
  for (const std::string& path : paths) {
    try {
      const Descriptor parent = open_parent(kernel, path);
      const std::string name = std::filesystem::path(path).filename();
      auto directory = find_own_directory(kernel, parent.number(), name);
      if (directory) return StateDirectory{path, std::move(*directory)};
    } catch (Error& error) {
      const bool own = path != environment.state;
      if (must_see(kernel, environment, error, own) || !not_ours(error, paths.size())) {
        throw error.within("state directory " + printable(path));
      }
    }
  }
  return std::nullopt;
}

Descriptor take_lock(Kernel& kernel, int state) {
  Descriptor lock =
      kernel.open(state, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, Walk::beneath_no_links, 0600);
  require_own(kernel, kernel.status(lock.number()), "lock");
  kernel.lock(lock.number(), LOCK_EX);
  return lock;
}

void remove_if_there(Kernel& kernel, int directory, const std::string& name) {
  try {
    kernel.unlink(directory, name, 0);
  } catch (const Error& error) {
    if (error.number() != ENOENT) throw;
  }
}

std::optional<std::string> find_own_file(Kernel& kernel, int directory, const std::string& name,
                                         std::size_t limit) {
  const std::optional<Descriptor> file =
      kernel.find(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, Walk::beneath_no_links);
  if (!file) return std::nullopt;
  const struct stat status = kernel.status(file->number());
  require_own(kernel, status, name);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::refused, "not a regular file");
  return kernel.read_all(file->number(), limit);
}

void write_own_file(Kernel& kernel, int directory, const std::string& name, std::string_view text) {
  remove_if_there(kernel, directory, kTemporary);
  try {
    const Descriptor file =
        kernel.open(directory, kTemporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                    Walk::beneath_no_links, 0600);
    kernel.write_all(file.number(), text);
    kernel.sync(file.number());
    kernel.rename(directory, kTemporary, name);
  } catch (...) {
    try {
      remove_if_there(kernel, directory, kTemporary);
    } catch (const Error&) {
      // The failure that led here is the one to report; the next writer removes it.
    }
    throw;
  }
}

}  // namespace hardened
