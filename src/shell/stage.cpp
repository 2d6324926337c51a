// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/stage.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <map>
#include <vector>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/host_views.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/core/pinned_directories.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/shared_upper.hpp"
#include "hardened/shell/stage_directory.hpp"
#include "hardened/shell/standard_streams.hpp"
#include "shell/stage_nested.hpp"
#include "shell/stage_objects.hpp"

namespace hardened {
namespace {

constexpr std::string_view kRootfs = "rootfs";
constexpr std::size_t kLongestMountinfo = 256U << 20;

// One operation of the plan on its way to <state>/stage/<name>.
struct Placement {
  const MountOperation* operation = nullptr;
  std::string name;
  Descriptor tree;  // of a clone, detached until it is placed
};

// "/mounts/3/source" stands at mounts-3-source.
std::string name_of(const MountOperation& operation) {
  if (operation.pointer == "/root/path") return std::string(kRootfs);
  std::string name = operation.pointer.substr(1);
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

MountTable mount_table(Kernel& kernel) {
  const Descriptor file =
      kernel.open(kWorkingDirectory, "/proc/self/mountinfo", O_RDONLY, Walk::follow);
  return MountTable(kernel.read_all(file.number(), kLongestMountinfo));
}

Tree tree_of(const MountOperation& operation) {
  return operation.recursive ? Tree::recursive : Tree::single;
}

class Stager {
 public:
  Stager(Kernel& kernel, const Plan& plan, const Inspection& seen)
      : kernel_(kernel),
        plan_(plan),
        facts_(seen.facts),
        objects_(seen.objects),
        root_(plan.mapping ? root_of(*plan.mapping) : FileSystemIds{}),
        maps_(maps_in(find_object(plan.config, "/linux"))) {
    // A joined container's ids are not those that were tried.
    if (plan.mapping && seen.id_map && *plan.mapping == maps_of(facts_.host.id_range)) {
      id_map_ = seen.id_map.number();
    } else if (plan.mapping) {
      ids_ = kernel.user_namespace(id_map_text(plan.mapping->users),
                                   id_map_text(plan.mapping->groups));
      id_map_ = ids_.number();
    }
    for (const MountOperation& operation : plan.operations) {
      placements_.push_back({&operation, name_of(operation), {}});
    }
  }

  // Before the namespace is entered: a clone stays in its source's peer group, which rslave and
  // rshared mean, and only mounts of the caller's own namespace can be cloned.
  void clone_all() {
    for (Placement& placement : placements_) {
      if (placement.operation->kind == MountKind::clone) clone(placement);
    }
  }

  // Where the container's overlay will lie over the engine's upper directory.
  void prepare_root() {
    std::vector<std::string> directories;
    for (const MountOperation& operation : plan_.operations) {
      if (operation.kind == MountKind::in_rootfs) directories.push_back(operation.object);
    }
    for (const MountOperation& operation : plan_.operations) {
      if (operation.kind != MountKind::overlay) continue;
      prepare_shared_upper(kernel_, objects_.at(operation.object).number(), directories,
                           pinned_directories(plan_.config, facts_));
    }
  }

  // Root first: what lies in it is taken from it.
  void place_all(const StageDirectory& stage, const WorkDirectory* work) {
    for (Placement& placement : placements_) place(stage, placement, work);
    require_inspected(stage);
  }

  Json runtime_copy(const StageDirectory& stage) {
    Json copy = plan_.config;
    for (const Placement& placement : placements_) {
      if (placement.operation->kind == MountKind::device) continue;
      copy.at(Json::json_pointer(placement.operation->pointer)) =
          stage.path() + "/" + placement.name;
    }
    replace_devices(stage, copy);
    nest_all(stage, copy);
    leave_out_host_namespaces(copy);
    return copy;
  }

 private:
  // Exec joins whatever is listed, after the user namespace, which has no right to the host's.
  // Not listed, each is the caller's own: the same.
  void leave_out_host_namespaces(Json& copy) {
    if (!plan_.mapping) return;
    Json& list = copy.at("linux").at("namespaces");
    Json kept = Json::array();
    for (std::size_t index = 0; index < list.size(); ++index) {
      const std::string pointer = join("/linux/namespaces", index) + "/path";
      const auto fact = facts_.namespaces.find(find_string(plan_.config, pointer).value_or(""));
      if (fact == facts_.namespaces.end() || !fact->second.host) kept.push_back(list[index]);
    }
    list = std::move(kept);
  }

  // Between inspection and cloning something can be mounted below a source.
  void require_inspected(const StageDirectory& stage) {
    std::optional<MountTable> mounts;
    for (const Placement& placement : placements_) {
      if (!placement.tree || !placement.operation->recursive) continue;
      if (!mounts) mounts = mount_table(kernel_);
      const auto source = facts_.sources.find(placement.operation->object);
      try {
        require_inspected_submounts(*mounts, kernel_.mount_id(placement.tree.number()),
                                    stage.path() + "/" + placement.name,
                                    source == facts_.sources.end() ? SourceFact{} : source->second);
      } catch (Error& error) {
        throw error.within(placement.operation->pointer);
      }
    }
  }

  // The mount of the document as it stands on the stage: nothing but its clone or our own tmpfs
  // does.
  struct Standing {
    const Descriptor* tree = nullptr;
    const Descriptor* source = nullptr;  // what it is a clone of
    bool in_memory = false;
  };
  std::optional<Standing> standing(std::size_t mount) const {
    if (const auto own = in_memory_.find(mount); own != in_memory_.end()) {
      return Standing{&own->second, &own->second, true};
    }
    const std::string pointer = join("/mounts", mount) + "/source";
    const auto found =
        std::find_if(placements_.begin(), placements_.end(), [&](const Placement& placement) {
          return placement.operation->pointer == pointer && placement.tree;
        });
    if (found == placements_.end()) return std::nullopt;
    return Standing{&found->tree, &objects_.at(found->operation->object), false};
  }

  // Whoever can write the holder's source could lead the runtime elsewhere on its way to a tmpfs
  // too, and cover what the container trusts.
  void make_tmpfs(const StageDirectory& stage, const Nesting& nesting, const Outer& outer) {
    const Json& mount = plan_.config.at("mounts").at(nesting.mount);
    const std::string name = "mounts-" + std::to_string(nesting.mount) + "-tmpfs";
    kernel_.make_directory(stage.number(), name, 0700);
    mount_tmpfs(kernel_,
                {.mount = mount,
                 .label = find_string(plan_.config, "/linux/mountLabel").value_or(""),
                 .maps = maps_,
                 .covered = covered_mode(kernel_, outer, nesting.below)},
                stage.path() + "/" + name);
    in_memory_[nesting.mount] =
        kernel_.open(stage.number(), name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
  }

  FileSystemIds owner_in_memory() const {
    return maps_.users.empty() ? FileSystemIds{} : root_of(maps_);
  }

  // What a rule lets stand in another mount: a bind, or a tmpfs without a copy of what it covers.
  bool is_tmpfs(std::size_t mount) const {
    return find_string(plan_.config, join("/mounts", mount) + "/type") == "tmpfs" &&
           !is_bind(plan_.config.at("mounts").at(mount)) && !options_of(mount).has("tmpcopyup");
  }

  MountOptions options_of(std::size_t mount) const {
    return MountOptions(find_strings(plan_.config, join("/mounts", mount) + "/options"));
  }

  // Mounts what lies inside another mount there, and takes it out of the runtime's copy: on its way
  // the runtime would walk names that whoever can write the outer source changes meanwhile.
  void nest_all(const StageDirectory& stage, Json& copy) {
    std::vector<std::size_t> done;
    for (const Nesting& nesting : nested_mounts(plan_.config, facts_)) {
      if (!nest_one(stage, nesting)) continue;
      done.push_back(nesting.mount);
      if (is_tmpfs(nesting.holder)) continue;
      copy["mounts"][nesting.holder]["options"] = taking_along(options_of(nesting.holder));
    }
    for (auto mount = done.rbegin(); mount != done.rend(); ++mount) copy["mounts"].erase(*mount);
  }

  // false: the runtime's to mount, below the host's own /sys or /proc, whose names nobody swaps.
  bool nest_one(const StageDirectory& stage, const Nesting& nesting) try {
    if (is_host_view(plan_.config, facts_, plan_.config.at("mounts").at(nesting.holder)))
      return false;
    const std::optional<Standing> holder = standing(nesting.holder);
    if (!holder) return false;
    const Outer outer{*holder->tree, *holder->source, options_of(nesting.holder).read_only(),
                      holder->in_memory ? std::optional(owner_in_memory()) : std::nullopt};
    if (is_tmpfs(nesting.mount)) make_tmpfs(stage, nesting, outer);
    const std::optional<Standing> inner = standing(nesting.mount);
    if (!inner) return false;
    nest(kernel_, {*inner->tree, options_of(nesting.mount)}, outer, nesting.below);
    return true;
  } catch (Error& error) {
    throw error.within(join("/mounts", nesting.mount) + "/destination");
  }

  // The recursive words hold of what came along with the source, where they are set already; what
  // stands in it has options of its own.
  static std::vector<std::string> taking_along(const MountOptions& options) {
    std::vector<std::string> words;
    for (const std::string& word : options.words()) {
      const bool recursive =
          word == "rro" || word == "rnosuid" || word == "rnodev" || word == "rnoexec";
      words.push_back(recursive ? word.substr(1) : word);
    }
    if (!options.has("rbind")) words.emplace_back("rbind");
    return words;
  }

  void clone(Placement& placement) try {
    const auto object = objects_.find(placement.operation->object);
    // Mounting by name here would mount whatever stands there by now.
    if (object == objects_.end() || !object->second) {
      throw Error(ErrorKind::refused, placement.operation->pointer,
                  printable(placement.operation->object) + " is not there, or could not be opened");
    }
    placement.tree = kernel_.open_tree(object->second.number(), tree_of(*placement.operation));
    adjust(placement.tree, *placement.operation);
  } catch (Error& error) {
    if (!error.pointer().empty()) throw;  // it says the place itself
    throw error.within(placement.operation->pointer);
  }

  // On every mount of the tree: the runtime's own options reach only the topmost.
  void adjust(const Descriptor& tree, const MountOperation& operation) {
    const MountAttributes attributes{.read_only = operation.read_only,
                                     .nosuid = operation.nosuid,
                                     .nodev = operation.nodev,
                                     .noexec = operation.noexec,
                                     .id_map = operation.id_mapped ? id_map_ : -1};
    if (!operation.id_mapped && !operation.recursive) return;  // the runtime's own options do
    kernel_.set_attributes(tree.number(), tree_of(operation), attributes);
  }

  void place(const StageDirectory& stage, Placement& placement, const WorkDirectory* work) try {
    const MountOperation& operation = *placement.operation;
    switch (operation.kind) {
      case MountKind::clone:
        return stage.place(placement.tree, placement.name);
      case MountKind::overlay:
      case MountKind::overlay_in_memory:
        return place_overlay(stage, placement, work);
      case MountKind::copy:
        placement.tree = made_.copy(stage, placement.name, objects_.at(operation.object), maps_);
        return stage.place(placement.tree, placement.name);
      case MountKind::in_rootfs:
        return stage.place(from_rootfs(stage, operation), placement.name);
      case MountKind::device:
        return stage.place(made_.make_node(stage, placement.name, operation.device),
                           placement.name);
    }
  } catch (Error& error) {
    throw error.within(placement.operation->pointer);
  }

  void place_overlay(const StageDirectory& stage, const Placement& placement,
                     const WorkDirectory* work) {
    const OverlayPlace where{stage.number(), stage.path(), placement.name, id_map_, root_};
    mount_overlay(kernel_, *placement.operation, where, work != nullptr ? work->path() : "");
    MountOperation flags = *placement.operation;
    flags.id_mapped = false;  // its layers are
    flags.recursive = true;
    const Descriptor mounted =
        kernel_.open(stage.number(), placement.name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    adjust(mounted, flags);
  }

  // Of the rootfs as it stands here, without following a link of the image.
  Descriptor from_rootfs(const StageDirectory& stage, const MountOperation& operation) {
    const Descriptor root = kernel_.open(stage.number(), std::string(kRootfs), O_PATH | O_DIRECTORY,
                                         Walk::beneath_no_links);
    const Descriptor object =
        kernel_.open(root.number(), "." + operation.object, O_PATH, Walk::beneath_no_links);
    Descriptor tree = kernel_.open_tree(object.number(), Tree::single);
    adjust(tree, operation);
    return tree;
  }

  void replace_devices(const StageDirectory& stage, Json& copy) const {
    for (auto placement = placements_.rbegin(); placement != placements_.rend(); ++placement) {
      if (placement->operation->kind != MountKind::device) continue;
      const Json::json_pointer pointer(placement->operation->pointer);
      Json& devices = copy.at(pointer.parent_pointer());
      devices.erase(static_cast<std::size_t>(std::stoul(pointer.back())));
      copy["mounts"].push_back(
          Json::object({{"destination", placement->operation->object},
                        {"type", "bind"},
                        {"source", stage.path() + "/" + placement->name},
                        {"options", Json::array({"bind", "nosuid", "noexec", "rprivate"})}}));
    }
  }

  Kernel& kernel_;
  const Plan& plan_;
  const Facts& facts_;
  const HeldObjects& objects_;
  FileSystemIds root_;
  Descriptor ids_;
  int id_map_ = -1;  // the user namespace whose maps mounts are shown through
  std::vector<Placement> placements_;
  std::map<std::size_t, Descriptor> in_memory_;  // by the mount's place in the document
  IdMaps maps_;                                  // the container's, whoever gave them to it
  StageObjects made_{kernel_};
};

std::unique_ptr<WorkDirectory> make_work(Kernel& kernel, const Plan& plan,
                                         const std::string& container) {
  const std::string path = work_directory(plan, container);
  return path.empty() ? nullptr : std::make_unique<WorkDirectory>(kernel, path);
}

}  // namespace

StagedMounts::~StagedMounts() {
  if (!cover_) return;
  try {
    kernel_->unmount(descriptor_path(cover_));
  } catch (const std::exception&) {
    // The namespace ends with this process.
  }
}

StagedMounts stage_mounts(Kernel& kernel, const Environment& environment, const Plan& plan,
                          const Inspection& seen, int bundle_directory,
                          const std::string& container) try {
  if (!environment.root) return {};
  Stager stager(kernel, plan, seen);
  stager.clone_all();
  stager.prepare_root();
  std::unique_ptr<WorkDirectory> work = make_work(kernel, plan, container);
  const StageDirectory stage(kernel, environment, bundle_directory);
  stager.place_all(stage, work.get());
  stage.create_file("config.json", write_document(stager.runtime_copy(stage)));
  return {kernel, stage.cover_config(), std::move(work)};
} catch (Error& error) {
  if (!error.pointer().empty()) throw;  // the pointer comes first
  throw error.within("private mount namespace");
}

}  // namespace hardened
