// SPDX-License-Identifier: Apache-2.0
#include "hardened/command/rehearsal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"
#include "hardened/core/verifier.hpp"
#include "hardened/shell/bundle.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/policy_files.hpp"
#include "hardened/shell/seccomp_compiler.hpp"

namespace hardened {
namespace {

std::string text_of(Kernel& kernel, const std::string& path) {
  const std::size_t limit = ParseLimits{}.bytes;
  if (path == "-") return kernel.read_all(STDIN_FILENO, limit);
  const Descriptor file =
      kernel.open(kWorkingDirectory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Walk::follow);
  try {
    return kernel.read_all(file.number(), limit);
  } catch (Error& error) {
    throw error.kind() == ErrorKind::system ? error.within(path) : error;
  }
}

Json document_of(Kernel& kernel, const std::string& path) {
  try {
    return parse_document(text_of(kernel, path));
  } catch (Error& error) {
    throw error.kind() == ErrorKind::system ? error
                                            : error.within(path == "-" ? "standard input" : path);
  }
}

// What stands in the place of a process or resources document by mistake is taken for an empty one
// otherwise: nothing in it has a field's name.
void refuse_config(const Json& document, const std::string& option) {
  for (const char* field : {"ociVersion", "process", "root", "linux"}) {
    if (find(document, join("", field)) == nullptr) continue;
    throw Error(ErrorKind::invalid_input, option,
                "a config document, which --config or --bundle takes");
  }
}

// What the file says counts, the rest is looked at: the host's part is what differs from machine to
// machine.
void pin(Facts& facts, const Json& pinned) {
  Facts given = facts_from_json(pinned);
  if (find(pinned, "/host") != nullptr) facts.host = std::move(given.host);
  if (given.root.sight != Sight::unseen) facts.root = std::move(given.root);
  const auto lay_over = [](auto& seen, auto& other) {
    for (auto& [name, fact] : other) seen.insert_or_assign(name, std::move(fact));
  };
  lay_over(facts.sources, given.sources);
  lay_over(facts.namespaces, given.namespaces);
  lay_over(facts.hooks, given.hooks);
  lay_over(facts.devices, given.devices);
}

class Rehearser {
 public:
  Rehearser(Kernel& kernel, const Environment& environment, const RehearsalInput& input)
      : kernel_(kernel),
        environment_(environment),
        input_(input),
        policy_(input.policy.empty() ? load_policy(kernel, environment)
                                     : load_policy_file(kernel, input.policy)) {}

  Rehearsal run() {
    if (!input_.process.empty()) return exec();
    if (!input_.resources.empty()) return update();
    return create();
  }

 private:
  Profile profile(const Json& document) const {
    const auto named = input_.profile.empty() ? std::nullopt : std::optional(input_.profile);
    return select_profile(policy_, environment_, named, document);
  }

  Facts facts(const Json& document, const Profile& profile, const std::string& directory) const {
    // Nothing is taken: a create would get the first range that is free.
    Facts seen = inspect(kernel_, document, profile, directory, Looking::as_far_as_possible,
                         first_range(profile.settings("user-namespace")))
                     .facts;
    if (!input_.host_facts.empty()) {
      const Json pinned = document_of(kernel_, input_.host_facts);
      try {
        pin(seen, pinned);
      } catch (Error& error) {
        throw error.within(input_.host_facts);
      }
    }
    return seen;
  }

  Rehearsal create() {
    Json document;
    std::string directory = ".";
    if (input_.bundle.empty()) {
      document = document_of(kernel_, input_.config);
      const std::size_t slash = input_.config.rfind('/');
      if (slash != std::string::npos) directory = input_.config.substr(0, slash + 1);
    } else {
      Bundle bundle = Bundle::open(kernel_, input_.bundle);
      directory = bundle.path();
      document = bundle.document();
    }
    const Profile chosen = profile(document);
    check_fields(document, DocumentKind::config, chosen.unlisted_fields());
    require_process(document, DocumentKind::config);
    const Facts seen = facts(document, chosen, directory);
    Plan plan = make_plan(document, chosen, seen, "");
    if (plan.refusals.empty()) {
      verify_plan(document, plan, chosen, seen);
      evaluate_seccomp(plan.config, chosen);
    }
    return {"config.json", std::move(document), std::move(plan), seen.host.id_range, chosen.name()};
  }

  // A container that nobody named: as much as the profile lets any have.
  Rehearsal ordinary() const {
    const Profile chosen = profile(Json::object());
    const Json& keep = chosen.settings("capabilities").at("keep");
    Plan plan;
    plan.config["process"] = {{"noNewPrivileges", true}, {"capabilities", {{"bounding", keep}}}};
    plan.unverified.push_back("the container, taken for one of the profile " + chosen.name());
    return {"config.json", Json::object(), std::move(plan)};
  }

  // The container's ceiling where a bundle or config is given too, else the most that the profile
  // lets any have.
  Rehearsal exec() {
    Json process = document_of(kernel_, input_.process);
    refuse_config(process, "--process");
    require_process(process, DocumentKind::process);
    Rehearsal container = input_.bundle.empty() && input_.config.empty() ? ordinary() : create();
    if (!container.plan.refusals.empty()) return container;
    const Profile chosen = profile(container.original);
    check_fields(process, DocumentKind::process, chosen.unlisted_fields());
    const Ceiling ceiling = ceiling_of(container.plan.config, chosen);
    Plan plan = plan_exec(process, ceiling);
    std::ranges::move(container.plan.unverified, std::back_inserter(plan.unverified));
    // Its links are looked at when there is a container.
    const std::string cwd = find_string(process, "/cwd").value_or("/");
    if (cwd != "/") plan.unverified.push_back("where the working directory " + cwd + " leads");
    if (plan.refusals.empty()) verify_exec(plan.config, ceiling);
    return {"process document", std::move(process), std::move(plan)};
  }

  Rehearsal update() {
    Json resources = document_of(kernel_, input_.resources);
    refuse_config(resources, "--resources");
    const Profile chosen = profile(Json::object());
    check_fields(resources, DocumentKind::resources, chosen.unlisted_fields());
    const HostFacts host = facts(Json::object(), chosen, ".").host;
    Plan plan = plan_update(resources, chosen, host);
    if (plan.refusals.empty()) verify_update(plan.config, chosen, host);
    return {"resources document", std::move(resources), std::move(plan)};
  }

  Kernel& kernel_;
  const Environment& environment_;
  const RehearsalInput& input_;
  Policy policy_;
};

}  // namespace

Rehearsal rehearse(Kernel& kernel, const Environment& environment, const RehearsalInput& input) {
  return Rehearser(kernel, environment, input).run();
}

void tell_unverified(const Plan& plan) {
  for (const std::string& what : plan.unverified) {
    std::cerr << "hardened: unverified: " << printable(what) << '\n';
  }
  for (const Degradation& one : plan.reported_unverified) {
    std::cerr << "hardened: unverified (report): " << printable(one.what) << '\n';
  }
}

}  // namespace hardened
