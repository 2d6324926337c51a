// SPDX-License-Identifier: Apache-2.0
// Whether a container's ids can be laid over what it is given: by trying, on a clone that nobody
// sees.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <utility>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/looker.hpp"

namespace hardened {
namespace {

bool is_relative(const std::string& path) { return !path.empty() && !path.starts_with('/'); }

// An overlay over id-mapped layers.
bool is_new_enough(const std::string& kernel_release) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(kernel_release.c_str(), "%d.%d", &major, &minor) != 2) return false;
  return std::pair{major, minor} >= std::pair{5, 19};
}

// An engine with userns-remap keeps its layers with shifted owners: through a container's own ids
// the rootfs would belong to nobody.
std::string owner_fault(const struct stat& status, std::uint32_t size) {
  if (status.st_uid < size && status.st_gid < size) return "";
  return "it belongs to " + std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid) +
         ", outside the container's ids, as with an engine's userns-remap";
}

bool is_empty(Kernel& kernel, const Descriptor& directory) {
  const Descriptor readable =
      kernel.open(directory.number(), ".", O_RDONLY | O_DIRECTORY, Walk::beneath_no_links);
  return kernel.list(readable.number()).empty();
}

std::vector<std::string> layers_of(const Overlay& overlay) {
  std::vector<std::string> layers = overlay.lower;
  if (!overlay.upper.empty()) layers.insert(layers.end(), {overlay.upper, overlay.work});
  return layers;
}

}  // namespace

void Looker::offer(const IdRange& range) {
  // Anybody can ask for a dry-run, and only root can try.
  if (range.size == 0 || !initial_user_namespace_ || kernel_.user() != 0) return;
  const IdMaps maps = maps_of(range);
  try {
    id_map_ = kernel_.user_namespace(id_map_text(maps.users), id_map_text(maps.groups));
    id_map_size_ = range.size;
  } catch (const Error& error) {
    no_id_map_ = std::string("no user namespace can be made: ") + error.what();
  }
}

std::string Looker::mapping_fault(int descriptor, Tree tree, const std::string& file_system) {
  try {
    const Descriptor clone = kernel_.open_tree(descriptor, tree);
    MountAttributes attributes;
    attributes.id_map = id_map_.number();
    kernel_.set_attributes(clone.number(), tree, attributes);
    return "";
  } catch (const Error& error) {
    if (error.number() == ENOSYS) return "id-mapped mounts need Linux 5.12 (mount_setattr)";
    return printable(file_system) + " cannot be id-mapped (" + error.what() + ')';
  }
}

// Where the relative layers lie: all below one directory, or it is not the engine's.
std::string Looker::layer_directory(const Overlay& overlay, const std::string& mount_point) {
  const std::vector<std::string> layers = layers_of(overlay);
  if (std::none_of(layers.begin(), layers.end(), is_relative)) return "";
  for (const std::string& directory : layer_directories(overlay, mount_point)) {
    const bool all = std::all_of(layers.begin(), layers.end(), [&](const std::string& layer) {
      return !is_relative(layer) ||
             open(kWorkingDirectory, directory + '/' + layer, O_PATH | O_DIRECTORY, Walk::follow);
    });
    if (all) return directory;
  }
  throw Error(ErrorKind::unsupported, "its relative layers are not to be found");
}

// Canonical, each tried on the mount it lies on: the layers of an engine share one.
Looker::Layers Looker::open_layers(const Mount& mount) {
  Overlay overlay = parse_overlay(mount.super_options);
  const std::string directory = layer_directory(overlay, mount.mount_point);
  std::map<std::uint64_t, std::string> faults;
  std::uint64_t last = 0;
  const auto resolve = [&](std::string& layer) -> Descriptor {
    const std::string path = is_relative(layer) ? directory + '/' + layer : layer;
    std::optional<Descriptor> opened =
        open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow);
    if (!opened) throw Error(ErrorKind::unsupported, "its layer " + printable(path) + " is gone");
    const Place place = this->place(opened->number(), kernel_.status(opened->number()));
    last = place.mount.id;
    if (!faults.contains(last)) {
      faults[last] = mapping_fault(opened->number(), Tree::single, place.mount.file_system);
    }
    if (!faults[last].empty()) throw Error(ErrorKind::unsupported, "its layers: " + faults[last]);
    layer = place.path;
    return std::move(*opened);
  };
  for (std::string& layer : overlay.lower) resolve(layer);
  bool untouched = true;
  if (!overlay.upper.empty()) {
    const Descriptor written = resolve(overlay.upper);
    untouched = is_empty(kernel_, written);
    const std::uint64_t upper = last;
    resolve(overlay.work);
    if (upper != last) throw Error(ErrorKind::unsupported, "its upper and work directories differ");
  }
  return {std::move(overlay), "", untouched};
}

Looker::Layers Looker::layers_at(const Place& place) {
  if (place.location.path != "/") return {{}, "a part of an overlay cannot be id-mapped"};
  const std::string release = read("/proc/sys/kernel/osrelease").value_or("");
  if (!is_new_enough(release)) {
    return {{},
            "an overlay over id-mapped layers needs kernel 5.19, this is " + printable(release)};
  }
  try {
    return open_layers(place.mount);
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

void Looker::try_mapping(int descriptor, RootFact& fact) {
  fact.unmappable = no_id_map_;
  if (!id_map_) return;
  const struct stat status = kernel_.status(descriptor);
  const Place place = this->place(descriptor, status);
  const std::vector<Mount> below = mounts().below(place.mount.id, place.path);
  fact.unmappable = owner_fault(status, id_map_size_);
  if (!fact.unmappable.empty()) return;
  if (!below.empty()) {
    fact.unmappable = printable(below.front().mount_point) + " is mounted inside it";
  } else if (place.mount.file_system == "overlay") {
    Layers layers = layers_at(place);
    fact.overlay = std::move(layers.overlay);
    fact.unmappable = std::move(layers.fault);
  } else {
    fact.unmappable = mapping_fault(descriptor, Tree::single, place.mount.file_system);
  }
}

void Looker::try_mapping(int descriptor, bool recursive, SourceFact& fact) {
  if (!id_map_) return;
  const Place place = this->place(descriptor, kernel_.status(descriptor));
  const Tree tree = recursive && fact.kind == FileKind::directory ? Tree::recursive : Tree::single;
  if (place.mount.file_system == "overlay") {
    Layers layers = layers_at(place);
    fact.overlay = std::move(layers.overlay);
    fact.untouched = layers.untouched;
    fact.unmappable = std::move(layers.fault);
    if (fact.unmappable.empty() && !fact.submounts.empty()) {
      fact.unmappable = "an overlay with other mounts inside";
    }
    return;
  }
  fact.unmappable = mapping_fault(descriptor, tree, place.mount.file_system);
  if (!fact.unmappable.empty() && !fact.submounts.empty() &&
      mapping_fault(descriptor, Tree::single, "").empty()) {
    const SourceFact& first = fact.submounts.front();
    fact.unmappable = "not all that is mounted below it can be id-mapped (" +
                      printable(first.file_system) + " at " + printable(first.path) +
                      (fact.submounts.size() > 1 ? " and others)" : ")");
  }
}

}  // namespace hardened
