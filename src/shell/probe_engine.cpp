// SPDX-License-Identifier: Apache-2.0
// Docker: the running daemon by /proc, its settings, and the files that belong to it. The daemon
// itself is not asked: what it would answer it reads from there as well, and it may hang.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>

#include "hardened/core/daemon_settings.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "shell/probes.hpp"

namespace hardened {
namespace {

constexpr const char* kConfig = "/etc/docker/daemon.json";
constexpr const char* kSocket = "/run/docker.sock";

// The words that /proc shows with a NUL behind each.
std::vector<std::string> words_of(std::string text) {
  if (!text.empty() && text.back() == '\0') text.pop_back();
  return text.empty() ? std::vector<std::string>{} : split(text, '\0');
}

std::optional<std::string> read_of_process(Kernel& kernel, int pid, const char* name) {
  try {
    return read_small_file(kernel, "/proc/" + std::to_string(pid) + '/' + name, 4U << 20);
  } catch (const Error&) {
    return std::nullopt;  // not ours to read
  }
}

// "Uid:\t0\t0\t0\t0": the effective one is the second. nullopt: a process of another pid namespace,
// which is a container's own, or none any more.
std::optional<std::uint32_t> user_of(const std::string& status) {
  std::istringstream lines(status);
  std::optional<std::uint32_t> user;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    std::uint32_t first = 0, second = 0;
    if (name == "Uid:" && fields >> first >> second) user = second;
    if (name == "NSpid:" && fields >> first >> second) return std::nullopt;
  }
  return user;
}

std::optional<EngineProcess> process_named(Kernel& kernel, int pid, std::string_view name) {
  if (read_of_process(kernel, pid, "comm") != std::string(name) + '\n') return std::nullopt;
  const auto user = user_of(read_of_process(kernel, pid, "status").value_or(""));
  if (!user) return std::nullopt;
  EngineProcess process;
  process.pid = pid;
  process.user = *user;
  process.arguments = words_of(read_of_process(kernel, pid, "cmdline").value_or(""));
  if (!process.arguments.empty()) process.arguments.erase(process.arguments.begin());
  if (auto text = read_of_process(kernel, pid, "environ")) process.environment = words_of(*text);
  try {
    process.executable =
        kernel.read_link(kWorkingDirectory, "/proc/" + std::to_string(pid) + "/exe").value_or("");
  } catch (const Error&) {
    // Its owner's and root's to read.
  }
  return process;
}

// Root's, or the caller's own: what anybody else calls dockerd leads doctor to no file.
std::vector<EngineProcess> daemons(Kernel& kernel) {
  std::vector<EngineProcess> found;
  for (const std::string& name : names_in(kernel, "/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto process = process_named(kernel, std::stoi(name), "dockerd");
    if (process && (process->user == 0 || process->user == kernel.user()))
      found.push_back(*process);
  }
  return found;
}

// The one that is meant: by its configuration, else the host's own, else the first.
void choose(std::vector<EngineProcess> found, const Whereabouts& where, EngineSeen& engine) {
  const std::string wanted = where.docker_config.empty() ? kConfig : where.docker_config;
  auto chosen = std::ranges::find_if(found, [&](const EngineProcess& process) {
    return config_file_of(process.arguments, kConfig) == wanted;
  });
  if (chosen == found.end() && where.docker_config.empty()) chosen = found.begin();
  for (auto process = found.begin(); process != found.end(); ++process) {
    if (process != chosen) engine.others.push_back(process->pid);
  }
  if (chosen != found.end()) engine.process = std::move(*chosen);
}

// What a root's program at a root's place says; any other is not run.
std::string version_of(Kernel& kernel, const EngineProcess& process) {
  const std::string& path = process.executable;
  if (!path.starts_with('/') || path.ends_with(" (deleted)") || process.user != 0) return "";
  try {
    const FileSeen file = look_at_file(kernel, {}, path);
    if (file.owner != 0 || (file.mode & 0022) != 0 || !file.weak_parent.empty()) return "";
    const std::string text = kernel.output_of(path, {"--version"});
    return text.substr(0, text.find('\n'));
  } catch (const Error&) {
    return "";
  }
}

Json read_configuration(Kernel& kernel, const std::string& path, EngineSeen& engine) {
  try {
    const std::string text = read_small_file(kernel, path).value_or("");
    // dockerd takes an empty file for none.
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) return Json::object();
    Json json = parse_document(text, {.bytes = 1U << 20});
    if (json.is_object()) return json;
    engine.error = path + ": not an object";
  } catch (const Error& error) {
    engine.error = path + ": " + error.what();
  }
  return Json::object();
}

std::string text_at(const EngineSeen& engine, std::string_view pointer) {
  const Json* value = find(engine.settings, pointer);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

FileSeen unit_file(Kernel& kernel, const Accounts& accounts, const std::string& name) {
  for (const char* directory :
       {"/etc/systemd/system/", "/run/systemd/system/", "/usr/local/lib/systemd/system/",
        "/usr/lib/systemd/system/", "/lib/systemd/system/"}) {
    FileSeen file = look_at_file(kernel, accounts, directory + name);
    // A link to /dev/null masks a unit.
    if (file.sight == Sight::seen && file.kind != FileKind::regular) file.sight = Sight::missing;
    if (file.sight != Sight::missing) return file;
  }
  FileSeen none;
  none.path = name;
  none.sight = Sight::missing;
  return none;
}

void add_units(Kernel& kernel, const Accounts& accounts, EngineSeen& engine) {
  for (const char* name : {"docker.service", "docker.socket"}) {
    engine.files[name] = unit_file(kernel, accounts, name);
  }
  const FileSeen& socket = engine.files["docker.socket"];
  if (socket.sight != Sight::seen) return;
  try {
    constexpr std::string_view kListen = "ListenStream=";
    std::istringstream lines(read_small_file(kernel, socket.path).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(kListen)) engine.unit_listeners.push_back(line.substr(kListen.size()));
    }
  } catch (const Error&) {
    // Its mode is a finding of its own.
  }
}

// dockerd(8): where nothing else is said, root's ~/.docker.
void add_tls(Kernel& kernel, const Accounts& accounts, EngineSeen& engine) {
  struct Certificate {
    const char* name;
    const char* pointer;
    const char* otherwise;
  };
  constexpr std::array kFiles{Certificate{"tls ca", "/tlscacert", "/root/.docker/ca.pem"},
                              Certificate{"tls certificate", "/tlscert", "/root/.docker/cert.pem"},
                              Certificate{"tls key", "/tlskey", "/root/.docker/key.pem"}};
  const auto on = [&](const char* key) { return engine.settings.value(key, Json()) == true; };
  for (const Certificate& file : kFiles) {
    std::string path = text_at(engine, file.pointer);
    if (path.empty() && (on("tls") || on("tlsverify"))) path = file.otherwise;
    if (!path.empty()) engine.files[file.name] = look_at_file(kernel, accounts, path);
  }
}

void add_registry_certificates(Kernel& kernel, const Accounts& accounts, EngineSeen& engine) {
  const std::string directory = "/etc/docker/certs.d/";
  try {
    for (const std::string& registry : names_in(kernel, directory)) {
      for (const std::string& name : names_in(kernel, directory + registry)) {
        engine.registry_certificates.push_back(
            look_at_file(kernel, accounts, directory + registry + '/' + name));
      }
    }
  } catch (const Error& error) {
    FileSeen file;
    file.path = directory;
    file.why = error.what();
    engine.registry_certificates.push_back(file);
  }
}

std::vector<std::string> socket_paths(const EngineSeen& engine, const Whereabouts& where) {
  if (!where.docker_socket.empty()) return {where.docker_socket};
  std::vector<std::string> paths;
  const Json* hosts = find(engine.settings, "/hosts");
  for (const Json& host : hosts != nullptr && hosts->is_array() ? *hosts : Json::array()) {
    const std::string text = host.is_string() ? host.get<std::string>() : "";
    if (text.starts_with("unix://")) paths.push_back(text.substr(7));
    if (!text.starts_with("fd:")) continue;
    for (const std::string& listener : engine.unit_listeners) {
      if (listener.starts_with('/')) paths.push_back(listener);
    }
  }
  if (paths.empty()) paths.emplace_back(kSocket);
  return paths;
}

void add_sockets(Kernel& kernel, const Accounts& accounts, const Whereabouts& where,
                 EngineSeen& engine) {
  for (const std::string& path : socket_paths(engine, where)) {
    engine.sockets.push_back(look_at_file(kernel, accounts, path));
  }
  const FileSeen& first = engine.sockets.front();
  const bool shared = first.sight == Sight::seen && first.group != 0 && (first.mode & 0020) != 0;
  if (shared) engine.socket_group_users = accounts.members(first.group);
  const std::string execution = text_at(engine, "/exec-root");
  for (const std::string& path :
       {text_at(engine, "/containerd"),
        (execution.empty() ? "/run/docker" : execution) + "/containerd/containerd.sock",
        std::string("/run/containerd/containerd.sock")}) {
    FileSeen& socket = engine.files["containerd socket"];
    if (!path.empty()) socket = look_at_file(kernel, accounts, path);
    if (!path.empty() && socket.sight != Sight::missing) break;
  }
}

// By "path", or by the option of containerd's own shim; anything else is some other shim.
FileSeen program_of(Kernel& kernel, const Accounts& accounts, const Json& runtime) {
  for (const char* pointer : {"/path", "/options/BinaryName"}) {
    const Json* path = find(runtime, pointer);
    if (path == nullptr || !path->is_string()) continue;
    const auto text = path->get<std::string>();
    if (text.starts_with('/')) return look_at_file(kernel, accounts, text);
    FileSeen file;
    file.path = text;
    file.why = "dockerd looks for it in PATH";
    return file;
  }
  FileSeen file;
  const Json* type = find(runtime, "/runtimeType");
  file.path = type != nullptr && type->is_string() ? type->get<std::string>() : "no path";
  file.why = "a shim of containerd";
  return file;
}

void add_runtimes(Kernel& kernel, const Accounts& accounts, EngineSeen& engine) {
  const Json* runtimes = find(engine.settings, "/runtimes");
  if (runtimes == nullptr || !runtimes->is_object()) return;
  for (const auto& [name, runtime] : runtimes->items()) {
    engine.runtimes.push_back({name, program_of(kernel, accounts, runtime)});
  }
}

bool is_there(const EngineSeen& engine) {
  if (engine.process) return true;
  const auto seen = [](const FileSeen& file) { return file.sight == Sight::seen; };
  for (const char* name : {"daemon.json", "docker.service", "docker.socket"}) {
    if (seen(engine.files.at(name))) return true;
  }
  return std::ranges::any_of(engine.sockets, seen);
}

}  // namespace

