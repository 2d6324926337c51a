// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/rootfs.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/core/mountinfo.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/stage_directory.hpp"

namespace hardened {
namespace {

namespace fs = std::filesystem;

Descriptor open_directory(Kernel& kernel, const std::string& path) {
  return kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::no_links);
}

std::string common_ancestor(const std::string& one, const std::string& other) {
  std::string ancestor = one;
  while (!lies_in(other, ancestor)) ancestor = fs::path(ancestor).parent_path();
  return ancestor;
}

// Directories of one mount, all shown by one id-mapped clone of the directory above them: a hundred
// layers cost one mount.
struct Group {
  std::string ancestor;
  Descriptor clone;  // placed
};

class OverlayBuilder {
 public:
  OverlayBuilder(Kernel& kernel, const MountOperation& operation, const OverlayPlace& place)
      : kernel_(kernel), operation_(operation), place_(place) {}

  ~OverlayBuilder() {
    // An overlay keeps clones of its own of what it lies on.
    for (auto& [mount, group] : groups_) uncover(group.clone);
    uncover(memory_);
  }
  OverlayBuilder(const OverlayBuilder&) = delete;
  OverlayBuilder& operator=(const OverlayBuilder&) = delete;

  void build(const std::string& work) {
    std::vector<std::string> lower = operation_.overlay.lower;
    const bool in_memory = operation_.kind == MountKind::overlay_in_memory;
    if (in_memory && !operation_.overlay.upper.empty()) {
      lower.insert(lower.begin(), operation_.overlay.upper);
    }
    for (const std::string& path : lower) layers_.push_back(shown(path));
    if (in_memory) {
      make_memory();
    } else {
      upper_ = shown(operation_.overlay.upper, work);
      work_ = shown(work, operation_.overlay.upper);
    }
    mount();
  }

