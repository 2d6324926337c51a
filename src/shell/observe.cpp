// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/observe.hpp"

#include <fcntl.h>

#include "hardened/core/error.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/policy_files.hpp"
#include "hardened/shell/record.hpp"
#include "hardened/shell/trail.hpp"
#include "shell/probes.hpp"

namespace hardened {
namespace {

void look_at_policy(Kernel& kernel, const Environment& environment, Observation& seen) {
  try {
    seen.policy = load_policy(kernel, environment);
  } catch (const Error& error) {
    seen.policy_error = error.what();
  }
}

void look_at_host(Kernel& kernel, Observation& seen) {
  try {
    seen.host = inspect_host(kernel, seen.policy.profile(seen.policy.default_profile()));
  } catch (const Error& error) {
    seen.host_error = error.what();
  }
}

void look_at_records(Kernel& kernel, const Environment& environment, Observation& seen) {
  try {
    for (KnownContainer& one : known_containers(kernel, environment)) {
      seen.records.push_back({one.key.id, std::move(one.record.degraded), std::move(one.error)});
    }
  } catch (const Error& error) {
    seen.state_error = error.what();
  }
}

void look_at_trail(Kernel& kernel, const Environment& environment, Observation& seen) {
  try {
    const AuditSettings settings = audit_settings(seen.policy);
    seen.trail_loss = last_loss(kernel, environment).value_or("");
    if (settings.destination != AuditSettings::Destination::none)
      require_writable_trail(kernel, environment, settings);
  } catch (const Error& error) {
    seen.trail_error = error.what();
  }
}

// Where layers lie, or would.
std::string storage(Kernel& kernel, const EngineSeen& engine) {
  try {
    const std::string path = data_root(engine);
    if (exists(kernel, path)) return path;
  } catch (const Error&) {
    // Then the host's root stands for it.
  }
  return "/";
}

}  // namespace

Observation observe(Kernel& kernel, const Environment& environment, const Whereabouts& where) {
  Observation seen;
  seen.root = environment.root;
  const Accounts accounts = read_accounts(kernel);
  look_at_policy(kernel, environment, seen);
  look_at_host(kernel, seen);
  look_at_records(kernel, environment, seen);
  look_at_trail(kernel, environment, seen);
  seen.apparmor_file = look_at_file(kernel, accounts, "/etc/apparmor.d/hardened-default");
  probe_runtime(kernel, environment, seen);
  probe_ids(kernel, environment, accounts, seen);
  seen.engine = probe_engine(kernel, accounts, where);
  const std::string layers = storage(kernel, seen.engine);
  probe_kernel(kernel, seen, layers);
  probe_overlay(kernel, seen, layers);
  return seen;
}

}  // namespace hardened
