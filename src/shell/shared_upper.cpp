// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/shared_upper.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "hardened/core/error.hpp"

namespace hardened {
namespace {

void forget(Kernel& kernel, const std::string& path) {
  try {
    kernel.forget_names(
        kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow).number());
  } catch (const Error&) {
    // Not there, or not to be had: what is cached stays.
  }
}

void copy_up(Kernel& kernel, int root, const std::string& path) {
  const Descriptor directory =
      kernel.open(root, "." + path, O_RDONLY | O_DIRECTORY, Walk::beneath_no_links);
  kernel.change_mode(directory.number(), kernel.status(directory.number()).st_mode & 07777);
}

}  // namespace

void prepare_shared_upper(Kernel& kernel, int root, const std::vector<std::string>& directories,
                          const std::vector<std::string>& pinned) {
  for (const std::string& path : directories) copy_up(kernel, root, path);
  for (const std::string& path : pinned) {
    try {
      copy_up(kernel, root, path);
    } catch (const Error& error) {
      constexpr std::array kNothingToPin{ENOENT, ENOTDIR, ELOOP, EXDEV, EROFS};
      if (std::ranges::find(kNothingToPin, error.number()) == kNothingToPin.end()) throw;
    }
  }
  kernel.forget_names(root);
}

void refresh_shared_upper(Kernel& kernel, const std::string& root, std::int64_t init) {
  if (root.empty()) return;
  forget(kernel, root);
  if (init > 0) forget(kernel, "/proc/" + std::to_string(init) + "/root");
}

}  // namespace hardened
