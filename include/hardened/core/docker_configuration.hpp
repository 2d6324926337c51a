// SPDX-License-Identifier: Apache-2.0
// daemon.json, dockerd's configuration, as text: what it says of runtimes, and the same text with
// hardened in it or out of it. Refuses broken JSON with its line and column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hardened {

inline constexpr std::string_view kRuntimeName = "hardened";  // in every engine's configuration

struct DockerSettings {
  std::vector<std::string> runtimes;           // the names in `runtimes`
  std::optional<std::string> hardened_path;    // of the runtime `hardened`
  std::optional<std::string> default_runtime;  // unset: runc
  std::optional<std::string> pidfile;
  std::vector<std::string> hosts;
};

DockerSettings docker_settings(std::string_view text);

// With the runtime `hardened` at `path`; what else its entry has stays.
std::string docker_with_runtime(std::string_view text, std::string_view path);
std::string docker_with_default(std::string_view text, std::string_view name);

// Without it. A default that names it becomes `earlier`, where that is still a runtime, else runc:
// dockerd refuses to start with a default that it does not know, and a reload keeps the old default
// in memory unless the key is there with another value.
std::string docker_without_runtime(std::string_view text,
                                   const std::optional<std::string>& earlier);

// The flag of dockerd's command line that may not stand beside the keys that configure writes (it
// would not start again), or nullopt.
std::optional<std::string> docker_flag_conflict(const std::vector<std::string>& command_line,
                                                bool with_default);

// The value of `--name VALUE` or `--name=VALUE`; the last one counts.
std::optional<std::string> flag_value(const std::vector<std::string>& command_line,
                                      std::string_view name);

}  // namespace hardened
