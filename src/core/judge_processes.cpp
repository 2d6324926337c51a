// SPDX-License-Identifier: Apache-2.0
// What each process of a container has: of every one, those that were let in later too.
#include <algorithm>
#include <array>
#include <limits>

#include "core/ceiling_parts.hpp"
#include "core/judge_checks.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/text.hpp"

namespace hardened::judging {
namespace {

constexpr std::array<std::string_view, 4> kSshServers{"sshd", "dropbear", "sshd-session",
                                                      "tinysshd"};
// Docker's fourteen: benchmarks take what an engine gives by default for restricted.
constexpr std::string_view kEngineDefaults = "/engine_defaults";

bool holds(const std::vector<std::string>& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

std::string how_many(std::size_t count, std::string_view what) {
  return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "es");
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// "system_u:system_r:container_t:s0:c1,c2" is of type container_t.
std::string type_of(std::string_view label) {
  const std::vector<std::string> parts = split(label, ':');
  return parts.size() >= 3 ? parts[2] : "";
}

bool confined_by_selinux(const Scene& scene, const ProcessSighting& process) {
  return holds(find_strings(scene.profile.settings("lsm"), "/selinux_types"),
               type_of(process.selinux));
}

bool confined_by_apparmor(const ProcessSighting& process) {
  return process.apparmor.ends_with(" (enforce)") || process.apparmor.ends_with(" (kill)");
}

std::string label_or_none(const std::string& label) {
  return label.empty() ? "no label" : "\"" + label + "\"";
}

// What the process has and init has not, one phrase each.
std::vector<std::string> more_than(const ProcessSighting& init, const ProcessSighting& process) {
  std::vector<std::string> more;
  const std::uint64_t added = process.capabilities.all() & ~init.capabilities.all();
  if (added != 0) more.push_back(capability_list(added));
  if (init.no_new_privileges && !process.no_new_privileges) {
    more.emplace_back("the means to gain privileges");
  }
  if (process.seccomp < init.seccomp) more.emplace_back("no seccomp filter");
  if (process.seccomp_filters && init.seccomp_filters && process.seccomp == init.seccomp &&
      *process.seccomp_filters < *init.seccomp_filters) {
    more.emplace_back("fewer seccomp filters (" + std::to_string(*process.seccomp_filters) +
                      " of " + std::to_string(*init.seccomp_filters) + ")");
  }
  const bool loose = confined_by_apparmor(init) && !confined_by_apparmor(process);
  if (loose) more.emplace_back("no AppArmor profile");
  const auto user = [](const ProcessSighting& of) {
    const auto found = of.namespaces.find("user");
    return found == of.namespaces.end() ? std::string() : found->second;
  };
  if (user(process) != user(init) && process.user_map != init.user_map) {
    more.emplace_back("another user namespace");
  }
  return more;
}

// Whether it came from outside, as `exec` enters: its parent is none of the container's.
bool entered(const ContainerSighting& container, const ProcessSighting& process) {
  return process.pid != container.init &&
         std::none_of(container.processes.begin(), container.processes.end(),
                      [&](const ProcessSighting& other) { return other.pid == process.parent; });
}

bool is_root_inside(const ProcessSighting& process) {
  const auto inner_root = std::find_if(process.user_map.begin(), process.user_map.end(),
                                       [](const IdMapping& map) { return map.container == 0; });
  if (inner_root == process.user_map.end()) return process.users[1] == 0;
  return process.users[1] == inner_root->host;
}

}  // namespace

std::string describe(const ProcessSighting& process) {
  return "pid " + std::to_string(process.pid) + " (" + process.name + ")";
}

const ProcessSighting* init_of(const ContainerSighting& container) {
  const auto found =
      std::find_if(container.processes.begin(), container.processes.end(),
                   [&](const ProcessSighting& process) { return process.pid == container.init; });
  return found == container.processes.end() ? nullptr : &*found;
}

void each_process(const Scene& scene, Finding& finding, std::string_view part,
                  const std::function<void(const ProcessSighting&)>& look) {
  const ContainerSighting& container = scene.container;
  for (const std::string& line : container.unseen) {
    if (line.starts_with("process")) finding.warn(line);
  }
  if (container.processes.empty()) finding.warn("no process could be looked at");
  for (const ProcessSighting& process : container.processes) {
    const auto gap = std::find_if(process.unseen.begin(), process.unseen.end(),
                                  [&](const std::string& line) { return line.starts_with(part); });
    if (gap != process.unseen.end()) {
      finding.warn(describe(process) + " could not be looked at: " + *gap);
    } else {
      look(process);
    }
  }
}

std::string capability_list(std::uint64_t mask) {
  const std::vector<std::string_view> names = capability_names();
  std::string list;
  std::size_t known = 0;
  for (std::size_t bit = 0; bit < names.size(); ++bit) {
    if ((mask >> bit & 1U) == 0) continue;
    list.append(list.empty() ? "" : " ").append(names[bit]);
    ++known;
  }
  const bool more = names.size() < 64 && mask >> names.size() != 0;
  if (more) list.append(list.empty() ? "" : " ").append("others that have no name here");
  if (known >= names.size()) return "every capability";
  return list.empty() ? "none" : list;
}

std::uint64_t capability_mask(const std::vector<std::string>& names) {
  const std::vector<std::string_view> known = capability_names();
  std::uint64_t mask = 0;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found != known.end()) mask |= std::uint64_t{1} << (found - known.begin());
  }
  return mask;
}