 private:
  // The same directory through an id-mapped clone. `beside`: another one that must be on the same
  // clone.
  Descriptor shown(const std::string& path, const std::string& beside = "") {
    const Descriptor original = open_directory(kernel_, path);
    const std::uint64_t mount = kernel_.mount_id(original.number());
    const bool writable = !beside.empty();
    Group& group = groups_[{mount, writable}];
    if (!group.clone) {
      group.ancestor = writable ? common_ancestor(path, beside) : layers_ancestor(path, mount);
      group.clone = placed_clone(group.ancestor);
    }
    const std::string below = fs::path(path).lexically_relative(group.ancestor);
    Descriptor directory =
        kernel_.open(group.clone.number(), below, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    const struct stat expected = kernel_.status(original.number());
    const struct stat found = kernel_.status(directory.number());
    if (expected.st_dev != found.st_dev || expected.st_ino != found.st_ino) {
      throw Error(ErrorKind::unsupported,
                  "the layer " + printable(path) + " is covered by another mount");
    }
    return directory;
  }

  // Of all the layers on that mount.
  std::string layers_ancestor(const std::string& path, std::uint64_t mount) {
    std::string ancestor = path;
    for (const std::string& layer : operation_.overlay.lower) {
      const std::string candidate = common_ancestor(ancestor, layer);
      if (kernel_.mount_id(open_directory(kernel_, candidate).number()) == mount) {
        ancestor = candidate;
      }
    }
    return ancestor;
  }

  // A mount stands at a name before overlay takes directories of it: kernels before 6.15 refuse
  // those of a detached one.
  Descriptor placed_clone(const std::string& path) {
    const Descriptor directory = open_directory(kernel_, path);
    const Descriptor clone = kernel_.open_tree(directory.number(), Tree::single);
    try {
      kernel_.set_attributes(clone.number(), Tree::single,
                             {.make_private = true, .id_map = place_.user_namespace});
    } catch (const Error& error) {
      throw Error(ErrorKind::unsupported,
                  "the layers in " + printable(path) + " cannot be id-mapped: " + error.what());
    }
    return placed(clone, place_.name + "-" + std::to_string(groups_.size()));
  }

  Descriptor placed(const Descriptor& tree, const std::string& name) {
    kernel_.make_directory(place_.stage, name, 0700);
    kernel_.move_mount(tree.number(), place_.stage, name);
    return kernel_.open(place_.stage, name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
  }

  // What the runtime makes in a rootfs that is read-only afterwards: its mount points.
  void make_memory() {
    const std::string name = place_.name + "-memory";
    kernel_.make_directory(place_.stage, name, 0700);
    kernel_.mount("hardened", place_.stage_path + "/" + name, "tmpfs", MS_NOSUID | MS_NODEV,
                  "mode=0700,size=16m");
    memory_ = kernel_.open(place_.stage, name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    upper_ = in_memory("upper");
    work_ = in_memory("work");
    // The upper directory is what the container sees as its /.
    const struct stat top = kernel_.status(layers_.front().number());
    const Descriptor writable =
        kernel_.open(memory_.number(), "upper", O_RDONLY | O_DIRECTORY, Walk::beneath_no_links);
    kernel_.change_owner(writable.number(), top.st_uid, top.st_gid);
    kernel_.change_mode(writable.number(), top.st_mode & 07777);
  }

  Descriptor in_memory(const std::string& name) {
    kernel_.make_directory(memory_.number(), name, 0700);
    const Descriptor made =
        kernel_.open(memory_.number(), name, O_RDONLY | O_DIRECTORY, Walk::beneath_no_links);
    kernel_.change_owner(made.number(), place_.root.user, place_.root.group);
    return kernel_.open(memory_.number(), name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
  }

  void mount() {
    kernel_.make_directory(place_.stage, place_.name, 0755);
    const Descriptor context = kernel_.open_file_system("overlay");
    if (created(context)) {
      const Descriptor overlay = kernel_.mount_file_system(context.number());
      kernel_.move_mount(overlay.number(), place_.stage, place_.name);
    } else {
      kernel_.mount_as(place_.root, place_.stage_path + "/" + place_.name, "overlay",
                       option_text());
    }
    const Descriptor result =
        kernel_.open(place_.stage, place_.name, O_PATH | O_DIRECTORY, Walk::beneath_no_links);
    // A work directory that overlay cannot use makes it read-only, and mount succeeds all the same.
    if (kernel_.read_only(result.number())) {
      throw Error(ErrorKind::unsupported,
                  "the kernel made the overlay read-only: its work directory cannot be used");
    }
  }

  // False: kernels before 6.5 take layers in one string only, of a page at most. They take any
  // option when it is given, as long as all fit a page, and answer at the end.
  bool created(const Descriptor& context) try {
    for (const Descriptor& layer : layers_) {
      configure(context, "lowerdir+", descriptor_path(layer));
    }
    configure(context, "upperdir", descriptor_path(upper_));
    configure(context, "workdir", descriptor_path(work_));
    configure(context, "source", "hardened");
    for (const std::string& option : options()) {
      const std::size_t equals = std::min(option.find('='), option.size());
      configure(context, option.substr(0, equals),
                option.substr(std::min(equals + 1, option.size())));
    }
    kernel_.create_as(context.number(), place_.root);
    return true;
  } catch (const Error& error) {
    if (error.number() != EINVAL) throw;
    return false;
  }

  void configure(const Descriptor& context, const std::string& key, const std::string& value) {
    kernel_.configure(context.number(), key, value);
  }

  std::vector<std::string> options() const {
    std::vector<std::string> options = operation_.overlay.options;
    // With an index the upper directory would be marked as this overlay's, and refused to the
    // engine's. What is in memory needs no volatile mark, and must not outlive one.
    options.emplace_back("index=off");
    if (operation_.kind == MountKind::overlay_in_memory) std::erase(options, "volatile");
    return options;
  }

  std::string option_text() const {
    std::string text = "lowerdir=";
    for (const Descriptor& layer : layers_) {
      text += (&layer == &layers_.front() ? "" : ":") + descriptor_path(layer);
    }
    text += ",upperdir=" + descriptor_path(upper_) + ",workdir=" + descriptor_path(work_);
    for (const std::string& option : options()) {
      const std::size_t value = option.find('=') + 1;
      // A label with commas.
      text += option.find(',') == std::string::npos
                  ? "," + option
                  : "," + option.substr(0, value) + '"' + option.substr(value) + '"';
    }
    return text;
  }

  void uncover(const Descriptor& directory) noexcept {
    if (!directory) return;
    try {
      kernel_.unmount(descriptor_path(directory));
    } catch (const std::exception&) {
      // It goes with the mount namespace.
    }
  }

  Kernel& kernel_;
  const MountOperation& operation_;
  const OverlayPlace& place_;
  std::map<std::pair<std::uint64_t, bool>, Group> groups_;  // by mount, and whether for writing
  std::vector<Descriptor> layers_;
  Descriptor memory_, upper_, work_;
};

const std::string kOwn = "hardened-";

Descriptor open_parent(Kernel& kernel, const std::string& path) {
  return kernel.open(kWorkingDirectory, fs::path(path).parent_path(), O_RDONLY | O_DIRECTORY,
                     Walk::no_links);
}

void remove_quietly(Kernel& kernel, int parent, const std::string& name) noexcept {
  try {
    kernel.unlink(parent, name, AT_REMOVEDIR);
  } catch (const std::exception&) {
    // The engine removes it with the layer.
  }
}

}  // namespace

WorkDirectory::WorkDirectory(Kernel& kernel, const std::string& path)
    : kernel_(kernel), path_(path) {
  const Descriptor parent = open_parent(kernel, path);
  kernel.make_directory(parent.number(), fs::path(path).filename(), 0700);
}

WorkDirectory::~WorkDirectory() { remove_work_directory(kernel_, path_); }

std::string work_directory(const Plan& plan, const std::string& container) {
  for (const MountOperation& operation : plan.operations) {
    if (operation.kind != MountKind::overlay) continue;
    return fs::path(operation.overlay.work).parent_path() / (kOwn + container);
  }
  return "";
}

void remove_work_directory(Kernel& kernel, const std::string& path) noexcept {
  try {
    const std::string name = fs::path(path).filename();
    if (!name.starts_with(kOwn)) return;
    const Descriptor parent = open_parent(kernel, path);
    for (const char* made : {"/work", "/index", ""}) {
      remove_quietly(kernel, parent.number(), name + made);
    }
  } catch (const std::exception&) {
    // Gone with the layer.
  }
}

void mount_overlay(Kernel& kernel, const MountOperation& operation, const OverlayPlace& place,
                   const std::string& work) {
  OverlayBuilder(kernel, operation, place).build(work);
}

}  // namespace hardened
