// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/judge.hpp"

#include <algorithm>
#include <array>

#include "core/judge_checks.hpp"
#include "hardened/core/document.hpp"

namespace hardened::judging {
namespace {

constexpr std::size_t kMostLines = 6;  // of evidence for one check

void by_the_engine(const Scene&, Finding& finding) {
  finding.leave("what the engine does; the kernel shows nothing of it");
}

// Pod Security's baseline: Docker's fourteen without NET_RAW.
void baseline_capabilities(const Scene& scene, Finding& finding) {
  const std::uint64_t allowed =
      capability_mask({"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER",
                       "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
                       "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"});
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    const std::uint64_t added = process.capabilities.all() & ~allowed;
    if (added == 0) return finding.pass("none beyond the baseline");
    finding.fail(describe(process) + " has " + capability_list(added));
  });
}

void restricted_capabilities(const Scene& scene, Finding& finding) {
  const std::uint64_t allowed = capability_mask({"CAP_NET_BIND_SERVICE"});
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    const std::uint64_t added = process.capabilities.all() & ~allowed;
    if (added == 0) return finding.pass("none but NET_BIND_SERVICE");
    finding.fail(describe(process) + " has " + capability_list(added));
  });
}

void host_namespaces(const Scene& scene, Finding& finding) {
  network_namespace(scene, finding);
  pid_namespace(scene, finding);
  ipc_namespace(scene, finding);
}

// Pod Security asks that a module that is there is not switched off; not that there is one.
void pod_apparmor(const Scene& scene, Finding& finding) {
  if (!scene.host.facts.apparmor) return finding.leave("this kernel does not run AppArmor");
  apparmor(scene, finding);
}

void sysctls(const Scene&, Finding& finding) {
  finding.leave("settings of its namespaces show inside them alone");
}

constexpr std::array kCis{
    Check{"CIS 5.1", "swarm mode off where not needed", "", by_the_engine},
    Check{"CIS 5.2", "AppArmor profile", "rule lsm; docker run --security-opt apparmor=PROFILE",
          apparmor},
    Check{"CIS 5.3", "SELinux label", "rule lsm; an engine with SELinux support on", selinux},
    Check{"CIS 5.4", "capabilities", "rule capabilities; docker run --cap-drop", capabilities},
    Check{"CIS 5.5", "no privileged container", "rule privileged; run without --privileged",
          privileged},
    Check{"CIS 5.6", "no sensitive host directory", "rule mounts; bind less",
          sensitive_directories},
    Check{"CIS 5.7", "no SSH server inside", "docker exec in its place", ssh_server},
    Check{"CIS 5.8", "no privileged ports mapped", "", by_the_engine},
    Check{"CIS 5.9", "only needed ports open", "", by_the_engine},
    Check{"CIS 5.10", "network namespace of its own", "rule host-namespaces; no --network host",
          network_namespace},
    Check{"CIS 5.11", "memory limit", "rule memory-limit; docker run --memory", memory_limit},
    Check{"CIS 5.12", "CPU priority", "rule cpu; docker run --cpus, --cpu-shares", cpu_priority},
    Check{"CIS 5.13", "read-only root file system", "rule read-only-rootfs; docker run --read-only",
          read_only_rootfs},
    Check{"CIS 5.14", "ports bound to one host interface", "", by_the_engine},
    Check{"CIS 5.15", "restart on failure at most 5 times", "", by_the_engine},
    Check{"CIS 5.16", "pid namespace of its own", "rule host-namespaces; no --pid host",
          pid_namespace},
    Check{"CIS 5.17", "IPC namespace of its own", "rule host-namespaces; no --ipc host",
          ipc_namespace},
    Check{"CIS 5.18", "no host devices", "rule devices; no --device", devices},
    Check{"CIS 5.19", "ulimits", "rule rlimits; docker run --ulimit", resource_limits},
    Check{"CIS 5.20", "no shared mount propagation", "rule mounts; no rshared", propagation},
    Check{"CIS 5.21", "UTS namespace of its own", "rule host-namespaces; no --uts host",
          uts_namespace},
    Check{"CIS 5.22", "seccomp on", "rule seccomp; no seccomp=unconfined", seccomp},
    Check{"CIS 5.23", "no exec with more than the container",
          "exec through hardened; no exec --privileged", entered_with_more},
    Check{"CIS 5.24", "no exec as root", "docker exec --user", entered_as_root},
    Check{"CIS 5.25", "cgroup of its own", "rule cgroup; no --cgroup-parent", own_cgroup},
    Check{"CIS 5.26", "no new privileges",
          "rule no-new-privileges; docker run --security-opt no-new-privileges", no_new_privileges},
    Check{"CIS 5.27", "health checked at run time", "", by_the_engine},
    Check{"CIS 5.28", "image versions kept current", "", by_the_engine},
    Check{"CIS 5.29", "process limit", "rule pids-limit; docker run --pids-limit", pids_limit},
    Check{"CIS 5.30", "not the default bridge", "", by_the_engine},
    Check{"CIS 5.31", "user namespace of its own", "rule user-namespace", user_namespace},
    Check{"CIS 5.32", "no engine socket", "rule mounts; bind no socket", engine_socket},
};

