// SPDX-License-Identifier: Apache-2.0
// Section 2 of the CIS Docker Benchmark, numbered as in docker-bench-security 1.6: what the daemon
// runs with. What hardened answers for its own containers is said so where it is the default.
#include <algorithm>
#include <array>

#include "core/doctor/checks.hpp"
#include "hardened/core/document.hpp"

namespace hardened {
namespace {

std::string text_at(const Observation& seen, std::string_view pointer,
                    std::string_view otherwise = "") {
  const Json* value = find(seen.engine.settings, pointer);
  if (value == nullptr) return std::string(otherwise);
  return value->is_string() ? value->get<std::string>() : value->dump();
}

bool flag(const Observation& seen, std::string_view pointer, bool otherwise) {
  const Json* value = find(seen.engine.settings, pointer);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : otherwise;
}

std::vector<std::string> list_at(const Observation& seen, std::string_view pointer) {
  std::vector<std::string> words;
  const Json* value = find(seen.engine.settings, pointer);
  if (value == nullptr || !value->is_array()) return words;
  for (const Json& word : *value)
    words.push_back(word.is_string() ? word.get<std::string>() : word.dump());
  return words;
}

Judgement ok(std::string evidence) { return {Verdict::ok, std::move(evidence), ""}; }
Judgement warn(std::string evidence, std::string remedy) {
  return {Verdict::warn, std::move(evidence), std::move(remedy)};
}

std::string in_file(std::string_view setting) {
  return std::string(setting) + " in daemon.json, then systemctl restart docker";
}

// What hardened gives its containers, whatever the engine's default is.
std::optional<Judgement> by_hardened(const Observation& seen, std::string_view rule) {
  if (!hardened_is_default(seen.engine) || !enforces(seen, rule)) return std::nullopt;
  return ok("not set; hardened is the default runtime and its rule " + std::string(rule) +
            " does it for each container");
}

Judgement not_root(const Observation& seen) {
  if (!seen.engine.process) return {Verdict::unknown, "no dockerd is running in sight", ""};
  if (seen.engine.process->user != 0)
    return ok("dockerd runs as uid " + std::to_string(seen.engine.process->user));
  return warn("dockerd runs as root",
              "rootless mode (dockerd-rootless-setuptool.sh install) where "
              "its limits are acceptable");
}

Judgement icc(const Observation& seen) {
  if (!flag(seen, "/icc", true)) return ok("icc is false");
  return warn("containers on the default bridge reach each other (icc)",
              in_file(R"("icc": false)"));
}

Judgement log_level(const Observation& seen) {
  const std::string level =
      flag(seen, "/debug", false) ? "debug" : text_at(seen, "/log-level", "info");
  if (level == "info") return ok("info");
  return warn(level, in_file(R"("log-level": "info" and no "debug")"));
}

Judgement iptables(const Observation& seen) {
  if (flag(seen, "/iptables", true)) return ok("Docker writes its rules");
  return warn("iptables is false: ports and icc are for the administrator to filter",
              in_file(R"("iptables": true)"));
}

Judgement insecure_registries(const Observation& seen) {
  const std::vector<std::string> names = list_at(seen, "/insecure-registries");
  if (names.empty()) return ok("none");
  return warn("without TLS: " + joined(names), in_file(R"(no "insecure-registries")"));
}

Judgement aufs(const Observation& seen) {
  const std::string driver = text_at(seen, "/storage-driver", "the default");
  if (driver != "aufs") return ok(driver);
  return warn("aufs", in_file(R"("storage-driver": "overlay2")"));
}

Judgement tls(const Observation& seen) {
  std::vector<std::string> open;
  for (const std::string& host : list_at(seen, "/hosts")) {
    if (host.starts_with("tcp://") || host.starts_with("http")) open.push_back(host);
  }
  const std::vector<std::string>& units = seen.engine.unit_listeners;
  const bool handed = std::ranges::any_of(
      list_at(seen, "/hosts"), [](const std::string& host) { return host.starts_with("fd:"); });
  for (const std::string& unit : units) {
    if (handed && !unit.starts_with('/')) open.push_back("ListenStream=" + unit);
  }
  if (open.empty()) return ok("no TCP listener");
  if (flag(seen, "/tlsverify", false)) return ok(joined(open) + " with tlsverify");
  const bool encrypted = flag(seen, "/tls", false);
  return {Verdict::fail,
          joined(open) +
              (encrypted ? " with TLS that asks nobody for a certificate" : " without TLS") +
              ": who reaches it is root",
          in_file(R"("tlsverify": true with tlscacert, tlscert and tlskey, or no tcp:// host)")};
}

Judgement ulimits(const Observation& seen) {
  const Json* limits = find(seen.engine.settings, "/default-ulimits");
  if (limits != nullptr && !limits->empty()) return ok(limits->dump());
  if (auto ours = by_hardened(seen, "rlimits")) return *ours;
  return warn(
      "containers get dockerd's own limits",
      in_file(R"("default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 65536}})"));
}

Judgement user_namespaces(const Observation& seen) {
  const std::string remap = text_at(seen, "/userns-remap");
  if (!remap.empty()) return ok("userns-remap is " + remap + ", one range for all containers");
  if (auto ours = by_hardened(seen, "user-namespace")) return *ours;
  return warn(
      "containers run with the host's ids",
      R"("default-runtime": "hardened" (ids of its own for each), or "userns-remap": "default")");
}

Judgement cgroup_parent(const Observation& seen) {
  const std::string parent = text_at(seen, "/cgroup-parent");
  if (parent.empty()) return ok("the default");
  return warn(parent,
              "confirm that limits are meant to be shared below it, else no \"cgroup-parent\"");
}

Judgement base_device(const Observation& seen) {
  for (const std::string& option : list_at(seen, "/storage-opts")) {
    if (option.starts_with("dm.basesize")) return warn(option, in_file("no dm.basesize"));
  }
  return ok("not changed");
}

Judgement authorization(const Observation& seen) {
  const std::vector<std::string> plugins = list_at(seen, "/authorization-plugins");
  if (!plugins.empty()) return ok(joined(plugins));
  return warn("none: who can write to the socket may do everything",
              in_file(R"("authorization-plugins": ["NAME"])"));
}

Judgement logging(const Observation& seen) {
  const std::string driver = text_at(seen, "/log-driver", "json-file");
  if (driver != "json-file" && driver != "local" && driver != "none") return ok(driver);
  return warn(driver + " stays on this host",
              in_file(R"("log-driver": "journald", "syslog" or another)"));
}

Judgement new_privileges(const Observation& seen) {
  if (flag(seen, "/no-new-privileges", false)) return ok("no-new-privileges is true");
  if (auto ours = by_hardened(seen, "no-new-privileges")) return *ours;
  return warn("not set", in_file(R"("no-new-privileges": true)"));
}

Judgement live_restore(const Observation& seen) {
  if (flag(seen, "/live-restore", false)) return ok("live-restore is true");
  return warn("containers stop with the daemon",
              in_file(R"("live-restore": true (not with swarm))"));
}

Judgement userland_proxy(const Observation& seen) {
  if (!flag(seen, "/userland-proxy", true)) return ok("userland-proxy is false");
  return warn("published ports go through docker-proxy", in_file(R"("userland-proxy": false)"));
}

Judgement seccomp(const Observation& seen) {
  const std::string profile = text_at(seen, "/seccomp-profile");
  if (profile == "unconfined") {
    return {Verdict::fail, "unconfined: containers that are not hardened have no filter",
            in_file(R"(no "seccomp-profile")")};
  }
  return ok(profile.empty() ? "the engine's own; hardened tightens it" : profile);
}

Judgement experimental(const Observation& seen) {
  if (!flag(seen, "/experimental", false)) return ok("off");
  return warn("experimental is true", in_file(R"("experimental": false)"));
}

constexpr std::array kChecks{
    Check{"cis/2.1", "the daemon is not root's", "CIS 2.1", not_root},
    Check{"cis/2.2", "traffic between containers", "CIS 2.2", icc},
    Check{"cis/2.3", "log level", "CIS 2.3", log_level},
    Check{"cis/2.4", "Docker writes iptables", "CIS 2.4", iptables},
    Check{"cis/2.5", "insecure registries", "CIS 2.5", insecure_registries},
    Check{"cis/2.6", "storage driver aufs", "CIS 2.6", aufs},
    Check{"cis/2.7", "TLS for TCP listeners", "CIS 2.7", tls},
    Check{"cis/2.8", "default ulimits", "CIS 2.8", ulimits},
    Check{"cis/2.9", "user namespaces", "CIS 2.9", user_namespaces},
    Check{"cis/2.10", "cgroup parent", "CIS 2.10", cgroup_parent},
    Check{"cis/2.11", "base device size", "CIS 2.11", base_device},
    Check{"cis/2.12", "authorization plugin", "CIS 2.12", authorization},
    Check{"cis/2.13", "central logs", "CIS 2.13", logging},
    Check{"cis/2.14", "no new privileges", "CIS 2.14", new_privileges},
    Check{"cis/2.15", "live restore", "CIS 2.15", live_restore},
    Check{"cis/2.16", "userland proxy", "CIS 2.16", userland_proxy},
    Check{"cis/2.17", "seccomp profile of the daemon", "CIS 2.17", seccomp},
    Check{"cis/2.18", "experimental features", "CIS 2.18", experimental},
};

}  // namespace

Findings judge_daemon(const Observation& seen) {
  Findings findings;
  if (!seen.engine.present) return findings;
  for (const Check& check : kChecks) {
    if (seen.engine.error.empty() || check.judge == not_root) {
      findings.push_back(finding_of(check, seen));
      continue;
    }
    findings.push_back(finding_of(std::string(check.id), std::string(check.title),
                                  {Verdict::unknown, "the engine's settings are not known", ""}));
    findings.back().reference = check.reference;
  }
  return findings;
}

}  // namespace hardened
