// SPDX-License-Identifier: Apache-2.0
// A filter tightened: nothing that it stopped gets through, and a second time changes nothing.
#include "hardened/core/seccomp.hpp"

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/rule.hpp"
#include "strength.hpp"
#include "targets.hpp"

namespace hardened::fuzz {
namespace {

const Rule& seccomp_rule() {
  for (const Rule& rule : catalogue()) {
    if (rule.name == "seccomp") return rule;
  }
  fail("no rule seccomp");
}

// The rule, for it refuses what would take too long.
Plan tightened(const Json& document) {
  Plan plan;
  plan.config = document;
  apply_rule(seccomp_rule(), plan,
             {document, standard(), standard().settings("seccomp"), usual_facts(), "c"});
  return plan;
}

}  // namespace

void seccomp(Input input) {
  const auto given = document_of(input, property::seccomp_profile);
  if (!given) return;
  const Json document{{"linux", {{"seccomp", *given}}}};
  Plan once;
  try {
    check_fields(document, DocumentKind::config, UnlistedFields::keep);
    once = tightened(document);
  } catch (const Error&) {
    return;  // an answer
  }
  if (!once.refusals.empty()) return;
  const auto weaker = property::weaker_filter(&*given, find(once.config, "/linux/seccomp"));
  if (!weaker.empty()) fail(weaker.front());
  try {
    const Plan again = tightened(once.config);
    if (!again.refusals.empty()) fail("a second time refuses it");
    if (again.config != once.config) fail("a second time changes it");
  } catch (const Error& error) {
    fail(error.what());
  }
}

}  // namespace hardened::fuzz
