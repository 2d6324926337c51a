// SPDX-License-Identifier: Apache-2.0
// Docker as the caller of hardened: whether it is registered, and every way past it.
#include <algorithm>
#include <array>

#include "core/doctor/checks.hpp"
#include "hardened/core/advisories.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::string_view kRegister =
    R"("runtimes": {"hardened": {"path": "/usr/bin/hardened"}} in daemon.json, then )"
    "systemctl reload docker";
constexpr int kFirstWithVariable = 26;  // moby/moby pull request 47563

Judgement settings_unknown(const Observation& seen) {
  return {Verdict::unknown, "the settings of the engine are not known: " + seen.engine.error, ""};
}

Judgement daemon(const Observation& seen) {
  const EngineSeen& engine = seen.engine;
  if (!engine.process) {
    return {Verdict::unknown,
            "no dockerd is running in sight: its files are judged, not what it runs with",
            "systemctl start docker, and run doctor again"};
  }
  std::string text = "dockerd is process " + std::to_string(engine.process->pid);
  if (!engine.process->version.empty()) text += ", " + engine.process->version;
  if (engine.others.empty()) return {Verdict::ok, std::move(text), ""};
  std::vector<std::string> pids;
  for (const int pid : engine.others) pids.push_back(std::to_string(pid));
  return {Verdict::warn, text + "; other dockerd, not judged here: " + joined(pids),
          "doctor --docker-config FILE names the one to judge"};
}

Judgement configuration(const Observation& seen) {
  const EngineSeen& engine = seen.engine;
  if (!engine.error.empty()) {
    return {seen.root ? Verdict::fail : Verdict::unknown, engine.error,
            "dockerd --validate --config-file FILE says what is wrong (Docker 23 and later)"};
  }
  const auto file = engine.files.find("daemon.json");
  if (file == engine.files.end() || file->second.sight != Sight::seen) {
    return {Verdict::ok, "no daemon.json: the command line and the defaults hold", ""};
  }
  return {Verdict::ok, file->second.path + " is understood", ""};
}

Judgement registered(const Observation& seen) {
  if (!seen.engine.error.empty()) return settings_unknown(seen);
  const std::vector<std::string> ours = our_runtimes(seen.engine);
  if (ours.empty()) {
    return {Verdict::warn, "Docker does not know hardened: every container runs past it",
            std::string(kRegister)};
  }
  return {Verdict::ok, "registered as " + joined(ours), ""};
}

Judgement default_runtime(const Observation& seen) {
  const EngineSeen& engine = seen.engine;
  if (!engine.error.empty()) return settings_unknown(seen);
  const std::string name = find_string(engine.settings, "/default-runtime").value_or("runc");
  if (hardened_is_default(engine)) return {Verdict::ok, name + " is the default", ""};
  const auto known = std::ranges::count(engine.runtimes, name, &RegisteredRuntime::name);
  if (known == 0 && name != "runc" && !name.starts_with("io.containerd.")) {
    return {Verdict::fail,
            "the default " + name + " is not registered: dockerd will not start again",
            std::string(kRegister)};
  }
  return {Verdict::warn, "containers that name no runtime run under " + name,
          R"("default-runtime": "hardened" in daemon.json, then systemctl reload docker)"};
}

std::string fault_of(const FileSeen& file) {
  if (file.sight == Sight::missing) return "is not there: dockerd will not start again";
  if (file.sight == Sight::unseen) return "";
  if (file.kind != FileKind::regular) return "is no file";
  if ((file.mode & 0111) == 0) return "cannot be executed (" + describe(file) + ")";
  if (file.owner != 0) return "belongs to " + file.owner_name;
  if ((file.mode & 0022) != 0) return "can be written by others than root (" + describe(file) + ")";
  if (!file.weak_parent.empty()) {
    return "lies below " + file.weak_parent + ", which others than root can write";
  }
  return "";
}

Judgement programs(const Observation& seen) {
  if (!seen.engine.error.empty()) return settings_unknown(seen);
  std::vector<std::string> faults;
  std::vector<std::string> good;
  std::vector<std::string> unseen;
  for (const auto& [name, file] : seen.engine.runtimes) {
    const std::string fault = fault_of(file);
    if (!fault.empty()) {
      faults.push_back(name + ": " + file.path + ' ' + fault);
    } else if (file.sight == Sight::seen) {
      good.push_back(name + " (" + file.path + ")");
    } else {
      unseen.push_back(name + " (" + file.path + ")");
    }
  }
  if (!faults.empty()) {
    return {Verdict::fail, "whoever replaces one of them is root",
            "chown root:root FILE && chmod 0755 FILE, in directories that only root writes",
            std::move(faults)};
  }
  if (!unseen.empty()) return {Verdict::unknown, "not looked at: " + joined(unseen), ""};
  if (good.empty()) return {Verdict::not_applicable, "none is registered", ""};
  return {Verdict::ok, joined(good) + ": root's, and nobody else writes there", ""};
}

