// SPDX-License-Identifier: Apache-2.0
// hardened dry-run: the same way as a bundle's, up to where something would be written.
#include <algorithm>
#include <iostream>
#include <map>

#include "hardened/command/options.hpp"
#include "hardened/command/rehearsal.hpp"
#include "hardened/core/report.hpp"

namespace hardened {
namespace {

struct Options {
  RehearsalInput input;
  std::string format = "config";
  bool help = false;
};

void require_one_document(const RehearsalInput& options) {
  const auto usage = [](const char* text) { throw Error(ErrorKind::usage, text); };
  const bool config = !options.config.empty() || !options.bundle.empty();
  if (!options.config.empty() && !options.bundle.empty())
    usage("--bundle and --config exclude each other");
  if (!options.process.empty() && !options.resources.empty())
    usage("--process and --resources exclude each other");
  if (!options.resources.empty() && config) usage("--resources goes without --bundle and --config");
  if (!config && options.process.empty() && options.resources.empty())
    usage("one of --bundle, --config, --process, --resources is needed");
  const auto inputs = {options.config, options.process, options.resources, options.policy,
                       options.host_facts};
  if (std::ranges::count(inputs, "-") > 1) usage("standard input can be one document only");
}

// CLI11 takes a lone dash for no option; it stands for `--config -`.
std::vector<std::string> with_dash_named(Arguments arguments) {
  std::vector<std::string> words(arguments.begin(), arguments.end());
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index] == "-" && (index == 0 || !words[index - 1].starts_with("--") ||
                                words[index - 1].find('=') != std::string::npos)) {
      words[index] = "--config=-";
    }
  }
  return words;
}

Options options_of(Arguments arguments, Kernel& kernel) {
  Options options;
  CLI::App app("Print what hardened would hand to the runtime; changes nothing, needs no root.",
               "hardened dry-run");
  const auto option = [&](const char* name, std::string& value, const char* text) {
    return app.add_option(name, value, text)->check([](const std::string& given) {
      return std::string(given.empty() ? "is empty" : "");
    });
  };
  option("--bundle", options.input.bundle, "a bundle directory");
  option("--config", options.input.config, "a config.json; - is standard input");
  option("--process", options.input.process,
         "a process document of exec; a bundle or config beside it is its container's");
  option("--resources", options.input.resources, "a resources document of update");
  option("--profile", options.input.profile, "profile to use");
  option("--policy", options.input.policy,
         "a policy file (-: standard input) instead of the host's");
  option("--host-facts", options.input.host_facts,
         "facts about the host to judge by, as `doctor --facts` prints them");
  option("--format", options.format, "config, diff, patch, table or json")
      ->check(CLI::IsMember({"config", "diff", "patch", "table", "json"}));
  app.footer(
      "The host ids of a user namespace are an example: each create draws a range that is free.\n"
      "exit code: 0 printed, 1 system error, 2 invalid input, 3 refused\n"
      "examples:\n  hardened dry-run --bundle . --format diff\n"
      "  hardened dry-run --config config.json --format table --profile strict\n"
      "  runc spec && hardened dry-run --config - < config.json");
  options.help = !parse_options(app, with_dash_named(arguments), kernel);
  if (!options.help) require_one_document(options.input);
  return options;
}

ReportFormat format_of(const std::string& name) {
  static const std::map<std::string, ReportFormat> kFormats{{"config", ReportFormat::config},
                                                            {"diff", ReportFormat::diff},
                                                            {"patch", ReportFormat::patch},
                                                            {"table", ReportFormat::table},
                                                            {"json", ReportFormat::json}};
  return kFormats.at(name);
}

}  // namespace

int dry_run_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  const Options options = options_of(arguments, kernel);
  if (options.help) return 0;
  const Rehearsal outcome = rehearse(kernel, environment, options.input);
  tell_unverified(outcome.plan);
  // An engine shows one line; here there is room for every one.
  for (const Refusal& refusal : outcome.plan.refusals) {
    std::cerr << "hardened: " << describe(refusal) << '\n';
  }
  if (!outcome.plan.refusals.empty()) return refused(outcome.plan.refusals.front()).exit_code();
  const bool colour = environment.terminal && !environment.no_colour;
  print(kernel, report(outcome.original, outcome.plan, format_of(options.format),
                       {.colour = colour ? Colour::yes : Colour::no,
                        .columns = environment.terminal ? environment.columns : 0,
                        .document = outcome.kind,
                        .example = outcome.example}));
  return 0;
}

}  // namespace hardened
