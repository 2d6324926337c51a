// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/container_key.hpp"

#include <fcntl.h>

#include "hardened/core/error.hpp"
#include "hardened/shell/crun.hpp"
#include "hardened/shell/user_namespace.hpp"

namespace hardened {
namespace {

// Whether the runtime's default place is below XDG_RUNTIME_DIR: crun's is wherever that is set,
// runc's for who is not root, and for the root of a user namespace who is not called so.
bool has_own_place(Kernel& kernel, const Environment& environment, const std::string& runtime) {
  if (environment.runtime_directory.empty()) return false;
  if (is_crun(runtime) || !environment.root) return true;
  return environment.user != "root" && !in_initial_user_namespace(kernel);
}

// runc keeps its state in /run/runc, crun in /run/crun.
std::string default_root(Kernel& kernel, const Environment& environment,
                         const std::string& runtime) {
  const std::string name = runtime.substr(runtime.rfind('/') + 1);
  return (has_own_place(kernel, environment, runtime) ? environment.runtime_directory : "/run") +
         '/' + name;
}

// The two spellings /var/run/docker/x and /run/docker/x are one directory: a record under either
// must be found by the other. What does not exist yet has no links to follow.
std::string canonical(Kernel& kernel, std::string path) {
  std::string rest;
  while (true) {
    try {
      const Descriptor directory =
          kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow);
      const auto link = kernel.read_link(kWorkingDirectory,
                                         "/proc/self/fd/" + std::to_string(directory.number()));
      return (link && *link != "/" ? *link : "") + rest;
    } catch (const Error& error) {
      const std::size_t slash = path.rfind('/');
      if (error.number() != ENOENT || slash == std::string::npos) throw;
      rest = path.substr(slash) + rest;
      path = slash == 0 ? "/" : path.substr(0, slash);
    }
  }
}

}  // namespace

ContainerKey container_key(Kernel& kernel, const Environment& environment,
                           const Invocation& invocation, const std::string& runtime) {
  std::string root = invocation.global("root").value_or(default_root(kernel, environment, runtime));
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  if (!root.starts_with('/')) root = "./" + root;
  if (root.find("/../") != std::string::npos || root.ends_with("/..")) {
    throw Error(ErrorKind::usage, "--root must not contain \"..\"");
  }
  return {canonical(kernel, root), invocation.id()};
}

}  // namespace hardened