std::string data_root(const EngineSeen& engine) {
  const std::string path = text_at(engine, "/data-root");
  return path.empty() ? "/var/lib/docker" : path;
}

EngineSeen probe_engine(Kernel& kernel, const Accounts& accounts, const Whereabouts& where) {
  EngineSeen engine;
  try {
    choose(daemons(kernel), where, engine);
  } catch (const Error& error) {
    engine.error = error.what();
  }
  const std::vector<std::string> arguments =
      engine.process ? engine.process->arguments : std::vector<std::string>{};
  const std::string path =
      where.docker_config.empty() ? config_file_of(arguments, kConfig) : where.docker_config;
  engine.settings = daemon_settings(arguments, read_configuration(kernel, path, engine));
  if (engine.process) engine.process->version = version_of(kernel, *engine.process);
  engine.files["daemon.json"] = look_at_file(kernel, accounts, path);
  for (const char* name : {"/etc/docker", "/etc/default/docker", "/etc/sysconfig/docker"}) {
    engine.files[name] = look_at_file(kernel, accounts, name);
  }
  add_units(kernel, accounts, engine);
  add_tls(kernel, accounts, engine);
  add_registry_certificates(kernel, accounts, engine);
  add_sockets(kernel, accounts, where, engine);
  add_runtimes(kernel, accounts, engine);
  probe_containers(kernel, engine);
  engine.present = is_there(engine);
  return engine;
}

}  // namespace hardened
