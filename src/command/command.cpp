// SPDX-License-Identifier: Apache-2.0
#include "hardened/command/command.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <string_view>

#include "hardened/core/error.hpp"
#include "hardened/shell/runtime.hpp"

namespace hardened {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(Arguments, Kernel&, const Environment&);
};

int help_command(Arguments, Kernel&, const Environment&);

constexpr std::array kCommands{
    Command{"dry-run", "print the rewritten config.json, or what changed and why", dry_run_command},
    Command{"policy", "show, check, schema: the policy in force", policy_command},
    Command{"doctor", "what this host offers (--facts: for dry-run --host-facts)", doctor_command},
    Command{"version", "hardened's own version, and the runtime it becomes", version_command},
    Command{"help", "this text", help_command},
};

int help_command(Arguments, Kernel&, const Environment&) {
  std::cout << "hardened: an OCI runtime wrapper; starts containers hardened, then becomes runc\n\n"
               "  docker run --runtime=hardened IMAGE       after registering it in daemon.json\n"
               "  hardened dry-run --bundle DIR --format diff\n"
               "  hardened [--profile P] create|run|exec|update ...   as runc, hardened\n"
               "  hardened ANY OTHER RUNC CALL              as runc, untouched\n\n"
               "commands of its own:\n";
  for (const Command& command : kCommands) {
    std::cout << "  " << command.name << std::string(12 - command.name.size(), ' ')
              << command.summary << '\n';
  }
  return 0;
}

const Command* find_command(Arguments arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h")
    return &kCommands.back();
  const auto found = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& command) {
    return command.name == arguments[0];
  });
  return found == kCommands.end() ? nullptr : &*found;
}

}  // namespace

bool is_own_command(Arguments arguments) { return find_command(arguments) != nullptr; }

int run_own_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  const Command* command = find_command(arguments);
  if (command == nullptr) throw Error(ErrorKind::usage, "unknown command");
  return command->run(arguments.empty() ? arguments : arguments.subspan(1), kernel, environment);
}

int version_command(Arguments, Kernel& kernel, const Environment& environment) {
  std::cout << "hardened " HARDENED_VERSION "\n";
  const std::string runtime = find_runtime(kernel, environment);
  std::cout << "runtime " << runtime << '\n' << kernel.output_of(runtime, {"--version"});
  return 0;
}

}  // namespace hardened
