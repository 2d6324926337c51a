// SPDX-License-Identifier: Apache-2.0
#include "hardened/command/command.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "hardened/command/options.hpp"
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
    Command{"verify", "running containers judged from the kernel: CIS, Pod Security",
            verify_command},
    Command{"policy", "show, check, schema: the policy in force", policy_command},
    Command{"explain", "every change to a container, why, and the setting for it", explain_command},
    Command{"log", "what was decided on this host: filter, follow, sum up", log_command},
    Command{"doctor", "what this host and its Docker leave to be desired", doctor_command},
    Command{"configure", "register hardened with an engine: docker, containerd, crio, podman",
            configure_command},
    Command{"unconfigure", "take it out of an engine's configuration again", unconfigure_command},
    Command{"version", "hardened's own version, and the runtime it becomes", version_command},
    Command{"help", "this text", help_command},
};

// A command that takes no words.
bool parse_nothing(const char* name, Arguments arguments, Kernel& kernel,
                   const char* examples = "") {
  CLI::App app("", std::string("hardened ") + name);
  app.footer(examples);
  return parse_options(app, arguments, kernel);
}

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [&](const Command& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : &*found;
}

int help_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  const Command* named = arguments.empty() ? nullptr : find_command(arguments[0]);
  if (named != nullptr && named->run != help_command) {
    return named->run(std::array{std::string("--help")}, kernel, environment);
  }
  if (!parse_nothing("help", arguments, kernel)) return 0;
  std::string text =
      "hardened: an OCI runtime wrapper; starts containers hardened, then becomes runc\n\n"
      "  hardened configure docker --reload        registers it with an engine\n"
      "  docker run --runtime=hardened IMAGE       starts a container hardened\n"
      "  hardened explain CONTAINER                tells what was changed, and why\n"
      "  hardened dry-run --bundle . --format diff the same before anything starts\n"
      "  hardened COMMAND --help                   has more examples\n\n"
      "  hardened [--profile P] create|run|exec|update ...   as runc, hardened\n"
      "  hardened ANY OTHER RUNC CALL              as runc, untouched\n\n"
      "commands of its own:\n";
  for (const Command& command : kCommands) {
    text.append("  ").append(command.name).append(13 - command.name.size(), ' ');
    text.append(command.summary).append("\n");
  }
  print(kernel, text);
  return 0;
}

// Our own --profile may come first, as it does in an engine's runtimeArgs: how many words it takes.
std::size_t words_of_profile(Arguments arguments) {
  if (arguments.empty()) return 0;
  const std::string_view first = arguments[0];
  if (first.starts_with("--profile=") || first.starts_with("-profile=")) return 1;
  return arguments.size() > 1 && (first == "--profile" || first == "-profile") ? 2 : 0;
}

bool asks_for_help(Arguments arguments) {
  return arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h";
}

}  // namespace

bool is_own_command(Arguments arguments) {
  if (asks_for_help(arguments)) return true;
  const Arguments rest = arguments.subspan(words_of_profile(arguments));
  if (rest.empty() || find_command(rest[0]) == nullptr) return false;
  // `help create` is the runtime's.
  return rest[0] != "help" || rest.size() < 2 || find_command(rest[1]) != nullptr;
}

bool is_own_name(std::string_view name) {
  return name != "help" && find_command(name) != nullptr;  // runtimes have a help too
}

int run_own_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  if (asks_for_help(arguments)) return help_command({}, kernel, environment);
  const std::size_t profile = words_of_profile(arguments);
  const Command* command = find_command(arguments[profile]);
  if (command == nullptr) throw Error(ErrorKind::usage, "unknown command");
  std::vector<std::string> words(arguments.begin() + static_cast<std::ptrdiff_t>(profile) + 1,
                                 arguments.end());
  if (profile != 0) {
    if (command->run != dry_run_command) {
      throw Error(ErrorKind::usage, "--profile does not go before " + std::string(command->name) +
                                        "; `hardened policy show --profile P` prints one");
    }
    const std::string& last = arguments[profile - 1];
    words.insert(words.end(), {"--profile", profile == 2 ? last : last.substr(last.find('=') + 1)});
  }
  return command->run(words, kernel, environment);
}

int version_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  const char* examples =
      "example:\n  hardened version   the first line is hardened's own, the second the runtime's "
      "path;\n"
      "                     what follows the runtime says (hardened --version says that alone)";
  if (!parse_nothing("version", arguments, kernel, examples)) return 0;
  print(kernel, "hardened " HARDENED_VERSION "\n");
  const std::string runtime = find_runtime(kernel, environment);
  print(kernel, "runtime " + runtime + '\n' + kernel.output_of(runtime, {"--version"}));
  return 0;
}

}  // namespace hardened
