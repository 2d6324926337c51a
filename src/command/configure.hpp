// SPDX-License-Identifier: Apache-2.0
// configure and unconfigure, one file for each kind of engine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hardened/shell/engine_file.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

struct ConfigureOptions {
  std::optional<std::string> file;      // of the engine, instead of the one it is known to read
  std::optional<std::string> host;      // Docker's socket
  std::optional<std::string> pid_file;  // Docker's
  bool make_default = false;
  bool dry_run = false;
  bool reload = false;
  bool force = false;  // unconfigure: containers that use it, or cannot be listed, are no reason
};

int configure_docker(Kernel& kernel, const ConfigureOptions& options);
int unconfigure_docker(Kernel& kernel, const ConfigureOptions& options);
// The file of the engine on this host, for `unconfigure --check`.
std::string docker_file(Kernel& kernel, const ConfigureOptions& options);

// The unified difference with its two header lines, harmless for a terminal; empty if none.
std::string difference(const EngineFile& file, std::string_view after);
void print_line(Kernel& kernel, std::string_view text);

}  // namespace hardened
