// SPDX-License-Identifier: Apache-2.0
// What dockerd runs with: daemon.json and its command line in one object, by the keys of
// daemon.json. Options that doctor asks nothing about are kept as they are or left out.
#pragma once

#include <string>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened {

// dockerd takes no words but options, so a word without dashes is the value of the one before it.
// What is given in both places ends dockerd at its start; here the command line wins.
Json daemon_settings(const std::vector<std::string>& arguments, const Json& file);

// The value of --config-file, or `otherwise`.
std::string config_file_of(const std::vector<std::string>& arguments, const std::string& otherwise);

}  // namespace hardened
