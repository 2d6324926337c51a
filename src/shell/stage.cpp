// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/stage.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <optional>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/state.hpp"

namespace hardened {
namespace {

// One vetted object on its way to <state>/stage/<name>.
struct Placement {
  std::string pointer;  // of the string in the document that named it
  std::string name;
  const Descriptor* object = nullptr;
  Tree tree = Tree::single;
  Descriptor clone;
};

const Descriptor& held(const HeldObjects& objects, const std::string& path,
                       const std::string& pointer) {
  const auto object = objects.find(path);
  // Mounting by name here would mount whatever stands there by now.
  if (object == objects.end() || !object->second) {
    throw Error(ErrorKind::refused, pointer, printable(path) + " was not opened for inspection");
  }
  return object->second;
}

// As runc decides: the type, or either option; `rbind` anywhere makes it recursive.
std::optional<Tree> bind_tree(const Json& mount) {
  const auto options = find_strings(mount, "/options");
  const auto has = [&](std::string_view option) {
    return std::find(options.begin(), options.end(), option) != options.end();
  };
  if (has("rbind")) return Tree::recursive;
  if (has("bind") || find_string(mount, "/type") == "bind") return Tree::single;
  return std::nullopt;
}

std::vector<Placement> placements(const Json& config, const HeldObjects& objects) {
  std::vector<Placement> placed;
  const Json& mounts = find_array(config, "/mounts");
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    const auto tree = bind_tree(mounts.at(index));
    if (!tree) continue;
    const std::string pointer = join("/mounts", index) + "/source";
    const std::string source = find_string(config, pointer).value_or("");
    placed.push_back(
        {pointer, "m" + std::to_string(index), &held(objects, source, pointer), *tree, {}});
  }
  const Json& namespaces = find_array(config, "/linux/namespaces");
  for (std::size_t index = 0; index < namespaces.size(); ++index) {
    const std::string pointer = join("/linux/namespaces", index) + "/path";
    const std::string path = find_string(config, pointer).value_or("");
    if (path.empty()) continue;  // a new namespace
    placed.push_back(
        {pointer, "ns" + std::to_string(index), &held(objects, path, pointer), Tree::single, {}});
  }
  return placed;
}

// Before the namespace is entered: a clone stays in its source's peer group, which rslave and
// rshared mean, and only mounts of the caller's own namespace can be cloned.
void clone_all(Kernel& kernel, std::vector<Placement>& placed) {
  for (Placement& placement : placed) {
    try {
      placement.clone = kernel.open_tree(placement.object->number(), placement.tree);
    } catch (Error& error) {
      throw error.within(placement.pointer);
    }
  }
}

std::string descriptor_path(const Descriptor& descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor.number());
}

// The mount that contains `directory`, and no other, no longer tells its peers what is mounted
// there. On hosts with a shared / the tmpfs and the covered config.json would else appear on the
// host and stay.
void make_private(Kernel& kernel, const Descriptor& directory) {
  Descriptor root = kernel.duplicate(directory.number(), 3);
  const std::uint64_t mount = kernel.mount_id(root.number());
  for (;;) {
    Descriptor parent = kernel.open(root.number(), "..", O_PATH | O_DIRECTORY, Walk::follow);
    if (kernel.mount_id(parent.number()) != mount) break;
    const struct stat above = kernel.status(parent.number());
    const struct stat here = kernel.status(root.number());
    if (above.st_dev == here.st_dev && above.st_ino == here.st_ino) break;  // "/" is its own parent
    root = std::move(parent);
  }
  kernel.mount("", descriptor_path(root), "", MS_PRIVATE, "");
}

// Descriptors from before unshare lead to the old namespace's mounts; the same directory is needed
// in the new one.
Descriptor reopen(Kernel& kernel, const std::string& path, const struct stat& expected) {
  Descriptor directory = kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow);
  const struct stat found = kernel.status(directory.number());
  if (found.st_dev != expected.st_dev || found.st_ino != expected.st_ino) {
    throw Error(ErrorKind::refused, printable(path) + " was replaced meanwhile");
  }
  return directory;
}

// Covers <state>/stage by a tmpfs that only this namespace sees. What stands on it keeps its own
// mount flags.
Descriptor mount_stage(Kernel& kernel, const std::string& path, const struct stat& expected) {
  const Descriptor below = reopen(kernel, path, expected);
  make_private(kernel, below);
  kernel.mount("hardened", descriptor_path(below), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
               "mode=0711,size=64m");
  return kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow);
}

void create_file(Kernel& kernel, const Descriptor& directory, const std::string& name,
                 std::string_view text) {
  const Descriptor file =
      kernel.open(directory.number(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                  Walk::beneath_no_links, 0600);
  kernel.write_all(file.number(), text);
}

void place(Kernel& kernel, const Descriptor& stage, const Placement& placement) try {
  if (S_ISDIR(kernel.status(placement.clone.number()).st_mode)) {
    kernel.make_directory(stage.number(), placement.name, 0700);
  } else {
    create_file(kernel, stage, placement.name, "");
  }
  kernel.move_mount(placement.clone.number(), stage.number(), placement.name);
} catch (Error& error) {
  throw error.within(placement.pointer);
}

// Puts the copy over the bundle's config.json in this namespace; gives the descriptor of what the
// runtime will read.
Descriptor cover_config(Kernel& kernel, const Descriptor& stage, const std::string& path,
                        const struct stat& expected) {
  const Descriptor bundle = reopen(kernel, path, expected);
  make_private(kernel, bundle);
  const auto look = [&](const Descriptor& directory) {
    return kernel.open(directory.number(), "config.json", O_PATH | O_NOFOLLOW, Walk::follow);
  };
  const Descriptor copy = look(stage);
  const Descriptor clone = kernel.open_tree(copy.number(), Tree::single);
  const Descriptor original = look(bundle);
  kernel.move_mount(clone.number(), original.number(), "");
  return look(bundle);
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

StagedMounts stage_mounts(Kernel& kernel, const Environment& environment, const Json& config,
                          const HeldObjects& objects, int bundle_directory) try {
  if (!environment.root) return {};
  std::vector<Placement> placed = placements(config, objects);
  clone_all(kernel, placed);
  const StateDirectory state = open_state(kernel, environment);
  const std::string path = state.path + "/stage";
  const Descriptor host_stage = make_own_directory(kernel, state.directory.number(), "stage", 0711);
  const struct stat stage_status = kernel.status(host_stage.number());
  const struct stat bundle_status = kernel.status(bundle_directory);
  const auto bundle =
      kernel.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(bundle_directory));
  if (!bundle) throw Error(ErrorKind::unsupported, "/proc is not mounted");

  kernel.unshare_mounts();
  const Descriptor stage = mount_stage(kernel, path, stage_status);
  Json copy = config;
  for (const Placement& placement : placed) {
    place(kernel, stage, placement);
    copy.at(Json::json_pointer(placement.pointer)) = path + "/" + placement.name;
  }
  create_file(kernel, stage, "config.json", write_document(copy));
  return {kernel, cover_config(kernel, stage, *bundle, bundle_status)};
} catch (Error& error) {
  if (!error.pointer().empty()) throw;  // the pointer comes first
  throw error.within("private mount namespace");
}

}  // namespace hardened
