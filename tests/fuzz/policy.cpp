// SPDX-License-Identifier: Apache-2.0
// A policy file over the built-in one: a refused one leaves no trace, and what is taken is whole.
#include "hardened/core/error.hpp"
#include "hardened/core/rule.hpp"
#include "targets.hpp"

namespace hardened::fuzz {

void policy(Input input) {
  static const Policy kBuiltin = Policy::builtin();
  Policy layered = kBuiltin;
  try {
    layered.layer(text_of(input), "policy.json");
  } catch (const Error&) {
    if (layered.json() != kBuiltin.json()) fail("a refused layer changed the policy");
    return;
  }
  try {
    layered.check([](const std::string& name) { return !name.empty(); });
  } catch (const Error&) {
    return;
  }
  // check() promised that each of them is complete.
  for (const std::string& name : layered.profiles()) {
    const Profile profile = layered.profile(name);
    for (const Rule& rule : catalogue()) {
      profile.mode(rule.name);
      profile.settings(rule.name);
    }
    require_whole(property::update(Json::object(), profile, usual_facts().host));
  }
  layered.profile(layered.default_profile());
}

}  // namespace hardened::fuzz