Judgement runc_selectable(const Observation& seen) {
  const EngineSeen& engine = seen.engine;
  const auto plugins = find(engine.settings, "/authorization-plugins");
  std::string who = "who can write to its socket";
  if (!engine.socket_group_users.empty()) {
    who += " (group " + engine.sockets.front().group_name + ": " +
           joined(engine.socket_group_users) + ")";
  }
  std::string text = who + " can name another runtime: --runtime=runc is always there";
  if (plugins != nullptr && plugins->is_array() && !plugins->empty()) {
    text += "; there is an authorization plugin, whether it pins the runtime is not for us to see";
  }
  return {Verdict::warn, std::move(text),
          "keep the socket to root, or an authorization plugin that refuses HostConfig.Runtime"};
}

int engine_release(const EngineProcess& process) {
  constexpr std::string_view kBefore = "version ";
  const std::size_t at = process.version.find(kBefore);
  if (at == std::string::npos) return 0;
  const auto version = parse_version(std::string_view(process.version).substr(at + kBefore.size()));
  return version ? version->major : 0;
}

Judgement buildkit(const Observation& seen) {
  constexpr std::string_view kName = "DOCKER_BUILDKIT_RUNC_COMMAND=";
  const EngineSeen& engine = seen.engine;
  if (!engine.process) return {Verdict::unknown, "no dockerd is running in sight", ""};
  if (!engine.process->environment) {
    return {Verdict::unknown, "the environment of dockerd is root's to read", ""};
  }
  const int release = engine_release(*engine.process);
  const std::string past = "docker build (BuildKit) runs runc from PATH, whatever the default is";
  if (release != 0 && release < kFirstWithVariable) {
    return {Verdict::warn,
            past + "; Docker " + std::to_string(release) + " cannot be told otherwise",
            "Docker 26 or later; until then DOCKER_BUILDKIT=0, or build elsewhere"};
  }
  for (const std::string& variable : *engine.process->environment) {
    if (!variable.starts_with(kName)) continue;
    const std::string program = variable.substr(kName.size());
    for (const RegisteredRuntime& runtime : engine.runtimes) {
      if (runtime.file.ours && runtime.file.path == program) {
        return {Verdict::ok, "docker build (BuildKit) runs " + program, ""};
      }
    }
    const std::string name = program.substr(program.rfind('/') + 1);
    const bool ours = name == "hardened" || name.starts_with("hardened-");
    if (ours) return {Verdict::ok, "docker build (BuildKit) runs " + program, ""};
    return {Verdict::warn, "docker build (BuildKit) runs " + program,
            std::string(kName) + "/usr/bin/hardened-build in a drop-in of docker.service"};
  }
  return {Verdict::warn, past,
          "Environment=" + std::string(kName) +
              "/usr/bin/hardened-build (a link to hardened) in a drop-in of docker.service, then "
              "systemctl daemon-reload and restart docker"};
}

Judgement other_runtimes(const Observation& seen) {
  constexpr std::size_t kShown = 10;
  const EngineSeen& engine = seen.engine;
  if (!engine.error.empty()) return settings_unknown(seen);
  if (!engine.containers) return {Verdict::unknown, engine.containers_error, ""};
  const std::vector<std::string> ours = our_runtimes(engine);
  std::vector<std::string> lines;
  std::size_t count = 0;
  std::size_t running = 0;
  for (const ContainerSeen& container : *engine.containers) {
    if (!container.running) continue;
    ++running;
    if (std::ranges::count(ours, container.runtime) != 0) continue;
    if (++count <= kShown) lines.push_back(container.name + ": " + container.runtime);
  }
  if (count > kShown) lines.push_back("and " + std::to_string(count - kShown) + " more");
  if (count == 0) {
    return {Verdict::ok, "all " + std::to_string(running) + " that run do so under hardened", ""};
  }
  return {Verdict::warn,
          std::to_string(count) + " of " + std::to_string(running) + " running containers",
          "create them again with --runtime=hardened, or with hardened as the default runtime",
          std::move(lines)};
}

constexpr std::array kChecks{
    Check{"engine/daemon", "the Docker daemon", "", daemon},
    Check{"engine/configuration", "its configuration", "dockerd(8)", configuration},
    Check{"engine/registered", "hardened is registered", "", registered},
    Check{"engine/default-runtime", "hardened is the default runtime", "", default_runtime},
    Check{"engine/programs", "the programs of the registered runtimes", "", programs},
    Check{"engine/runc-selectable", "way past hardened: another runtime by name", "CIS 2.12",
          runc_selectable},
    Check{"engine/buildkit", "way past hardened: image builds", "moby/moby 47563", buildkit},
    Check{"engine/containers", "containers under other runtimes", "", other_runtimes},
};

}  // namespace

Findings judge_engine(const Observation& seen) {
  if (!seen.engine.present) {
    return {finding_of("engine/daemon", "the Docker daemon",
                       {Verdict::not_applicable, "no Docker on this host", ""})};
  }
  Findings findings;
  for (const Check& check : kChecks) findings.push_back(finding_of(check, seen));
  return findings;
}

}  // namespace hardened
