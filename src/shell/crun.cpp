// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/crun.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/host_views.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/shell/standard_streams.hpp"

namespace hardened {
namespace {

// A node for the same device on a file system that nobody can name.
Descriptor own_node(Kernel& kernel, dev_t device, const FileSystemIds& owner) {
  const Descriptor memory = kernel.open_file_system("tmpfs");
  kernel.create_as(memory.number(), {0, 0});
  const Descriptor mount = kernel.mount_file_system(memory.number());
  kernel.make_node(mount.number(), "node", S_IFCHR | 0666, device, owner);
  return kernel.open(mount.number(), "node", O_RDWR | O_NOCTTY, Walk::beneath_no_links);
}

}  // namespace

bool is_crun(const std::string& runtime) {
  return runtime.substr(runtime.rfind('/') + 1).starts_with("crun");
}

void require_nested_kept(const std::string& runtime, const Plan& plan, const Facts& facts) {
  if (!is_crun(runtime) || find_array(plan.config, "/linux/uidMappings").empty()) return;
  for (const Nesting& nesting : nested_mounts(plan.config, facts)) {
    if (is_host_view(plan.config, facts, plan.config.at("mounts").at(nesting.holder))) continue;
    throw refused({"mounts", join("/mounts", nesting.mount) + "/destination",
                   "a mount inside another one, which crun leaves out of a user namespace",
                   "user_namespaces(7)", ""});
  }
}

void repeat_mount_flags(const std::string& runtime, Json& config) {
  if (!is_crun(runtime) || find_array(config, "/linux/uidMappings").empty()) return;
  for (std::size_t index = 0; index < find_array(config, "/mounts").size(); ++index) {
    Json& mount = config.at("mounts").at(index);
    MountOptions options(find_strings(mount, "/options"));
    if (!is_bind(mount)) continue;
    for (const std::string word : {"nosuid", "nodev", "noexec"}) {
      if (options.has(word)) options.want("r" + word);
    }
    mount["options"] = options.words();
  }
}

void give_own_nodes(Kernel& kernel, const std::string& runtime, const IdMaps& maps) {
  constexpr unsigned kMemory = 1;  // null, zero, full, random ...
  if (!is_crun(runtime) || maps.users.empty()) return;
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    try {
      status = kernel.status(number);
    } catch (const Error&) {
      continue;  // closed by the caller
    }
    const bool character = S_ISCHR(status.st_mode);
    if (!character && !S_ISBLK(status.st_mode)) continue;
    // Terminals are the caller's own; runc gives them too.
    if (::isatty(number) == 1) continue;
    if (!character || major(status.st_rdev) != kMemory) {
      throw refused({"user-namespace", "/linux/namespaces",
                     "a standard stream on a device of the host, which crun would give to the "
                     "container's root",
                     "user_namespaces(7)", "rules.user-namespace.mode"});
    }
    const Descriptor node = own_node(kernel, status.st_rdev, root_of(maps));
    kernel.take_place(node.number(), number);
  }
}

}  // namespace hardened
