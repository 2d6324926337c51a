// SPDX-License-Identifier: Apache-2.0
// An archive of one file, for an image that holds nothing else.
#pragma once

#include <string>
#include <string_view>

namespace hardened {

// ustar (POSIX.1-1988): an executable of root's, at most 8 GiB; `name` of at most 100 bytes.
std::string archive_of(std::string_view name, std::string_view content);

}  // namespace hardened
