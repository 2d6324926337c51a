// SPDX-License-Identifier: Apache-2.0
#include "hardened/command/options.hpp"
#include "hardened/core/diagnosis.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/observe.hpp"
#include "hardened/shell/policy_files.hpp"

namespace hardened {
namespace {

struct Options {
  bool facts = false;
  std::string format = "text";
  Whereabouts where;
};

std::string facts_of(Kernel& kernel, const Environment& environment) {
  const Policy policy = load_policy(kernel, environment);
  Facts found;
  const Profile profile = policy.profile(policy.default_profile());
  found.host = inspect_host(kernel, profile);
  // What a create would get on a host without other containers: nothing is taken by looking.
  if (found.host.initial_user_namespace) {
    found.host.id_range = first_range(profile.settings("user-namespace"));
  }
  return to_json(found).dump(2) + '\n';
}

}  // namespace

int doctor_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  Options options;
  CLI::App app(
      "What this host and its Docker leave to be desired, each with its remedy.\n"
      "Exit code 3: something failed.",
      "hardened doctor");
  app.add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--docker-config", options.where.docker_config,
                 "the daemon.json of the dockerd that is meant (/etc/docker/daemon.json)");
  app.add_option("--docker-socket", options.where.docker_socket,
                 "its socket, where its configuration does not tell");
  app.add_flag("--facts", options.facts, "only facts, as JSON for `dry-run --host-facts`");
  if (!parse_options(app, arguments, kernel)) return 0;
  if (options.facts) {
    print(kernel, facts_of(kernel, environment));
    return 0;
  }
  const std::vector<Finding> findings = diagnose(observe(kernel, environment, options.where));
  const bool colour = environment.terminal && !environment.no_colour;
  print(kernel,
        report(findings, options.format == "json" ? DiagnosisFormat::json : DiagnosisFormat::text,
               {.colour = colour ? Colour::yes : Colour::no,
                .columns = environment.terminal ? environment.columns : 0}));
  return exit_code(findings);
}

}  // namespace hardened
