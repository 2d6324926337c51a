// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/policy.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <vector>

#include "hardened/command/command.hpp"
#include "hardened/core/defaults.hpp"
#include "hardened/core/error.hpp"
#include "hardened/shell/policy_files.hpp"

namespace hardened {
namespace {

struct Options {
  std::optional<std::string> profile;
  std::optional<std::string> policy;
  std::vector<std::string> files;
};

std::string show(const Options& options, Kernel& kernel, const Environment& environment) {
  const Policy policy =
      options.policy ? load_policy_file(kernel, *options.policy) : load_policy(kernel, environment);
  return policy_show(policy, options.profile);
}

// Each file alone over the built-in policy; without files the ones in force, as a start would read
// them.
std::string check(const Options& options, Kernel& kernel, const Environment& environment) {
  if (options.files.empty()) load_policy(kernel, environment);
  for (const std::string& file : options.files) load_policy_file(kernel, file);
  return "";
}

}  // namespace

int policy_command(std::span<const std::string> arguments, Kernel& kernel,
                   const Environment& environment) {
  Options options;
  CLI::App app("Shows, checks and describes policies.", "hardened policy");
  app.require_subcommand(1);
  CLI::App* showing = app.add_subcommand("show", "print the policy in force");
  showing->add_option("--profile", options.profile, "one profile, with what it extends");
  showing->add_option("--policy", options.policy, "this file instead of the installed ones");
  CLI::App* checking = app.add_subcommand("check", "say nothing, or what is wrong and where");
  checking->add_option("FILE", options.files, "policy files; without one, the installed ones");
  app.add_subcommand("schema", "print the JSON Schema of policy files");

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  std::string output;
  try {
    app.parse(reversed);
    if (*showing) {
      output = show(options, kernel, environment);
    } else if (*checking) {
      output = check(options, kernel, environment);
    } else {
      output = default_file("policy.schema.json");
    }
  } catch (const CLI::CallForHelp&) {
    output = app.help();
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::usage, std::string("policy: ") + error.what());
  }
  kernel.write_all(STDOUT_FILENO, output);
  return 0;
}

}  // namespace hardened
