// SPDX-License-Identifier: Apache-2.0
#include "command/configure.hpp"

#include <array>

#include "hardened/command/options.hpp"
#include "hardened/core/line_diff.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

struct Kind {
  std::string_view name;
  std::string_view summary;
  int (*configure)(Kernel&, const ConfigureOptions&);
  int (*unconfigure)(Kernel&, const ConfigureOptions&);
};

constexpr std::array kEngines{
    Kind{"docker", "daemon.json, profile standard", configure_docker, unconfigure_docker},
    Kind{"containerd", "config.toml, or conf.d from 2.0 on; profile pod", configure_containerd,
         unconfigure_containerd},
    Kind{"crio", "a file in crio.conf.d, profile pod", configure_crio, unconfigure_crio},
    Kind{"podman", "a file in containers.conf.d, profile pod", configure_podman,
         unconfigure_podman},
};

const Kind& engine_named(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kEngines) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  throw Error(ErrorKind::usage,
              "no such engine: " + printable(name, 60) + did_you_mean(name, names));
}

void add_shared(CLI::App& app, std::string& engine, ConfigureOptions& options) {
  std::string engines;
  for (const Kind& kind : kEngines) {
    engines.append(engines.empty() ? "" : "; ").append(kind.name).append(": ").append(kind.summary);
  }
  app.add_option("ENGINE", engine, engines);
  app.add_flag("--dry-run", options.dry_run, "show the difference, write nothing");
  app.add_flag("--reload", options.reload, "have the engine read its configuration afterwards");
  app.add_option("--file", options.file, "the engine's configuration file");
  app.add_option("--host", options.host, "docker: its socket, unix:///var/run/docker.sock");
  app.add_option("--pid-file", options.pid_file, "docker: of dockerd, /var/run/docker.pid");
}

void need_engine(const std::string& engine) {
  if (engine.empty())
    throw Error(ErrorKind::usage, "an engine is needed: docker, containerd, crio or podman");
}

// Authors indent by tabs, which harm no terminal.
std::string with_tabs(std::string_view line) {
  std::string text;
  for (const std::string& part : split(line, '\t')) text += printable(part, kWhole) + '\t';
  text.pop_back();
  return text;
}

// Whether an engine's configuration names this executable, or a link beside it: what a package asks
// before it goes.
int check(Kernel& kernel, ConfigureOptions options) {
  const std::string binary = kernel.read_link(kWorkingDirectory, "/proc/self/exe").value_or("");
  if (!binary.starts_with('/')) {
    throw Error(ErrorKind::unsupported, "its own place cannot be read from /proc");
  }
  const std::array<std::pair<const char*, std::string>, 5> files{{
      {"docker", docker_file(kernel, options)},
      {"containerd", kContainerdFile},
      {"containerd", kContainerdDropIn},
      {"crio", kCrioFile},
      {"podman", kPodmanFile},
  }};
  int code = 0;
  for (const auto& [engine, file] : files) {
    const std::string text = text_of_file(kernel, file);
    if (text.find('"' + binary + '"') == std::string::npos &&
        text.find('"' + binary + '-') == std::string::npos) {
      continue;
    }
    code = 3;
    print_line(kernel, printable(file) + " names " + printable(binary) + ": hardened unconfigure " +
                           engine + " --reload");
  }
  return code;
}

}  // namespace

std::string difference(const EngineFile& file, std::string_view after) {
  const auto lines = line_diff(file.text(), after);
  if (lines.empty()) return "";
  const std::string name = printable(file.path(), kWhole);
  std::string text = "--- " + name + "\n+++ " + name + '\n';
  for (const auto& [sign, line] : lines) {
    if (sign != '@') text += sign;
    text += with_tabs(line) + '\n';
  }
  return text;
}

void print_line(Kernel& kernel, std::string_view text) { print(kernel, std::string(text) + '\n'); }

int configure_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  std::string engine;
  ConfigureOptions options;
  CLI::App app("Registers this executable as the runtime `hardened` of an engine.",
               "hardened configure");
  add_shared(app, engine, options);
  app.add_flag("--default", options.make_default,
               "and make it the runtime of every container that names none, once a trial container "
               "has run; implies --reload");
  if (!parse_options(app, arguments, kernel)) return 0;
  need_engine(engine);
  options.environment = &environment;
  return engine_named(engine).configure(kernel, options);
}

int unconfigure_command(Arguments arguments, Kernel& kernel, const Environment& environment) {
  std::string engine;
  ConfigureOptions options;
  CLI::App app("Takes the runtime `hardened` out of an engine's configuration.",
               "hardened unconfigure");
  add_shared(app, engine, options);
  bool checks = false;
  app.add_flag(
      "--check", checks,
      "change nothing: exit code 3 and what to do, if an engine's file names this executable");
  app.add_flag("--force", options.force, "although containers use it that cannot start again then");
  if (!parse_options(app, arguments, kernel)) return 0;
  if (checks) return check(kernel, options);
  need_engine(engine);
  options.environment = &environment;
  return engine_named(engine).unconfigure(kernel, options);
}

}  // namespace hardened
