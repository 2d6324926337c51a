// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/policy.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "hardened/command/options.hpp"
#include "hardened/core/defaults.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
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
void check(const Options& options, Kernel& kernel, const Environment& environment) {
  if (options.files.empty()) load_policy(kernel, environment);
  for (const std::string& file : options.files) load_policy_file(kernel, file);
}

void add_examples(CLI::App& all, CLI::App& show, CLI::App& check, CLI::App& schema) {
  show.footer(
      "examples:\n  hardened policy show                     everything in force on this host\n"
      "  hardened policy show --profile strict    one profile, with what it extends\n"
      "  hardened policy show --policy new.json   what a file would make of it");
  check.footer(
      "exit code: 0 accepted, 1 system error, 2 not accepted\n"
      "examples:\n  hardened policy check               those of /etc/hardened\n"
      "  hardened policy check new.json && install -m 644 new.json /etc/hardened/policy.d/");
  schema.footer("example, for an editor:\n  hardened policy schema > policy.schema.json");
  all.footer(
      "examples:\n  hardened policy show --profile standard\n  hardened policy check new.json\n"
      "  hardened policy SUBCOMMAND --help");
}

}  // namespace

int policy_command(std::span<const std::string> arguments, Kernel& kernel,
                   const Environment& environment) {
  Options options;
  CLI::App app("Shows, checks and describes policies.", "hardened policy");
  app.require_subcommand(1);
  CLI::App* showing = app.add_subcommand("show", "print the policy in force");
  showing->add_option("--profile", options.profile, "one profile, with what it extends");
  showing->add_option("--policy", options.policy,
                      "this file (-: standard input) instead of the installed ones");
  CLI::App* checking = app.add_subcommand("check", "say nothing, or what is wrong and where");
  checking->add_option("FILE", options.files,
                       "policy files, - for standard input; without one, the installed ones");
  CLI::App* schema = app.add_subcommand("schema", "print the JSON Schema of policy files");
  add_examples(app, *showing, *checking, *schema);

  const std::vector<std::string_view> known{"show", "check", "schema"};
  if (!arguments.empty() && !arguments[0].starts_with('-') &&
      std::ranges::find(known, arguments[0]) == known.end()) {
    throw Error(ErrorKind::usage, "policy: no such command: " + printable(arguments[0], 60) +
                                      did_you_mean(arguments[0], known));
  }
  if (!parse_options(app, arguments, kernel)) return 0;
  std::string output;
  if (*showing) {
    output = show(options, kernel, environment);
  } else if (*checking) {
    check(options, kernel, environment);
  } else {
    output = default_file("policy.schema.json");
  }
  print(kernel, output);
  return 0;
}

}  // namespace hardened
