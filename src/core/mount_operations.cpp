// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/mount_operations.hpp"

#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/host_views.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/core/mount_sources.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// Nodes that every runtime makes itself, by a bind of the host's: mode 0666, so their owner matters
// to nobody (config-linux.md, Default Devices).
struct DefaultDevice {
  std::string_view path;
  std::int64_t major, minor;
};
constexpr std::array kDefaultDevices{
    DefaultDevice{"/dev/null", 1, 3},    DefaultDevice{"/dev/zero", 1, 5},
    DefaultDevice{"/dev/full", 1, 7},    DefaultDevice{"/dev/random", 1, 8},
    DefaultDevice{"/dev/urandom", 1, 9}, DefaultDevice{"/dev/tty", 5, 0}};

class Operations {
 public:
  Operations(const Json& config, const Facts& facts, const std::optional<IdMaps>& mapping)
      : config_(config),
        facts_(facts),
        mapping_(mapping),
        places_(engine_places(config, facts, "")) {}

  std::vector<MountOperation> list() {
    if (mapping_) add_root();
    const std::size_t mounts = find_array(config_, "/mounts").size();
    for (std::size_t index = 0; index < mounts; ++index) add_mount(join("/mounts", index));
    const std::size_t namespaces = find_array(config_, "/linux/namespaces").size();
    for (std::size_t index = 0; index < namespaces; ++index) {
      add_namespace(join(join("/linux/namespaces", index), "path"));
    }
    const std::size_t devices = mapping_ ? find_array(config_, "/linux/devices").size() : 0;
    for (std::size_t index = 0; index < devices; ++index) {
      add_device(join("/linux/devices", index));
    }
    return std::move(operations_);
  }

 private:
  std::string text(const std::string& pointer) const {
    return find_string(config_, pointer).value_or("");
  }

  void add_root() {
    const RootFact& root = facts_.root;
    MountOperation operation{.pointer = "/root/path", .object = text("/root/path")};
    operation.id_mapped = true;
    operation.overlay = root.overlay;
    if (!root.overlay.lower.empty()) {
      operation.kind = root.overlay.upper.empty() || read_only_throughout()
                           ? MountKind::overlay_in_memory
                           : MountKind::overlay;
    }
    operations_.push_back(std::move(operation));
  }

  // Nothing of the rootfs is written at run time: then nobody writes to the engine's upper
  // directory but the engine, and the mount points that the runtime makes stay in memory.
  bool read_only_throughout() const {
    if (!find_boolean(config_, "/root/readonly").value_or(false)) return false;
    const Json& mounts = find_array(config_, "/mounts");
    return std::none_of(mounts.begin(), mounts.end(), [&](const Json& mount) {
      return is_bind(mount) &&
             lies_in_rootfs(find_string(mount, "/source").value_or(""), facts_.root);
    });
  }

  // A secret in memory (tmpfs before Linux 6.3) that only its owner may read: as it is the
  // container could not. The engine writes it once; pod volumes, which change, are mounted as they
  // are.
  bool is_unmappable_secret(const Json& mount, const SourceFact& source,
                            const MountOptions& options) const {
    if (source.unmappable.empty() || source.kind != FileKind::regular || !options.read_only()) {
      return false;
    }
    const auto file =
        engine_file(source.path, find_string(mount, "/destination").value_or(""), places_);
    return file && is_engine_secret(*file);
  }

