// SPDX-License-Identifier: Apache-2.0
// The invariants of docs/threat-model.md as functions: what of them a world breaks. An Error is an
// answer, whatever else is thrown is a defect.
#pragma once

#include <string>
#include <vector>

#include "generator.hpp"
#include "hardened/core/plan.hpp"

namespace hardened::property {

struct Broken {
  std::string invariant;  // "never-weaker"
  std::string what;
};

// What became of a world, and which invariants it broke.
struct Outcome {
  bool accepted = false;
  std::vector<Broken> broken;
  Json result;  // the rewritten document, where it was accepted
};

// never-weaker, idempotent, stated (the recorded changes make the result), verifier-agrees,
// answers (nothing but an Error).
Outcome rewrite(const World& world);

// exec: of a process document for a container that was accepted as `container`.
Outcome enter(const Json& process, const Json& container, const Profile& profile);

// The same of an exec by flags, which stand over the container's own process; of any other command
// line nothing is asked.
Outcome enter_by_flags(const std::vector<std::string>& arguments, const Json& container,
                       const Profile& profile);

// update: of a resources document, and of flags.
Outcome update(const Json& resources, const Profile& profile, const HostFacts& host);
Outcome command_line(const std::vector<std::string>& arguments, const Profile& profile,
                     const HostFacts& host);

// The invariants that these can name, in order.
const std::vector<std::string>& invariants();

// As the next look at the host would find it, after a rewrite: what it named anew is there.
Facts seen_again(const Json& result, const Facts& facts);

}  // namespace hardened::property
