// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/shared_upper.hpp"

#include <fcntl.h>

#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestState = 16U << 20;

// As runc and crun keep it, in a form of their own; asking them would start a process.
std::int64_t init_pid(Kernel& kernel, const ContainerKey& key) {
  for (const auto& [file, pointer] :
       {std::pair{"/state.json", "/init_process_pid"}, std::pair{"/status", "/pid"}}) {
    try {
      const Descriptor state = kernel.open(kWorkingDirectory, key.root + "/" + key.id + file,
                                           O_RDONLY | O_NOFOLLOW, Walk::follow);
      return find_integer(parse_document(kernel.read_all(state.number(), kLargestState)), pointer)
          .value_or(0);
    } catch (const Error&) {
      // Another runtime's.
    }
  }
  return 0;
}

void forget(Kernel& kernel, const std::string& path) {
  try {
    kernel.forget_names(
        kernel.open(kWorkingDirectory, path, O_PATH | O_DIRECTORY, Walk::follow).number());
  } catch (const Error&) {
    // Not there, or not to be had: what is cached stays.
  }
}

}  // namespace

void prepare_shared_upper(Kernel& kernel, int root, const std::vector<std::string>& directories) {
  for (const std::string& path : directories) {
    const Descriptor directory =
        kernel.open(root, "." + path, O_RDONLY | O_DIRECTORY, Walk::beneath_no_links);
    kernel.change_mode(directory.number(), kernel.status(directory.number()).st_mode & 07777);
  }
  kernel.forget_names(root);
}

void refresh_shared_upper(Kernel& kernel, const std::string& root, const ContainerKey& key) {
  if (root.empty()) return;
  forget(kernel, root);
  if (const std::int64_t pid = init_pid(kernel, key); pid > 0) {
    forget(kernel, "/proc/" + std::to_string(pid) + "/root");
  }
}

}  // namespace hardened
