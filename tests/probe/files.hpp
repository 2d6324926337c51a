// SPDX-License-Identifier: Apache-2.0
// Looks at files without changing them: what is opened for writing is never written.
#pragma once

#include <string>

#include "attempt.hpp"

namespace hardened::probe {

// Opened for writing. Absent where there is nothing, refused where a mask lies there instead of the
// file.
Outcome writable(const std::string& path);

// One byte of it was read.
Outcome readable(const std::string& path);

// Any regular file below `directory` that opens for writing; `detail` says how many, and the first.
// Links are not followed, and names that begin with a digit or are `self` or `thread-self` are left
// out: processes in /proc.
Outcome any_writable_below(const std::string& directory);

// A file could be made in the directory; it is removed again.
Outcome makes_files(const std::string& directory);

}  // namespace hardened::probe