  void add_mount(const std::string& pointer) {
    const Json& mount = config_.at(Json::json_pointer(pointer));
    if (!is_bind(mount)) return;
    const MountOptions options(find_strings(mount, "/options"));
    MountOperation operation{.pointer = pointer + "/source", .object = text(pointer + "/source")};
    operation.recursive = options.has("rbind") || !options.has("bind");
    operation.read_only = options.read_only();
    operation.nosuid = options.has("nosuid");
    operation.nodev = options.has("nodev");
    operation.noexec = options.has("noexec");
    const auto fact = facts_.sources.find(operation.object);
    if (mapping_ && lies_in_rootfs(operation.object, facts_.root)) {
      operation.kind = MountKind::in_rootfs;
      operation.object = operation.object.substr(facts_.root.path.size());
      operation.recursive = false;
    } else if (mapping_ && fact == facts_.sources.end()) {
      operation.id_mapped = !is_host_view(config_, facts_, mount);
    } else if (mapping_) {
      operation.id_mapped = fact->second.unmappable.empty();
      operation.overlay = fact->second.overlay;
      if (operation.id_mapped && !operation.overlay.lower.empty()) {
        operation.kind = MountKind::overlay_in_memory;
        // An image's own: whatever a container writes over it later is that container's alone.
        if (fact->second.untouched && engine_image(fact->second.path, places_)) {
          operation.overlay.upper.clear();
          operation.overlay.work.clear();
        }
      } else if (is_unmappable_secret(mount, fact->second, options)) {
        operation.kind = MountKind::copy;
      }
    }
    operations_.push_back(std::move(operation));
  }

  void add_namespace(const std::string& pointer) {
    const std::string path = text(pointer);
    if (!path.empty()) operations_.push_back({.pointer = pointer, .object = path});
  }

  void add_device(const std::string& pointer) {
    const auto number = [&](std::string_view field) {
      return find_integer(config_, join(pointer, field));
    };
    const std::string path = text(pointer + "/path");
    const std::int64_t major = number("major").value_or(0);
    const std::int64_t minor = number("minor").value_or(0);
    for (const DefaultDevice& known : kDefaultDevices) {
      if (known.path == path && known.major == major && known.minor == minor) return;
    }
    MountOperation operation{.kind = MountKind::device, .pointer = pointer, .object = path};
    operation.nosuid = operation.noexec = true;
    const std::string type = text(pointer + "/type");
    operation.device.type = type == "b" || type == "p" ? type.front() : 'c';
    operation.device.major = static_cast<std::uint32_t>(major);
    operation.device.minor = static_cast<std::uint32_t>(minor);
    operation.device.mode = static_cast<std::uint32_t>(number("fileMode").value_or(0666) & 0777);
    // An id without a host id behind it was refused; root stands in so that nothing is made for -1.
    const auto owner = [&](const auto& map, std::string_view field) {
      const auto id = static_cast<std::uint32_t>(number(field).value_or(0));
      return host_id(map, id).value_or(host_id(map, 0).value_or(0));
    };
    operation.device.user = owner(mapping_->users, "uid");
    operation.device.group = owner(mapping_->groups, "gid");
    operations_.push_back(std::move(operation));
  }

  const Json& config_;
  const Facts& facts_;
  const std::optional<IdMaps>& mapping_;
  const EnginePlaces places_;
  std::vector<MountOperation> operations_;
};

std::string how(const MountOperation& operation) {
  switch (operation.kind) {
    case MountKind::clone:
      return operation.id_mapped ? "id-mapped" : "as it is";
    case MountKind::overlay:
      return "an overlay of its " + std::to_string(operation.overlay.lower.size() + 1) +
             " layers, id-mapped";
    case MountKind::overlay_in_memory:
      return "an overlay of its layers, id-mapped and read-only, its mount points in memory";
    case MountKind::copy:
      return "a copy of its content owned by the container";
    case MountKind::in_rootfs:
      return "of the id-mapped rootfs";
    case MountKind::device:
      return "a device node owned by the container";
  }
  return "";
}

}  // namespace

std::vector<MountOperation> mount_operations(const Json& config, const Facts& facts,
                                             const std::optional<IdMaps>& mapping) {
  return Operations(config, facts, mapping).list();
}

std::string describe(const MountOperation& operation) {
  return operation.pointer + ": " + printable(operation.object) + ", " + how(operation);
}

}  // namespace hardened
