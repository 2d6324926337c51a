// SPDX-License-Identifier: Apache-2.0
#include "attempt.hpp"

#include <cerrno>

namespace hardened::probe {
namespace {

int errno_of(long answer) { return answer < 0 && answer > -4096 ? static_cast<int>(-answer) : 0; }

}  // namespace

Outcome by_errno(long answer) {
  const int error = errno_of(answer);
  switch (error) {
    case EPERM:
    case EACCES:
    case EROFS:
    case ENOSYS:
    case EAFNOSUPPORT:
      return {Result::denied, error};
    default:
      return {Result::reached, error};
  }
}

Outcome by_success(long answer) {
  const int error = errno_of(answer);
  return {error == 0 ? Result::reached : Result::denied, error};
}

Outcome by_place(long answer) {
  const int error = errno_of(answer);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
    case ENODEV:
      return {Result::absent, error};
    default:
      return by_errno(answer);
  }
}

}  // namespace hardened::probe
