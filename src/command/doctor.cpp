// SPDX-License-Identifier: Apache-2.0
#include "hardened/command/options.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/policy_files.hpp"

namespace hardened {

int doctor_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  bool facts = false;
  CLI::App app("What this host offers to the rules.", "hardened doctor");
  app.add_flag("--facts", facts, "as JSON, for `dry-run --host-facts`")->required();
  if (!parse_options(app, arguments, kernel)) return 0;
  const Policy policy = load_policy(kernel, environment);
  Facts found;
  const Profile profile = policy.profile(policy.default_profile());
  found.host = inspect_host(kernel, profile);
  // What a create would get on a host without other containers: nothing is taken by looking.
  if (found.host.initial_user_namespace) {
    found.host.id_range = first_range(profile.settings("user-namespace"));
  }
  print(kernel, to_json(found).dump(2) + '\n');
  return 0;
}

}  // namespace hardened
