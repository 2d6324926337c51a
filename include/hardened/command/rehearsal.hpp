// SPDX-License-Identifier: Apache-2.0
// What a document would become, up to where something would be written: dry-run prints it, explain
// says why. Changes nothing, takes no ids.
#pragma once

#include <string>

#include "hardened/core/json.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

// Paths, or empty; "-" is standard input. One of bundle and config, or process (its container's
// bundle or config may stand beside it), or resources.
struct RehearsalInput {
  std::string bundle, config, process, resources;
  std::string profile, policy, host_facts;
};

// A plan with refusals is as far as the rules came: nothing verified it.
struct Rehearsal {
  std::string kind;  // "config.json", as a diff's header calls the document
  Json original;
  Plan plan;
  IdRange example = {};  // ids that nobody holds
  std::string profile = {};
};

Rehearsal rehearse(Kernel& kernel, const Environment& environment, const RehearsalInput& input);

// On standard error, what was judged by its text alone.
void tell_unverified(const Plan& plan);

}  // namespace hardened
