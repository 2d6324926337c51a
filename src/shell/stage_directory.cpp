// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/stage_directory.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/state.hpp"

namespace hardened {
namespace {

constexpr mode_t kWalkable = 0711;  // the container's root walks to what is staged

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

// What stands on the stage keeps its own mount flags.
Descriptor mount_stage(Kernel& kernel, const std::string& path, const struct stat& expected) {
  const Descriptor below = reopen(kernel, path, expected);
  make_private(kernel, below);
  kernel.mount("hardened", descriptor_path(below), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
               "mode=0711,size=64m");
  return kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow);
}

}  // namespace

std::string descriptor_path(const Descriptor& descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor.number());
}

StageDirectory::StageDirectory(Kernel& kernel, const Environment& environment, int bundle_directory)
    : kernel_(kernel), bundle_status_(kernel.status(bundle_directory)) {
  const StateDirectory state = open_state(kernel, environment);
  path_ = state.path + "/stage";
  const Descriptor below = make_own_directory(kernel, state.directory.number(), "stage", kWalkable);
  make_own_directory(kernel, below.number(), "rootfs", kWalkable);
  const struct stat expected = kernel.status(below.number());
  const auto bundle =
      kernel.read_link(kWorkingDirectory, "/proc/self/fd/" + std::to_string(bundle_directory));
  if (!bundle) throw Error(ErrorKind::unsupported, "/proc is not mounted");
  bundle_ = *bundle;
  kernel.unshare_mounts();
  directory_ = mount_stage(kernel, path_, expected);
}

void StageDirectory::create_file(const std::string& name, std::string_view text) const {
  const Descriptor file =
      kernel_.open(directory_.number(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                   Walk::beneath_no_links, 0600);
  kernel_.write_all(file.number(), text);
}

void StageDirectory::place(const Descriptor& tree, const std::string& name) const {
  if (S_ISDIR(kernel_.status(tree.number()).st_mode)) {
    kernel_.make_directory(directory_.number(), name, 0700);
  } else {
    create_file(name, "");
  }
  kernel_.move_mount(tree.number(), directory_.number(), name);
}

Descriptor StageDirectory::cover_config() const {
  const Descriptor bundle = reopen(kernel_, bundle_, bundle_status_);
  make_private(kernel_, bundle);
  const auto look = [&](int directory) {
    return kernel_.open(directory, "config.json", O_PATH | O_NOFOLLOW, Walk::follow);
  };
  Descriptor clone = kernel_.open_tree(look(directory_.number()).number(), Tree::single);
  const Descriptor original = look(bundle.number());
  // The last step that can fail: what is covered must be known to whoever uncovers it.
  kernel_.move_mount(clone.number(), original.number(), "");
  return clone;
}

}  // namespace hardened