void apparmor(const Scene& scene, Finding& finding) {
  if (!scene.host.facts.apparmor) {
    if (scene.host.facts.selinux) return finding.leave("this kernel runs SELinux: see 5.3");
    return finding.warn("this kernel has neither AppArmor nor SELinux: nothing confines anybody");
  }
  each_process(scene, finding, "attr", [&](const ProcessSighting& process) {
    if (confined_by_apparmor(process)) {
      finding.pass("AppArmor profile " + process.apparmor);
    } else {
      finding.fail(describe(process) + " has " + label_or_none(process.apparmor) +
                   ": AppArmor does not confine it");
    }
  });
}

void selinux(const Scene& scene, Finding& finding) {
  if (!scene.host.facts.selinux) return finding.leave("this kernel does not run SELinux");
  each_process(scene, finding, "attr", [&](const ProcessSighting& process) {
    if (confined_by_selinux(scene, process)) {
      finding.pass("SELinux label " + process.selinux);
    } else {
      finding.fail(describe(process) + " has " + label_or_none(process.selinux) +
                   ", whose type confines no container");
    }
  });
}

void capabilities(const Scene& scene, Finding& finding) {
  const Json& settings = scene.profile.settings("capabilities");
  const std::uint64_t keep = capability_mask(find_strings(settings, "/keep"));
  const std::uint64_t usual = capability_mask(find_strings(settings, kEngineDefaults));
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    const std::uint64_t has = process.capabilities.all();
    if ((has & ~usual & ~keep) != 0) {
      finding.fail(describe(process) + " has " + capability_list(has & ~usual & ~keep));
    } else if ((has & ~keep) != 0) {
      finding.warn(describe(process) + " has " + capability_list(has & ~keep) +
                   ", as engines give by default and few servers need");
    } else {
      finding.pass("CapBnd " + capability_list(process.capabilities.bounding));
    }
  });
}

void ssh_server(const Scene& scene, Finding& finding) {
  each_process(scene, finding, "exe", [&](const ProcessSighting& process) {
    for (const std::string_view server : kSshServers) {
      if (process.name == server || last_part(process.executable) == server) {
        return finding.fail(describe(process) + " is an SSH server: " + process.executable);
      }
    }
    finding.pass("none of " + how_many(scene.container.processes.size(), "process") +
                 " is called like an SSH server");
  });
}

void seccomp(const Scene& scene, Finding& finding) {
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    const std::string mode = "Seccomp: " + std::to_string(process.seccomp);
    if (process.seccomp == 0) return finding.fail(describe(process) + " has " + mode + ": none");
    const auto filters = process.seccomp_filters;
    finding.pass(mode + (filters ? ", Seccomp_filters: " + std::to_string(*filters) : ""));
  });
}

void entered_with_more(const Scene& scene, Finding& finding) {
  const ProcessSighting* init = init_of(scene.container);
  if (init == nullptr) return finding.warn("the first process could not be looked at");
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    const std::vector<std::string> more = more_than(*init, process);
    if (more.empty()) {
      return finding.pass("none of " + how_many(scene.container.processes.size(), "process") +
                          " has more than the first, " + describe(*init));
    }
    std::string list;
    for (const std::string& one : more) list += (list.empty() ? "" : ", ") + one;
    finding.fail(describe(process) + " has " + list + ", which the first process, " +
                 describe(*init) + ", has not");
  });
}

void entered_as_root(const Scene& scene, Finding& finding) {
  const ProcessSighting* init = init_of(scene.container);
  if (init == nullptr) return finding.warn("the first process could not be looked at");
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    if (entered(scene.container, process) && is_root_inside(process) && !is_root_inside(*init)) {
      finding.warn(describe(process) + " entered as root; the container itself runs as user " +
                   std::to_string(init->users[1]));
    } else {
      finding.pass("nobody entered as root beside a first process that is another user");
    }
  });
}

void no_new_privileges(const Scene& scene, Finding& finding) {
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    if (process.no_new_privileges) return finding.pass("NoNewPrivs: 1");
    finding.fail(describe(process) + " has NoNewPrivs: 0");
  });
}

void oom_score(const Scene& scene, Finding& finding) {
  each_process(scene, finding, "oom_score_adj", [&](const ProcessSighting& process) {
    const std::string score = "oom_score_adj " + std::to_string(process.oom_score_adj);
    if (process.oom_score_adj >= 0) return finding.pass(score);
    finding.fail(describe(process) + " has " + score + ": others are killed before it");
  });
}

void resource_limits(const Scene& scene, Finding& finding) {
  const Json& bounds = scene.profile.settings("rlimits");
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kBounded{
      {{"RLIMIT_NOFILE", "nofile"}, {"RLIMIT_NPROC", "nproc"}, {"RLIMIT_CORE", "core"}}};
  each_process(scene, finding, "limits", [&](const ProcessSighting& process) {
    bool within = true;
    for (const auto& [type, setting] : kBounded) {
      const auto limit = process.limits.find(std::string(type));
      if (limit == process.limits.end()) return finding.warn("no " + std::string(type) + " shown");
      const auto bound = bounds.at(std::string(setting)).get<std::uint64_t>();
      if (limit->second.hard <= bound) continue;
      within = false;
      const bool none = limit->second.hard == std::numeric_limits<std::uint64_t>::max();
      finding.warn(describe(process) + " has " + std::string(type) + ' ' +
                   (none ? "unlimited" : std::to_string(limit->second.hard)) + ", over " +
                   std::to_string(bound));
    }
    if (within) finding.pass("RLIMIT_NOFILE, RLIMIT_NPROC and RLIMIT_CORE are bounded");
  });
}

// Pod Security: any id is fine where it is nobody's on the host.
void host_root(const Scene& scene, Finding& finding) {
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    const bool root =
        std::find(process.users.begin(), process.users.end(), 0U) != process.users.end();
    if (root) return finding.fail(describe(process) + " runs as the host's root");
    finding.pass("user " + std::to_string(process.users[1]) + " of the host");
  });
}

}  // namespace hardened::judging
