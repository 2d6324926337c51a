// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "command/configure.hpp"
#include "hardened/command/options.hpp"
#include "hardened/core/docker_configuration.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/docker_engine.hpp"
#include "hardened/shell/installed_binary.hpp"
#include "hardened/shell/trial_container.hpp"

namespace hardened {
namespace {

const std::string kName(kRuntimeName);
constexpr const char* kFile = "/etc/docker/daemon.json";
constexpr const char* kPidFile = "/var/run/docker.pid";
constexpr const char* kHost = "unix:///var/run/docker.sock";

// dockerd, its file and its client, as the options name them or else the file itself does.
struct Engine {
  std::optional<DockerDaemon> daemon;
  EngineFile file;
  DockerClient client;

  DockerDaemon& running() {
    if (!daemon) {
      throw Error(
          ErrorKind::unsupported,
          "no running dockerd was found (--pid-file names its pid file); nothing is changed");
    }
    return *daemon;
  }
};

std::string socket_of(const std::vector<std::string>& hosts) {
  const auto found =
      std::ranges::find_if(hosts, [](const auto& host) { return host.starts_with("unix://"); });
  return found == hosts.end() ? kHost : *found;
}

// Without --file, the file that the running dockerd was started with.
std::string file_of(const std::optional<DockerDaemon>& daemon, const ConfigureOptions& options) {
  if (options.file) return *options.file;
  const auto named = daemon ? flag_value(daemon->command_line(), "config-file") : std::nullopt;
  return named.value_or(kFile);
}

Engine find_engine(Kernel& kernel, const ConfigureOptions& options) {
  auto daemon =
      DockerDaemon::find(kernel, real_administration(), options.pid_file.value_or(kPidFile));
  EngineFile file(kernel, file_of(daemon, options));
  try {
    const DockerSettings settings = docker_settings(file.text());
    if (!options.pid_file && settings.pidfile)
      daemon = DockerDaemon::find(kernel, real_administration(), *settings.pidfile);
    DockerClient client(kernel, options.host.value_or(socket_of(settings.hosts)));
    return {std::move(daemon), std::move(file), std::move(client)};
  } catch (Error& error) {
    throw error.within(printable(file.path()));
  }
}

void refuse_flag_conflict(const Engine& engine, bool with_default) {
  if (!engine.daemon) return;
  const auto flag = docker_flag_conflict(engine.daemon->command_line(), with_default);
  if (!flag) return;
  throw Error(
      ErrorKind::refused,
      "dockerd was started with " + *flag +
          ", and does not start again with the same directive in its file: move it from its "
          "command line to " +
          printable(engine.file.path()));
}

// dockerd reads its file some time after the signal, and says in its log alone what it did not
// like.
void reload_until(Engine& engine, const std::function<bool()>& taken) {
  engine.running().reload(real_administration());
  for (int attempt = 0; attempt < 50; ++attempt) {
    if (taken()) return;
    real_administration().pause(100);
  }
  throw Error(ErrorKind::system,
              "dockerd has not taken over its file 5 seconds after the reload; its log says why");
}

bool knows_runtime(const Engine& engine) {
  return std::ranges::count(engine.client.runtimes(), kName) > 0;
}

void list_others(Kernel& kernel, const Engine& engine) {
  for (const auto& [container, runtime] : engine.client.containers()) {
    if (runtime == kName) continue;
    print_line(kernel, "keeps its runtime " + printable(runtime) +
                           " until it is made again: container " + printable(container));
  }
}

void write(Kernel& kernel, EngineFile& file, std::string_view text) {
  const bool was_there = file.present();
  file.save_backup();
  file.replace(text);
  print_line(kernel, "written: " + printable(file.path()) +
                         (was_there ? "; as it was: " + printable(file.backup_path()) : ""));
}

void take_over(Kernel& kernel, Engine& engine) {
  if (knows_runtime(engine)) {
    engine.running().reload(
        real_administration());  // its path may be a new one, which the client does not tell
  } else {
    reload_until(engine, [&] { return knows_runtime(engine); });
  }
  print_line(kernel, "reloaded: docker run --runtime=" + kName + " IMAGE");
}

void become_default(Kernel& kernel, Engine& engine, const std::string& text) {
  try {
    try_docker(kernel, engine.client);
  } catch (Error& error) {
    throw error.followed_by("it is not made the default");
  }
  print_line(kernel, "a trial container ran");
  if (engine.file.text() != text) engine.file.replace(text);
  reload_until(engine, [&] { return engine.client.default_runtime() == kName; });
  print_line(kernel, "reloaded: " + kName + " is the default runtime");
  list_others(kernel, engine);
}

bool is_in_force(const Engine& engine, bool as_default) {
  return knows_runtime(engine) && (!as_default || engine.client.default_runtime() == kName);
}

// Containers that could not be started again; refuses unless forced.
void refuse_while_used(Kernel& kernel, const Engine& engine, const ConfigureOptions& options) {
  std::string names;
  try {
    for (const auto& [container, runtime] : engine.client.containers()) {
      if (runtime == kName) names += (names.empty() ? "" : ", ") + printable(container);
    }
  } catch (const Error& error) {
    if (!options.force && !options.dry_run) {
      throw Error(ErrorKind::refused,
                  std::string("which containers use the runtime cannot be listed (") +
                      error.what() + "); --force goes on without");
    }
    print_line(kernel, "not looked: which containers use the runtime cannot be listed");
    return;
  }
  if (names.empty()) return;
  const std::string text = "these containers cannot start again without the runtime: " + names;
  if (!options.force && !options.dry_run) {
    throw Error(ErrorKind::refused, text + "; remove them, or go on with --force");
  }
  print_line(kernel, text);
}

std::optional<std::string> earlier_default(Kernel& kernel, const EngineFile& file) {
  try {
    return docker_settings(text_of_file(kernel, file.backup_path())).default_runtime;
  } catch (const Error&) {
    return std::nullopt;  // somebody's own file: runc then
  }
}

}  // namespace

std::string docker_file(Kernel& kernel, const ConfigureOptions& options) {
  return file_of(
      DockerDaemon::find(kernel, real_administration(), options.pid_file.value_or(kPidFile)),
      options);
}

int configure_docker(Kernel& kernel, const ConfigureOptions& options) {
  const std::string binary = installed_binary(kernel);
  Engine engine = find_engine(kernel, options);
  const std::string registered = docker_with_runtime(engine.file.text(), binary);
  const std::string wanted =
      options.make_default ? docker_with_default(registered, kName) : registered;
  const bool changes = wanted != engine.file.text();
  if (changes) refuse_flag_conflict(engine, options.make_default);
  print(kernel, difference(engine.file, wanted));
  if (options.dry_run) return 0;
  const bool reload = options.reload || options.make_default;
  if (reload) engine.running();
  if (!changes && (!reload || is_in_force(engine, options.make_default))) {
    print_line(kernel, "nothing to be done: " + printable(engine.file.path()) + " has it");
    return 0;
  }
  if (changes) write(kernel, engine.file, registered);
  if (!reload) {
    print_line(kernel, "dockerd has to read it: systemctl reload docker, or --reload");
    return 0;
  }
  take_over(kernel, engine);
  if (options.make_default) become_default(kernel, engine, wanted);
  return 0;
}

int unconfigure_docker(Kernel& kernel, const ConfigureOptions& options) {
  Engine engine = find_engine(kernel, options);
  const std::string wanted =
      docker_without_runtime(engine.file.text(), earlier_default(kernel, engine.file));
  if (wanted == engine.file.text()) {
    print_line(kernel,
               "nothing to be done: " + printable(engine.file.path()) + " has no runtime " + kName);
    return 0;
  }
  print(kernel, difference(engine.file, wanted));
  refuse_while_used(kernel, engine, options);
  if (options.dry_run) return 0;
  if (options.reload) engine.running();
  write(kernel, engine.file, wanted);
  if (!options.reload) {
    print_line(kernel, "dockerd has to read it: systemctl reload docker, or --reload");
    return 0;
  }
  reload_until(engine, [&] { return engine.client.default_runtime() != kName; });
  print_line(kernel, "reloaded: the default runtime is " +
                         printable(engine.client.default_runtime()) +
                         (knows_runtime(engine)
                              ? "; dockerd forgets the runtime hardened itself with its next start"
                              : ""));
  return 0;
}

}  // namespace hardened
