// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/harden.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"
#include "hardened/core/verifier.hpp"
#include "hardened/shell/bundle.hpp"
#include "hardened/shell/container_key.hpp"
#include "hardened/shell/crun.hpp"
#include "hardened/shell/id_lease.hpp"
#include "hardened/shell/inspect.hpp"
#include "hardened/shell/judged_seccomp.hpp"
#include "hardened/shell/policy_files.hpp"
#include "hardened/shell/record.hpp"
#include "hardened/shell/runtime.hpp"
#include "hardened/shell/stage.hpp"
#include "hardened/shell/standard_streams.hpp"

namespace hardened {
namespace {

constexpr int kMostDescriptors = 1 << 20;  // fs.nr_open's own default

// CRIU gives the processes the maps of their checkpoint, whatever the document says: ids that
// another container may have by now.
void require_own_ids(const Plan& plan, const Invocation& invocation) {
  if (invocation.operation() == Operation::restore && plan.mapping) {
    throw refused({"user-namespace", "/linux/namespaces",
                   "a restore, which brings back the ids of its checkpoint, given to nobody",
                   "user_namespaces(7)", "rules.user-namespace.mode"});
  }
}

void require_restore_allowed(const Policy& policy, const Invocation& invocation) {
  // What comes back has the checkpoint's credentials and filters: rewriting config.json does not
  // lower them.
  if (invocation.operation() == Operation::restore && !policy.restore_allowed()) {
    throw refused({"restore", "", "a container with the privileges of its checkpoint",
                   "CIS 5.4, 5.22, 5.26", "restore"});
  }
}

void require_pivot(const Policy& policy, const Invocation& invocation) {
  // Without it the rootfs is a chroot over the host's root, which stays mounted: whoever gets
  // CAP_SYS_CHROOT or an open directory walks out.
  if (invocation.flag("no-pivot").value_or("false") != "false" && !policy.no_pivot_allowed()) {
    throw refused(
        {"no-pivot", "", "a rootfs that a container can leave", "pivot_root(2)", "no_pivot"});
  }
}

// Ids for a container that may want its own; of a size of 0 where it will not.
IdRange offer_ids(IdLease& lease, const Environment& environment, const Profile& profile) {
  const RuleMode mode = profile.mode("user-namespace");
  if (!environment.root || mode == RuleMode::off) return {};
  // What is only reported takes nothing: ids for the example, as in dry-run.
  if (mode == RuleMode::report) return first_range(profile.settings("user-namespace"));
  return lease.take(id_pool(profile));
}

// The container whose user namespace is joined may have ended since it was looked at, and its ids
// been given to another. We hold them by now, so nobody gets them any more: if a process of it
// still lives, nobody got them before.
void require_joined_alive(Kernel& kernel, const Plan& plan, const Facts& facts) {
  if (!plan.mapping) return;
  for (const Json& entry : find_array(plan.config, "/linux/namespaces")) {
    const std::string path = find_string(entry, "/path").value_or("");
    if (find_string(entry, "/type") != "user" || path.empty()) continue;
    try {
      const Descriptor now = kernel.open(kWorkingDirectory, path, O_PATH, Walk::follow);
      const struct stat status = kernel.status(now.number());
      if (FileIdentity{status.st_dev, status.st_ino} == facts.namespaces.at(path).identity)
        continue;
    } catch (const Error&) {
      // Gone as well.
    }
    throw Error(ErrorKind::refused, "the container whose namespaces it joins is gone");
  }
}

// What exec and update are held to later.
Record record_of(const Plan& plan, const Profile& profile, const Bundle& bundle,
                 const std::string& text, const RootFact& root, const std::string& work) {
  Record record;
  record.profile = profile.name();
  record.bundle = bundle.path();
  record.ceiling = ceiling_of(plan.config, profile);
  record.digest = digest_of(text);
  for (const Degradation& degradation : plan.degraded) {
    record.degraded.push_back(describe(degradation));
  }
  record.work = work;
  if (!work.empty()) record.rebuilt = root.path;
  return record;
}

}  // namespace

int first_unasked_descriptor(const Environment& environment, const Invocation& invocation) {
  const auto preserved = invocation.flag("preserve-fds");
  // A negative number must not put the bound below standard error, or above every descriptor.
  if (!preserved) return 3 + environment.listen_descriptors;
  int count = 0;
  const char* end = preserved->data() + preserved->size();
  const auto [stop, error] = std::from_chars(preserved->data(), end, count);
  if (error != std::errc{} || stop != end || count > kMostDescriptors) {
    throw Error(ErrorKind::usage,
                "--preserve-fds " + printable(*preserved) + " is not a number of descriptors");
  }
  return 3 + environment.listen_descriptors + std::max(0, count);
}

void require_inherited(Kernel& kernel, int lowest) {
  for (int number = 3; number < lowest; ++number) {
    try {
      kernel.status(number);
    } catch (const Error& error) {
      if (error.number() != EBADF) throw;
      throw Error(ErrorKind::usage, "--preserve-fds or LISTEN_FDS name descriptor " +
                                        std::to_string(number) + ", which is not open");
    }
  }
}

void harden_bundle(Kernel& kernel, const Environment& environment, const Invocation& invocation,
                   Trail& trail) {
  const std::string runtime = find_runtime(kernel, environment);
  const ContainerKey key = container_key(kernel, environment, invocation, runtime);
  trail.about(key);
  const Policy policy = load_policy(kernel, environment);
  trail.under(policy);
  require_restore_allowed(policy, invocation);
  require_pivot(policy, invocation);
  const int lowest = first_unasked_descriptor(environment, invocation);
  require_inherited(kernel, lowest);

  Bundle bundle = Bundle::open(kernel, invocation.flag("bundle").value_or("."));
  trail.decision.bundle = bundle.path();
  const Json document = bundle.document();
  const Profile profile = select_profile(policy, environment, invocation.profile(), document);
  trail.decision.profile = profile.name();
  check_fields(document, DocumentKind::config, profile.unlisted_fields());
  require_process(document, DocumentKind::config);

  IdLease lease(kernel, environment, key);
  const Inspection inspection = inspect(kernel, document, profile, bundle.path(), Looking::must_see,
                                        offer_ids(lease, environment, profile));
  Plan plan = make_plan(document, profile, inspection.facts, key.id);
  refuse_reported_unverified(plan);
  add_plan(trail.decision, document, plan);
  require_no_refusals(plan);
  require_all_seen(plan);
  require_own_ids(plan, invocation);
  verify_plan(document, plan, profile, inspection.facts);
  evaluate_seccomp_once(kernel, environment, plan.config, profile);
  require_nested_kept(runtime, plan, inspection.facts);
  repeat_mount_flags(runtime, plan.config);  // stricter only, so verified without it

  // From here on each step is undone where a later one fails; execve outlives them all.
  const IdMaps maps = maps_in(find_object(plan.config, "/linux"));
  if (environment.root && !plan.mapping) lease.require_not_ours(maps, profile.pools());
  lease.hold_only(plan.mapping);
  require_joined_alive(kernel, plan, inspection.facts);
  const std::string text = write_document(plan.config);
  const std::string container = digest_of(key.root + "/" + key.id);
  RecordWriter record(kernel, environment, key,
                      record_of(plan, profile, bundle, text, inspection.facts.root,
                                work_directory(plan, container)));
  Bundle::Replacement replacement = bundle.replace(text);
  try {
    replacement.commit();
    const StagedMounts staged =
        stage_mounts(kernel, environment, plan, inspection, bundle.directory(), container);
    if (environment.root) give_own_nodes(kernel, runtime, maps);
    const StandardStreams streams(kernel, plan.mapping);
    record.commit();
    trail.passed([&](const std::string& line) { record.keep_start(line); });
    kernel.close_on_exec_from(lowest);
    kernel.execute(runtime, invocation.arguments());
  } catch (...) {
    replacement.undo();
    record.undo();
    throw;
  }
}

void forward(Kernel& kernel, const Environment& environment, const Invocation& invocation) {
  kernel.execute(find_runtime(kernel, environment), invocation.arguments());
}

namespace {

void decide(Kernel& kernel, const Environment& environment, Invocation invocation, Trail& trail) {
  switch (invocation.operation()) {
    case Operation::create:
    case Operation::run:
    case Operation::restore:
      return harden_bundle(kernel, environment, invocation, trail);
    case Operation::exec:
      return harden_exec(kernel, environment, std::move(invocation), trail);
    case Operation::update:
      return harden_update(kernel, environment, std::move(invocation), trail);
    case Operation::forward:
      return forward(kernel, environment, invocation);
  }
}

}  // namespace

void record_unread(Kernel& kernel, const Environment& environment, Operation operation,
                   const Error& error) noexcept {
  if (operation == Operation::forward) return;
  try {
    Trail trail(kernel, environment, operation);
    try {
      trail.under(load_policy(kernel, environment));
    } catch (const Error&) {
      // The built-in policy's trail, then.
    }
    trail.failed(error);
  } catch (const std::exception&) {
    // The caller is told in any case.
  }
}

void harden(Kernel& kernel, const Environment& environment, Invocation invocation) {
  // A lost log must not stop a container's end, nor its own start be paid for by who asks for
  // state.
  if (invocation.operation() == Operation::forward) return forward(kernel, environment, invocation);
  Trail trail(kernel, environment, invocation.operation());
  try {
    decide(kernel, environment, std::move(invocation), trail);
  } catch (const Error& error) {
    trail.failed(error);
    throw;
  } catch (const std::exception& error) {
    trail.failed(Error(ErrorKind::system, error.what()));
    throw;
  }
}

}  // namespace hardened
