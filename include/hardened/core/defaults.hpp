// SPDX-License-Identifier: Apache-2.0
// The files of defaults/, compiled in.
#pragma once

#include <string_view>
#include <vector>

namespace hardened {

// `name` is the path below defaults/, such as "profiles/standard.json". Throws Error(system) when
// there is no such file: a build that lost a default must not run.
std::string_view default_file(std::string_view name);

// The names of all files below `directory` ("profiles/"), sorted.
std::vector<std::string_view> default_files(std::string_view directory);

}  // namespace hardened
