// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "generator.hpp"

namespace hardened::property {
namespace {

// clang-format off
constexpr std::array<const char*, 12> kCommands{
    "create", "run", "exec", "update", "restore", "state", "kill", "delete", "start", "features",
    "spec", "CREATE"};
constexpr std::array<const char*, 56> kFlags{
    "--bundle", "-b", "--root", "--log", "--log-format", "--systemd-cgroup", "--debug",
    "--console-socket", "--pid-file", "--preserve-fds", "--no-pivot", "--no-new-keyring",
    "--detach", "-d", "--process", "-p", "--cap", "-c", "--user", "-u", "--tty", "-t", "--env",
    "-e", "--cwd", "--apparmor", "--no-new-privs", "--process-label", "--additional-gids", "-g",
    "--cgroup", "--resources", "-r", "--memory", "--memory-swap", "--pids-limit", "--cpu-share",
    "--cpu-quota", "--blkio-weight", "--cpu-rt-runtime", "--l3-cache-schema", "--profile",
    "--config", "--cgroup-manager", "--rootless", "--keep", "--image-path", "--help", "--version",
    "--", "-", "-it", "--pids-limit=-1", "--memory=512m", "-bundle", "--unknown"};
constexpr std::array<const char*, 22> kValues{
    "c", "/bundle", "0", "-1", "1000:1000", "CAP_SYS_ADMIN", "true", "false", "max", "64g", "0x10",
    "010", "1.5G", "9223372036854775808", "", "strict", "pids:/x", "../x", "disabled", "sh",
    "unconfined", "A=b"};
// clang-format on

// What an engine could write, and what whoever reaches it could ask: flags that a runtime takes.
std::vector<std::string> exec_arguments(Choices& choices) {
  static constexpr std::array<std::pair<const char*, const char*>, 14> kAsked{
      {{"--cap", "CAP_SYS_ADMIN"},
       {"--cap", "CAP_CHOWN"},
       {"--user", "0"},
       {"--user", "1000:1000"},
       {"--user", "70000"},
       {"--additional-gids", "5"},
       {"--additional-gids", "70000"},
       {"--apparmor", "unconfined"},
       {"--process-label", "u:r:spc_t:s0"},
       {"--cwd", "/proc/self/fd/7"},
       {"--cwd", "/tmp"},
       {"--env", "A=b"},
       {"--no-new-privs", "--tty"},
       {"--cgroup", "/"}}};
  std::vector<std::string> words{"exec"};
  for (std::size_t left = choices.below(5); left > 0; --left) {
    const auto& [flag, value] = choices.one_of(kAsked);
    words.insert(words.end(), {flag, value});
  }
  words.insert(words.end(), {"c", "sh"});
  return words;
}

}  // namespace

std::vector<std::string> arguments(Choices& choices) {
  if (choices.one_in(4)) return exec_arguments(choices);
  std::vector<std::string> words;
  const auto flags = [&](std::size_t most) {
    for (std::size_t left = choices.below(most + 1); left > 0; --left) {
      std::string flag = choices.one_of(kFlags);
      if (choices.one_in(4)) flag += std::string("=") + choices.one_of(kValues);
      words.push_back(std::move(flag));
      if (choices.below(2) == 0) words.emplace_back(choices.one_of(kValues));
    }
  };
  flags(2);
  words.emplace_back(choices.one_of(kCommands));
  flags(4);
  for (std::size_t left = choices.below(3); left > 0; --left) {
    words.emplace_back(choices.one_of(kValues));
  }
  return words;
}

}  // namespace hardened::property
