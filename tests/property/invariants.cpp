// SPDX-License-Identifier: Apache-2.0
#include "invariants.hpp"

#include <algorithm>

#include "findings.hpp"
#include "hardened/core/ceiling.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/patch.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/verifier.hpp"
#include "strength.hpp"

namespace hardened::property {
namespace {

using Lines = std::vector<std::string>;

void note(Outcome& outcome, const char* invariant, const Lines& lines) {
  if (lines.empty()) return;
  std::string what;
  for (const std::string& line : lines) what += (what.empty() ? "" : "; ") + line;
  outcome.broken.push_back({invariant, what});
}

// Runs what may answer with an Error; whether it did.
template <typename Call>
bool refused_by(Outcome& outcome, Call call) {
  try {
    call();
    return false;
  } catch (const Error&) {
    return true;
  } catch (const std::exception& error) {
    outcome.broken.push_back({"answers", error.what()});
    return true;
  }
}

template <typename Verify>
void expect_agreement(Outcome& outcome, Verify verify) {
  try {
    verify();
  } catch (const std::exception& error) {
    outcome.broken.push_back({"verifier-agrees", error.what()});
  }
}

// A second rewrite of what came out finds nothing to do.
void expect_settled(Outcome& outcome, const Plan& once, const Plan& twice) {
  Lines lines;
  for (const Refusal& refusal : twice.refusals) lines.push_back("refused: " + describe(refusal));
  for (const Change& change : twice.changes) lines.push_back("changed: " + change.pointer);
  if (lines.empty() && twice.config != once.config) lines.emplace_back("is another");
  note(outcome, "idempotent", lines);
}

// What the audit trail keeps is what happened.
void expect_stated(Outcome& outcome, const Json& document, const Plan& plan) {
  const Json patched = document.patch(patch_of(document, plan.changes));
  if (patched != plan.config) {
    note(outcome, "stated", {Json::diff(patched, plan.config).dump()});
  }
}

}  // namespace

Facts seen_again(const Json& result, const Facts& facts) {
  Facts now = facts;
  for (const Json& mount : list(result, "/mounts")) {
    // Of a rootfs that could not be looked at nothing can be said now either.
    if (facts.root.sight != Sight::seen) break;
    const std::string source = text(mount, "/source");
    if (source.empty() || now.sources.contains(source)) continue;
    SourceFact fact;
    fact.sight = Sight::seen;
    fact.kind = FileKind::directory;
    fact.path = source;
    // As root.path: where it lies inside its file system follows from where the rootfs does.
    const bool own = source.starts_with(facts.root.path);
    fact.location = own ? Location{facts.root.location.device,
                                   facts.root.location.path + source.substr(facts.root.path.size())}
                        : Location{"0:20", "/"};
    const char* view = source == "/proc" ? "proc" : source == "/sys" ? "sysfs" : "mqueue";
    fact.file_system = own ? "ext4" : view;
    fact.replaceable = false;
    now.sources[source] = fact;
  }
  for (const Json& entry : list(result, "/linux/namespaces")) {
    const std::string path = text(entry, "/path");
    if (path.empty() || now.namespaces.contains(path)) continue;
    for (const auto& [joined, fact] : facts.namespaces) {
      if (fact.owner_path != path) continue;
      now.namespaces[path] = fact;
      now.namespaces[path].type = "user";
      now.namespaces[path].identity = fact.owner;
    }
  }
  for (const auto& [name, fact] : facts.hooks) {
    if (fact.sight == Sight::seen) now.hooks.try_emplace(fact.path, fact);
  }
  const std::string cwd = text(result, "/process/cwd");
  if (facts.working_directory.sight == Sight::unseen && !cwd.empty()) now.working_directory = {};
  return now;
}

Outcome rewrite(const World& world) {
  Outcome outcome;
  // No structured binding: clang 14 captures none.
  const Json& document = world.document;
  const Profile& profile = world.profile;
  const Facts& facts = world.facts;
  Plan plan;
  const bool refused = refused_by(outcome, [&] {
    check_fields(document, DocumentKind::config, profile.unlisted_fields());
    require_process(document, DocumentKind::config);
    plan = make_plan(document, profile, facts, "c");
    require_no_refusals(plan);
  });
  if (refused) return outcome;
  outcome.accepted = true;
  outcome.result = plan.config;
  note(outcome, "never-weaker", weaker(document, plan.config, facts));
  expect_agreement(outcome, [&] { verify_plan(document, plan, profile, facts); });
  refused_by(outcome, [&] { expect_stated(outcome, document, plan); });
  Plan twice;
  if (refused_by(outcome, [&] {
        check_fields(plan.config, DocumentKind::config, profile.unlisted_fields());
        twice = make_plan(plan.config, profile, seen_again(plan.config, facts), "c");
      })) {
    note(outcome, "idempotent", {"an error"});
  } else {
    expect_settled(outcome, plan, twice);
  }
  return outcome;
}

namespace {

// The kernel takes no soft limit above the hard one, so there is no container to enter.
bool can_start(const Json& container) {
  const Json& limits = list(container, "/process/rlimits");
  return std::all_of(limits.begin(), limits.end(), [](const Json& limit) {
    return amount_at(limit, "/soft", 0) <= amount_at(limit, "/hard", 0);
  });
}

}  // namespace

Outcome enter(const Json& process, const Json& container, const Profile& profile) {
  Outcome outcome;
  if (!can_start(container)) return outcome;
  Plan plan;
  Ceiling ceiling;
  const bool refused = refused_by(outcome, [&] {
    ceiling = ceiling_of(container, profile);
    check_fields(process, DocumentKind::process, profile.unlisted_fields());
    require_process(process, DocumentKind::process);
    plan = plan_exec(process, ceiling);
    require_no_refusals(plan);
  });
  if (refused) return outcome;
  outcome.accepted = true;
  outcome.result = plan.config;
  note(outcome, "exec", exceeds_container(plan.config, container, profile));
  expect_agreement(outcome, [&] { verify_exec(plan.config, ceiling); });
  expect_settled(outcome, plan, plan_exec(plan.config, ceiling));
  refused_by(outcome, [&] { expect_stated(outcome, process, plan); });
  return outcome;
}

Outcome enter_by_flags(const std::vector<std::string>& arguments, const Json& container,
                       const Profile& profile) {
  Outcome outcome;
  std::optional<Json> process;
  const bool refused = refused_by(outcome, [&] {
    Invocation invocation = Invocation::parse(arguments);
    if (invocation.operation() != Operation::exec) return;
    process = process_of_flags(object(container, "/process"), invocation);
    settle_exec_flags(invocation);
  });
  return refused || !process ? outcome : enter(*process, container, profile);
}

Outcome update(const Json& resources, const Profile& profile, const HostFacts& host) {
  Outcome outcome;
  Plan plan;
  const bool refused = refused_by(outcome, [&] {
    check_fields(resources, DocumentKind::resources, profile.unlisted_fields());
    plan = plan_update(resources, profile, host);
    require_no_refusals(plan);
  });
  if (refused) return outcome;
  outcome.accepted = true;
  outcome.result = plan.config;
  note(outcome, "update", exceeds_policy(plan.config, profile, host));
  note(outcome, "never-weaker", weaker_resources(resources, plan.config));
  expect_agreement(outcome, [&] { verify_update(plan.config, profile, host); });
  expect_settled(outcome, plan, plan_update(plan.config, profile, host));
  refused_by(outcome, [&] { expect_stated(outcome, resources, plan); });
  return outcome;
}

Outcome command_line(const std::vector<std::string>& arguments, const Profile& profile,
                     const HostFacts& host) {
  Outcome outcome;
  std::optional<Invocation> invocation;
  const bool refused = refused_by(outcome, [&] {
    invocation = Invocation::parse(arguments);
    if (invocation->operation() != Operation::forward) invocation->id();
    if (invocation->operation() == Operation::update) {
      const Plan plan = plan_update_flags(*invocation, profile, host);
      require_no_refusals(plan);
      set_update_flags(*invocation, plan);
    }
    if (invocation->operation() == Operation::exec) settle_exec_flags(*invocation);
  });
  if (refused) return outcome;
  outcome.accepted = true;
  const std::vector<std::string> written = invocation->arguments();
  outcome.result = written;
  // What a runtime reads is what we read.
  const Invocation again = Invocation::parse(written);
  if (again.arguments() != written || again.positionals() != invocation->positionals() ||
      again.command() != invocation->command()) {
    note(outcome, "idempotent", {"the command line is read otherwise: " + Json(written).dump()});
  }
  if (invocation->operation() != Operation::update) return outcome;
  note(outcome, "update", exceeds_policy(resources_of_flags(again), profile, host));
  return outcome;
}

const std::vector<std::string>& invariants() {
  static const std::vector<std::string> kAll{"never-weaker", "idempotent",      "stated", "exec",
                                             "update",       "verifier-agrees", "answers"};
  return kAll;
}

}  // namespace hardened::property