constexpr std::array kBeyond{
    Check{"masks", "kernel files masked", "rule masked-paths; no systempaths=unconfined",
          masked_paths},
    Check{"flags", "writable mounts nosuid, nodev", "rule mounts", mount_flags},
    Check{"oom", "out-of-memory score not below 0", "rule process", oom_score},
};

// docs/concepts/security/pod-security-standards of Kubernetes, in its order.
constexpr std::array kPodSecurity{
    Check{"baseline", "Host Namespaces", "", host_namespaces},
    Check{"baseline", "Privileged Containers", "", privileged},
    Check{"baseline", "Capabilities", "", baseline_capabilities},
    Check{"baseline", "HostPath Volumes", "", host_paths},
    Check{"baseline", "Host Ports", "", by_the_engine},
    Check{"baseline", "AppArmor", "", pod_apparmor},
    Check{"baseline", "SELinux", "", selinux},
    Check{"baseline", "/proc Mount Type", "", proc_mount_type},
    Check{"baseline", "Seccomp", "", seccomp},
    Check{"baseline", "Sysctls", "", sysctls},
    Check{"restricted", "Privilege Escalation", "", no_new_privileges},
    Check{"restricted", "Running as Non-root", "", host_root},
    Check{"restricted", "Capabilities", "", restricted_capabilities},
};

Judged run(const Check& check, const Scene& scene) {
  Finding finding;
  check.look(scene, finding);
  Judged judged;
  judged.id = check.id;
  judged.title = check.title;
  judged.verdict = finding.verdict();
  judged.evidence = finding.evidence();
  if (judged.verdict >= Verdict::warn) judged.remedy = check.remedy;
  return judged;
}

// What stands in a level's way; empty: nothing.
std::string obstacle(const std::vector<Judged>& controls, std::string_view level) {
  const auto found = std::find_if(controls.begin(), controls.end(), [&](const Judged& control) {
    return control.id == level && control.verdict >= Verdict::warn;
  });
  return found == controls.end() ? "" : found->title + ": " + found->evidence.front();
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::not_judged:
      return "-";
    case Verdict::pass:
      return "PASS";
    case Verdict::warn:
      return "WARN";
    case Verdict::fail:
      return "FAIL";
  }
  return "FAIL";
}

void Finding::add(Verdict verdict, std::string evidence) {
  const auto same = [&](const Line& line) { return line.text == evidence; };
  if (std::none_of(lines_.begin(), lines_.end(), same)) {
    lines_.push_back({verdict, std::move(evidence)});
  }
}

Verdict Finding::verdict() const {
  if (lines_.empty()) return Verdict::warn;
  return std::max_element(
             lines_.begin(), lines_.end(),
             [](const Line& one, const Line& other) { return one.verdict < other.verdict; })
      ->verdict;
}

std::vector<std::string> Finding::evidence() const {
  if (lines_.empty()) return {"nothing was looked at"};
  const Verdict least =
      std::max(verdict() == Verdict::fail ? Verdict::warn : verdict(), Verdict::not_judged);
  std::vector<std::string> found;
  std::size_t more = 0;
  for (const Verdict wanted : {Verdict::fail, Verdict::warn, Verdict::pass, Verdict::not_judged}) {
    for (const Line& line : lines_) {
      if (line.verdict != wanted || line.verdict < least) continue;
      if (found.size() < kMostLines) {
        found.push_back(line.text);
      } else {
        ++more;
      }
    }
  }
  if (more != 0) found.push_back("and " + std::to_string(more) + " more");
  return found;
}

std::span<const Check> cis_checks() { return kCis; }
std::span<const Check> beyond_checks() { return kBeyond; }
std::span<const Check> pod_security_checks() { return kPodSecurity; }

Judgement judge(ContainerSighting container, const HostSighting& host, const Profile& profile) {
  Judgement judgement;
  const Scene scene{container, host, profile};
  for (const Check& check : kCis) judgement.items.push_back(run(check, scene));
  for (const Check& check : kBeyond) judgement.items.push_back(run(check, scene));
  for (const Check& check : kPodSecurity) judgement.pod_security.push_back(run(check, scene));
  const std::string baseline = obstacle(judgement.pod_security, "baseline");
  const std::string restricted = obstacle(judgement.pod_security, "restricted");
  judgement.level = !baseline.empty()     ? "privileged"
                    : !restricted.empty() ? "baseline"
                                          : "restricted";
  judgement.level_ends = !baseline.empty() ? baseline : restricted;
  judgement.container = std::move(container);
  return judgement;
}

Verdict worst(const Judgement& judgement) {
  Verdict verdict = Verdict::not_judged;
  for (const Judged& item : judgement.items) verdict = std::max(verdict, item.verdict);
  return verdict;
}

std::size_t count(const Judgement& judgement, Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(judgement.items.begin(), judgement.items.end(),
                    [&](const Judged& item) { return item.verdict == verdict; }));
}

}  // namespace hardened::judging
