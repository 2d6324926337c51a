// SPDX-License-Identifier: Apache-2.0
#include "core/invocation_flags.hpp"

#include <algorithm>
#include <span>

namespace hardened {
namespace {

// `help` and `version` end the call in the runtime; `profile` is ours.
constexpr FlagSpec kGlobal[]{
    {"cgroup-manager", "", Arity::value},  // crun
    {"criu", "", Arity::value},            // runc, obsolete
    {"debug", "", Arity::boolean},
    {"help", "h", Arity::boolean},
    {"log", "", Arity::value},
    {"log-format", "", Arity::value},
    {"log-level", "", Arity::value},  // crun
    {"profile", "", Arity::value},
    {"root", "", Arity::value},
    {"rootless", "", Arity::value},
    {"systemd-cgroup", "", Arity::boolean},
    {"version", "vV", Arity::boolean},
};

constexpr FlagSpec kCreate[]{
    {"bundle", "b", Arity::value},
    {"config", "f", Arity::value},  // crun; known so that it is refused by name
    {"console-socket", "", Arity::value},
    {"help", "h", Arity::boolean},
    {"no-new-keyring", "", Arity::boolean},
    {"no-pivot", "", Arity::boolean},
    {"no-subreaper", "", Arity::boolean},  // crun
    {"pid-file", "", Arity::value},
    {"pidfd-socket", "", Arity::value},
    {"preserve-fds", "", Arity::value},
};

constexpr FlagSpec kRun[]{
    {"bundle", "b", Arity::value},
    {"config", "f", Arity::value},  // crun; known so that it is refused by name
    {"console-socket", "", Arity::value},
    {"detach", "d", Arity::boolean},
    {"help", "h", Arity::boolean},
    {"keep", "", Arity::boolean},
    {"no-new-keyring", "", Arity::boolean},
    {"no-pivot", "", Arity::boolean},
    {"no-subreaper", "", Arity::boolean},
    {"pid-file", "", Arity::value},
    {"pidfd-socket", "", Arity::value},
    {"preserve-fds", "", Arity::value},
};

// Without crun's `network-lock`: its table says that it takes no value, its code takes one.
constexpr FlagSpec kRestore[]{
    {"auto-dedup", "", Arity::boolean},
    {"bundle", "b", Arity::value},
    {"console-socket", "", Arity::value},
    {"detach", "d", Arity::boolean},
    {"empty-ns", "", Arity::value},
    {"ext-unix-sk", "", Arity::boolean},
    {"file-locks", "", Arity::boolean},
    {"help", "h", Arity::boolean},
    {"image-path", "", Arity::value},
    {"lazy-pages", "", Arity::boolean},
    {"lsm-mount-context", "", Arity::value},
    {"lsm-profile", "", Arity::value},
    {"manage-cgroups-mode", "", Arity::value},
    {"no-pivot", "", Arity::boolean},
    {"no-subreaper", "", Arity::boolean},
    {"pid-file", "", Arity::value},
    {"shell-job", "", Arity::boolean},
    {"tcp-close", "", Arity::boolean},  // crun
    {"tcp-established", "", Arity::boolean},
    {"work-path", "", Arity::value},
};

constexpr FlagSpec kExec[]{
    {"additional-gids", "g", Arity::value},
    {"apparmor", "", Arity::value},
    {"cap", "c", Arity::value},
    {"cgroup", "", Arity::value},
    {"console-socket", "", Arity::value},
    {"cwd", "", Arity::value},
    {"detach", "d", Arity::boolean},
    {"env", "e", Arity::value},
    {"help", "h", Arity::boolean},
    {"ignore-paused", "", Arity::boolean},
    {"no-new-privs", "", Arity::boolean},
    {"pid-file", "", Arity::value},
    {"pidfd-socket", "", Arity::value},
    {"preserve-fds", "", Arity::value},
    {"process", "p", Arity::value},
    {"process-label", "", Arity::value},
    {"tty", "t", Arity::boolean},
    {"user", "u", Arity::value},
};

constexpr FlagSpec kUpdate[]{
    {"blkio-weight", "", Arity::value},
    {"cpu-burst", "", Arity::value},
    {"cpu-idle", "", Arity::value},
    {"cpu-period", "", Arity::value},
    {"cpu-quota", "", Arity::value},
    {"cpu-rt-period", "", Arity::value},
    {"cpu-rt-runtime", "", Arity::value},
    {"cpu-share", "", Arity::value},
    {"cpuset-cpus", "", Arity::value},
    {"cpuset-mems", "", Arity::value},
    {"help", "h", Arity::boolean},
    {"kernel-memory", "", Arity::value},
    {"kernel-memory-tcp", "", Arity::value},
    {"l3-cache-schema", "", Arity::value},
    {"mem-bw-schema", "", Arity::value},
    {"memory", "", Arity::value},
    {"memory-reservation", "", Arity::value},
    {"memory-swap", "", Arity::value},
    {"pids-limit", "", Arity::value},
    {"resources", "r", Arity::value},
};

std::span<const FlagSpec> flags_of(Operation operation) {
  switch (operation) {
    case Operation::create:
      return kCreate;
    case Operation::run:
      return kRun;
    case Operation::restore:
      return kRestore;
    case Operation::exec:
      return kExec;
    case Operation::update:
      return kUpdate;
    case Operation::forward:
      return {};
  }
  return {};
}

const FlagSpec* find_in(std::span<const FlagSpec> flags, std::string_view name) {
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const FlagSpec& flag) {
    return flag.name == name ||
           (name.size() == 1 && flag.shorthand.find(name.front()) != std::string_view::npos);
  });
  return found == flags.end() ? nullptr : &*found;
}

}  // namespace

const FlagSpec* find_global_flag(std::string_view name) { return find_in(kGlobal, name); }

const FlagSpec* find_flag(Operation operation, std::string_view name) {
  return find_in(flags_of(operation), name);
}

}  // namespace hardened
