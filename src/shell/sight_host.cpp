// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/mount_origins.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/looker.hpp"
#include "shell/sight_parts.hpp"

namespace hardened {
namespace {

// Init's, and our own: they differ where the engine runs in a namespace of its own.
std::map<std::string, std::set<std::string>> host_namespaces(Kernel& kernel) {
  constexpr std::array kFiles{"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
  std::map<std::string, std::set<std::string>> found;
  for (const std::string file : kFiles) {
    for (const std::string process : {"1", "self"}) {
      try {
        const auto link = kernel.read_link(kWorkingDirectory, "/proc/" + process + "/ns/" + file);
        if (link) found[file].insert(*link);
      } catch (const Error&) {
        // Below a rootless engine init may not be looked at; our own is the host's then.
      }
    }
  }
  return found;
}

// As binds of those places, which is what the search for sockets asks about.
std::map<std::string, SourceFact> mounted_places(const std::vector<ContainerSighting>& containers) {
  std::map<std::string, SourceFact> places;
  for (const ContainerSighting& container : containers) {
    for (const MountView& view : container.views) {
      for (const Mount& mount : view.mounts) {
        if (is_kernel_file_system(mount.file_system)) continue;
        SourceFact place;
        place.sight = Sight::seen;
        place.location = {mount.device, mount.root};
        places[mount.device + ' ' + mount.root] = std::move(place);
      }
    }
  }
  return places;
}

}  // namespace

HostSighting sight_host(Kernel& kernel, const Profile& profile,
                        const std::vector<ContainerSighting>& containers) {
  HostSighting host;
  host.facts = inspect_host(kernel, profile);
  const Descriptor self =
      kernel.open(kWorkingDirectory, "/proc/self", O_PATH | O_DIRECTORY, Walk::follow);
  host.mounts = mounts_of(kernel, self);
  host.namespaces = host_namespaces(kernel);
  host.engine_sockets = Looker(kernel).engine_sockets(mounted_places(containers));
  const Json& masks = profile.settings("masked-paths");
  for (const std::string pointer : {"/masked", "/readonly"}) {
    for (const std::string& path : find_strings(masks, pointer)) {
      if (exists(kernel, path)) host.kernel_paths.insert(path);
    }
  }
  return host;
}

}  // namespace hardened
