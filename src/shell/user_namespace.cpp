// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/user_namespace.hpp"

#include <fcntl.h>

#include <cstdint>
#include <sstream>

namespace hardened {
namespace {

constexpr ino_t kInitialUserNamespace = 0xEFFFFFFDU;  // PROC_USER_INIT_INO

}  // namespace

bool in_initial_user_namespace(Kernel& kernel) {
  const Descriptor own = kernel.open(kWorkingDirectory, "/proc/self/ns/user", O_PATH, Walk::follow);
  if (kernel.status(own.number()).st_ino != kInitialUserNamespace) return false;
  const Descriptor map =
      kernel.open(kWorkingDirectory, "/proc/self/uid_map", O_RDONLY, Walk::follow);
  std::istringstream text(kernel.read_all(map.number(), 1U << 16));
  std::uint64_t inside = 1;
  std::uint64_t outside = 1;
  std::uint64_t size = 0;
  text >> inside >> outside >> size;
  return inside == 0 && outside == 0 && size == UINT32_MAX;
}

}  // namespace hardened
