// SPDX-License-Identifier: Apache-2.0
// Documents that no engine wrote, and the host that they were looked at on: valid, nearly valid and
// hostile, with every field that the specification knows and with fields that nobody knows. All of
// it decided by one source.
#pragma once

#include <string>
#include <vector>

#include "choices.hpp"
#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"

namespace hardened::property {

// All that a rewrite depends on.
struct World {
  Json document;
  Profile profile;
  Facts facts;
};

World world(Choices& choices);

// A document of an engine, or a plain one, with edits.
Json config(Choices& choices);
Json process_document(Choices& choices);
Json resources_document(Choices& choices);
// linux.seccomp.
Json seccomp_profile(Choices& choices);

// A built-in profile, sometimes with a policy of the administrator's over it: any rule's mode, any
// setting's other values.
Profile profile(Choices& choices);

// What was seen of everything that `document` names. Where nothing is chosen all is as the document
// hopes: present, the caller's to give, nothing of the host behind it.
Facts facts_of(const Json& document, Choices& choices);

// Command lines of runc and crun, made of their flags and of words.
std::vector<std::string> arguments(Choices& choices);

}  // namespace hardened::property
