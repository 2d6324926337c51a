// SPDX-License-Identifier: Apache-2.0
// What the rules need of the kernel, each thing tried and not concluded from a version number.
#include <algorithm>
#include <array>

#include "core/doctor/checks.hpp"
#include "hardened/core/document.hpp"

namespace hardened {
namespace {

// What becomes of a container where it is missing.
enum class Without { refused, degraded, policy };  // policy: rules.user-namespace.unsupported

struct Feature {
  std::string_view name;
  std::string_view title;
  std::array<std::string_view, 3> rules;
  Without without;
  std::string_view then;  // what that means
  std::string_view remedy;
  std::string_view reference;
};

constexpr std::string_view kEvery = "every rule";

constexpr std::array kFeatures{
    Feature{"openat2",
            "paths walked without links (openat2)",
            {kEvery},
            Without::refused,
            "nothing starts",
            "Linux 5.6 or later",
            "openat2(2), Linux 5.6"},
    Feature{"mount-attributes",
            "attributes of a mount and all below it (mount_setattr)",
            {"mounts", "read-only-rootfs", "user-namespace"},
            Without::refused,
            "no container with a bind mount starts",
            "Linux 5.12 or later",
            "mount_setattr(2), Linux 5.12"},
    Feature{"user-namespaces",
            "user namespaces",
            {"user-namespace"},
            Without::policy,
            "containers have no ids of their own",
            "sysctl -w user.max_user_namespaces=65536; a kernel with CONFIG_USER_NS",
            "user_namespaces(7)"},
    Feature{"id-mapped-mounts",
            "id-mapped mounts where the engine keeps its layers",
            {"user-namespace", "mounts"},
            Without::policy,
            "a container's ids cannot be laid over its rootfs",
            "Linux 5.12 or later, and the engine's data root on ext4, xfs or btrfs",
            "mount_setattr(2), Linux 5.12"},
    Feature{"id-mapped-overlay",
            "an overlay over id-mapped layers",
            {"user-namespace"},
            Without::policy,
            "a container's ids cannot be laid over an overlay rootfs",
            "Linux 5.19 or later",
            "Linux 5.19"},
    Feature{"layer-options",
            "layers given to an overlay one by one (lowerdir+)",
            {"user-namespace"},
            Without::degraded,
            "the names of an image's layers have to fit one page",
            "Linux 6.5 or later where images have dozens of layers",
            "Linux 6.5"},
    Feature{"id-mapped-tmpfs",
            "id-mapped tmpfs",
            {"mounts"},
            Without::degraded,
            "secrets are copied, and a writable bind of a tmpfs is refused",
            "Linux 6.3 or later",
            "Linux 6.3"},
    Feature{"seccomp",
            "seccomp filters",
            {"seccomp"},
            Without::refused,
            "no container can be filtered",
            "a kernel with CONFIG_SECCOMP_FILTER",
            "seccomp(2), CIS 5.22"},
};

std::vector<std::string> rules_of(const Observation& seen, const Feature& feature) {
  std::vector<std::string> rules;
  for (const std::string_view rule : feature.rules) {
    if (rule.empty()) continue;
    if (rule == kEvery || enforces(seen, rule)) rules.emplace_back(rule);
  }
  return rules;
}

Without without(const Observation& seen, const Feature& feature) {
  if (feature.without != Without::policy) return feature.without;
  const Profile profile = seen.policy.profile(seen.policy.default_profile());
  const Json& settings = profile.settings("user-namespace");
  return find_string(settings, "/unsupported") == "degrade" ? Without::degraded : Without::refused;
}

Judgement judge(const Observation& seen, const Feature& feature, bool wanted) {
  const auto found = seen.features.find(std::string(feature.name));
  const Probe probe = found == seen.features.end() ? Probe{} : found->second;
  if (probe.answer == Answer::yes) return {Verdict::ok, probe.detail, ""};
  if (!wanted) return {Verdict::not_applicable, "no rule of the default profile needs it", ""};
  if (probe.answer == Answer::unasked) {
    return {Verdict::unknown, "not tried: " + probe.detail, "run as root on the host itself"};
  }
  const bool refused = without(seen, feature) == Without::refused;
  return {refused ? Verdict::fail : Verdict::warn,
          probe.detail + "; without it " + std::string(feature.then) +
              (refused ? " (refused)" : " (goes on without)"),
          std::string(feature.remedy)};
}

struct Controller {
  std::string_view name;
  std::string_view rule;
};
constexpr std::array kControllers{Controller{"pids", "pids-limit"},
                                  Controller{"memory", "memory-limit"}, Controller{"cpu", "cpu"},
                                  Controller{"devices", "devices"}};

Judgement judge_controller(const Observation& seen, const Controller& controller) {
  if (controller.name == "devices" && seen.host.cgroup_version == 2) {
    return {
        Verdict::not_applicable,
        "on cgroup v2 the runtime filters devices by a BPF program of its own, which is not tried",
        ""};
  }
  const auto found = seen.controllers.find(std::string(controller.name));
  if (found == seen.controllers.end() || found->second.answer == Answer::unasked) {
    return {Verdict::unknown,
            found == seen.controllers.end() ? "not looked at" : found->second.detail, ""};
  }
  if (found->second.answer == Answer::yes) return {Verdict::ok, found->second.detail, ""};
  const bool wanted = enforces(seen, controller.rule);
  // Root asks the runtime for the limit all the same, and that refuses; below a rootless engine the
  // limit is left out and recorded.
  const bool refused = seen.host.initial_user_namespace && wanted;
  return {refused  ? Verdict::fail
          : wanted ? Verdict::warn
                   : Verdict::not_applicable,
          found->second.detail + (refused ? "; the runtime refuses the limit (refused)"
                                          : "; the limit is left out (goes on without)"),
          seen.host.initial_user_namespace
              ? "boot without cgroup_disable=" + std::string(controller.name) +
                    "; on a Raspberry Pi cgroup_enable=" + std::string(controller.name)
              : "delegate it: Delegate=yes in user@.service.d/delegate.conf"};
}

}  // namespace

Findings judge_kernel(const Observation& seen) {
  Findings findings;
  for (const Feature& feature : kFeatures) {
    std::vector<std::string> rules = rules_of(seen, feature);
    findings.push_back(finding_of("kernel/" + std::string(feature.name), std::string(feature.title),
                                  judge(seen, feature, !rules.empty())));
    findings.back().rules = std::move(rules);
    findings.back().reference = feature.reference;
  }
  for (const Controller& controller : kControllers) {
    findings.push_back(finding_of("kernel/cgroup-" + std::string(controller.name),
                                  "cgroup controller " + std::string(controller.name),
                                  judge_controller(seen, controller)));
    findings.back().rules = {std::string(controller.rule)};
    findings.back().reference = "cgroups(7)";
  }
  return findings;
}

}  // namespace hardened
