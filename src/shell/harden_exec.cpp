// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"
#include "hardened/core/verifier.hpp"
#include "hardened/shell/container_key.hpp"
#include "hardened/shell/destinations.hpp"
#include "hardened/shell/harden.hpp"
#include "hardened/shell/init_status.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/policy_files.hpp"
#include "hardened/shell/record.hpp"
#include "hardened/shell/runtime.hpp"
#include "hardened/shell/runtime_state.hpp"
#include "hardened/shell/shared_upper.hpp"
#include "hardened/shell/standard_streams.hpp"

namespace hardened {
namespace {

constexpr std::size_t kLargestDocument = 16U << 20;

Json read_document(Kernel& kernel, const std::string& path) {
  try {
    if (path == "-") return parse_document(kernel.read_all(STDIN_FILENO, kLargestDocument));
    const Descriptor file =
        kernel.open(kWorkingDirectory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Walk::follow);
    return parse_document(kernel.read_all(file.number(), kLargestDocument));
  } catch (Error& error) {
    throw error.within(path == "-" ? "standard input" : path);
  }
}

// The engine's file stays as it was: the runtime reads a sealed copy in memory that nobody can
// change between our look and its own. The descriptor lies above those that --preserve-fds hands to
// the container.
std::string hand_over(Kernel& kernel, int lowest, const Json& document) {
  const Descriptor file = kernel.memory_file("hardened");
  kernel.write_all(file.number(), write_document(document));
  kernel.seal(file.number());
  Descriptor kept = kernel.duplicate(file.number(), lowest);
  kernel.keep_on_exec(kept.number());
  return "/proc/self/fd/" + std::to_string(kept.release());
}

struct Container {
  std::string bundle;
  std::string rebuilt;  // as of records
  Ceiling ceiling;
};

// The process of the bundle's document, as created or, where another runtime started the container,
// as its author wrote it: both are lowered.
Json own_process(Kernel& kernel, const std::string& bundle) {
  const Json config = read_document(kernel, bundle + "/config.json");
  const Json* process = find(config, "/process");
  if (process == nullptr)
    throw Error(ErrorKind::refused, "/process", "the bundle has none to start from");
  check_fields(*process, DocumentKind::process, UnlistedFields::keep);
  return *process;
}

Json asked_process(Kernel& kernel, const Container& container, const Invocation& invocation) {
  const auto file = invocation.flag("process");
  if (!file) return process_of_flags(own_process(kernel, container.bundle), invocation);
  Json process = read_document(kernel, *file);
  const bool refuse = find_string(container.ceiling.json, "/unlistedFields") == "refuse";
  check_fields(process, DocumentKind::process,
               refuse ? UnlistedFields::refuse : UnlistedFields::keep);
  require_process(process, DocumentKind::process);
  return process;
}

// Whether the bundle still holds the document that the record was written for.
bool describes(Kernel& kernel, const Record& record) {
  try {
    const Descriptor file = kernel.open(kWorkingDirectory, record.bundle + "/config.json",
                                        O_RDONLY | O_NONBLOCK, Walk::no_links);
    return digest_of(kernel.read_all(file.number(), kLargestDocument)) == record.digest;
  } catch (const Error& error) {
    if (error.number() == ENOENT) return false;
    throw;
  }
}

// The record of the container of that id, if it is that one's: delete does not pass here, and
// another runtime may have used the id anew, for another bundle. nullopt: there is none.
std::optional<Record> current_record(Kernel& kernel, const Environment& environment,
                                     const ContainerKey& key, const std::string& runtime,
                                     const RuntimeState& state) {
  auto record = read_record(kernel, environment, key);
  if (!record || !runs_from(kernel, runtime, key, state, record->bundle)) return std::nullopt;
  return record;
}

// The container's own, else the one that was asked for.
Profile profile_of(const Policy& policy, const std::optional<Record>& record,
                   const Profile& asked) {
  return record ? policy.profile(record->profile) : asked;
}

// A container that another runtime started has no record, and where somebody changed its document
// since, nobody knows whether the record is its own: its init shows what it has, and the profile
// what it may have at most. nullopt: there is no such container.
std::optional<Container> known_container(Kernel& kernel, const ContainerKey& key,
                                         const std::optional<Record>& record, const Policy& policy,
                                         const Profile& asked, const std::string& runtime) {
  if (record && describes(kernel, *record)) {
    return Container{record->bundle, record->rebuilt, record->ceiling};
  }
  const auto init = init_process(kernel, runtime, key);
  if (!init) return std::nullopt;
  return Container{init->bundle, "", ceiling_of(init->status, profile_of(policy, record, asked))};
}

bool lists(const Ceiling& ceiling, std::string_view list, std::string_view rule) {
  const std::vector<std::string> rules = find_strings(ceiling.json, list);
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

// Where a path leads from the container's own root. nullopt: that is gone, or not ours to look at.
std::optional<std::string> place_in(Kernel& kernel, std::int64_t init, const std::string& path) {
  Looker looker(kernel);
  Descriptor root;
  try {
    root = kernel.open(kWorkingDirectory, "/proc/" + std::to_string(init) + "/root",
                       O_PATH | O_DIRECTORY, Walk::follow);
  } catch (const Error&) {
    return std::nullopt;
  }
  Destinations destinations(looker, root.number());
  destinations.fresh("/proc");  // its links are the kernel's, and read differently by each process
  return destinations.resolve(path).path;
}

// CVE-2024-21626 by a link: what the container's own root has at the working directory may lead to
// a descriptor that the runtime left open. By the text alone where init's root is out of reach.
void vet_working_directory(Kernel& kernel, const RuntimeState& state, Plan& plan,
                           const Ceiling& ceiling) {
  const bool enforced = lists(ceiling, "/enforced", "process");
  const std::string cwd = find_string(plan.config, "/cwd").value_or("");
  if (state.init <= 0 || cwd.empty() || (!enforced && !lists(ceiling, "/reported", "process")))
    return;
  std::optional<std::string> place;
  try {
    place = place_in(kernel, state.init, cwd);
  } catch (const Error& error) {
    if (enforced) throw;
    plan.reported_unverified.push_back({"process", "/cwd", error.what()});
  }
  if (!place || !through_descriptor(*place)) return;
  (enforced ? plan.refusals : plan.reported_refusals)
      .push_back({"process", "/cwd",
                  "the working directory " + printable(cwd, 80) + ", which leads to " +
                      printable(*place, 80),
                  "CVE-2024-21626", "rules.process.mode"});
}

// The runtime says in its own words, and by its own exit code, that there is no such container. One
// that appears in the meantime is handed a process without any privilege.
void fail_in_runtimes_words(Kernel& kernel, const std::string& runtime, Invocation invocation,
                            int lowest) {
  const Json nothing{{"user", {{"uid", 65534}, {"gid", 65534}}},
                     {"args", Json::array({"/.no-such-container"})},
                     {"cwd", "/"},
                     {"noNewPrivileges", true},
                     {"capabilities", Json::object()}};
  invocation.set_flag("process", hand_over(kernel, lowest, nothing));
  kernel.execute(runtime, invocation.arguments());
}

// nullopt: the container has no user namespace, or one that the policy leaves alone.
std::optional<IdMaps> maps_of(const Ceiling& ceiling) {
  const IdMaps maps = maps_in(ceiling.json);
  return maps.users.empty() || !lists(ceiling, "/enforced", "user-namespace") ? std::nullopt
                                                                              : std::optional(maps);
}

}  // namespace

void harden_exec(Kernel& kernel, const Environment& environment, Invocation invocation,
                 Trail& trail) {
  const std::string runtime = find_runtime(kernel, environment);
  const ContainerKey key = container_key(kernel, environment, invocation, runtime);
  trail.about(key);
  const Policy policy = load_policy(kernel, environment);
  trail.under(policy);
  const int lowest = first_unasked_descriptor(environment, invocation);
  require_inherited(kernel, lowest);
  kernel.close_on_exec_from(lowest);
  const RuntimeState state = runtime_state(kernel, key);
  const auto record = current_record(kernel, environment, key, runtime, state);
  const Profile asked = select_profile(policy, environment, invocation.profile(), Json::object());
  const auto container = known_container(kernel, key, record, policy, asked, runtime);
  if (!container) {
    trail.passed();
    return fail_in_runtimes_words(kernel, runtime, std::move(invocation), lowest);
  }
  trail.decision.bundle = container->bundle;
  trail.decision.profile = record ? record->profile : asked.name();

  const Json process = asked_process(kernel, *container, invocation);
  Plan plan = plan_exec(process, container->ceiling);
  vet_working_directory(kernel, state, plan, container->ceiling);
  refuse_reported_unverified(plan);
  add_plan(trail.decision, process, plan);
  require_no_refusals(plan);
  verify_exec(plan.config, container->ceiling);
  settle_exec_flags(invocation);
  invocation.set_flag("process", hand_over(kernel, lowest, plan.config));
  const StandardStreams streams(kernel, maps_of(container->ceiling));
  refresh_shared_upper(kernel, container->rebuilt, state.init);
  trail.passed();
  kernel.execute(runtime, invocation.arguments());
}

void harden_update(Kernel& kernel, const Environment& environment, Invocation invocation,
                   Trail& trail) {
  const std::string runtime = find_runtime(kernel, environment);
  const ContainerKey key = container_key(kernel, environment, invocation, runtime);
  trail.about(key);
  const Policy policy = load_policy(kernel, environment);
  trail.under(policy);
  const auto record = current_record(kernel, environment, key, runtime, runtime_state(kernel, key));
  const Profile asked = select_profile(policy, environment, invocation.profile(), Json::object());
  const Profile profile = profile_of(policy, record, asked);
  trail.decision.profile = profile.name();
  if (record) trail.decision.bundle = record->bundle;
  const HostFacts host = inspect_host(kernel, profile);
  const int lowest = first_unasked_descriptor(environment, invocation);
  kernel.close_on_exec_from(lowest);

  const auto decide = [&](const Json& wanted, Plan plan) {
    refuse_reported_unverified(plan);
    add_plan(trail.decision, wanted, plan);
    require_no_refusals(plan);
    require_all_seen(plan);
    verify_update(plan.config, profile, host);
    return plan;
  };
  if (const auto file = invocation.flag("resources")) {
    const Json resources = read_document(kernel, *file);
    check_fields(resources, DocumentKind::resources, profile.unlisted_fields());
    const Plan plan = decide(resources, plan_update(resources, profile, host));
    invocation.set_flag("resources", hand_over(kernel, lowest, plan.config));
  }
  const Json flags = resources_of_flags(invocation);
  set_update_flags(invocation, decide(flags, plan_update_flags(invocation, profile, host)));
  verify_update(resources_of_flags(invocation), profile, host);
  trail.passed();
  kernel.execute(runtime, invocation.arguments());
}

}  // namespace hardened
