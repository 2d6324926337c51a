// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/docker_engine.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/engine_file.hpp"

namespace hardened {
namespace {

constexpr const char* kClient = "/usr/bin/docker";
constexpr std::size_t kContainersACall = 200;  // their ids are words of one command line

// 0: no number.
pid_t number_in(std::string_view text) {
  pid_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return rest.find_first_not_of(" \n") == std::string_view::npos && number > 0 ? number : 0;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  std::erase(lines, "");
  return lines;
}

}  // namespace

DockerDaemon::DockerDaemon(Descriptor process, std::vector<std::string> command_line)
    : process_(std::move(process)), command_line_(std::move(command_line)) {}

// The process is held first and looked at then: what is found out is about the one that gets the
// signal.
std::optional<DockerDaemon> DockerDaemon::find(Kernel& kernel, Administration& administration,
                                               const std::string& pid_file) try {
  const std::string text = text_of_file(kernel, pid_file);
  if (text.empty()) return std::nullopt;
  const pid_t number = number_in(text);
  if (number == 0) throw Error(ErrorKind::invalid_input, "no process number in it");
  Descriptor process;
  try {
    process = administration.open_process(number);
  } catch (const Error& error) {
    if (error.number() == ESRCH) return std::nullopt;
    throw;
  }
  const std::string directory = "/proc/" + std::to_string(number);
  const std::string program =
      kernel.read_link(kWorkingDirectory, directory + "/exe").value_or("/gone");
  std::string name = program.substr(program.rfind('/') + 1);
  constexpr std::string_view kReplaced = " (deleted)";  // by an upgrade since it started
  if (name.ends_with(kReplaced)) name.resize(name.size() - kReplaced.size());
  if (name != "dockerd") {
    throw Error(ErrorKind::refused,
                "process " + std::to_string(number) + " is not dockerd but " + printable(program));
  }
  std::vector<std::string> words = split(text_of_file(kernel, directory + "/cmdline"), '\0');
  if (!words.empty() && words.back().empty()) words.pop_back();
  return DockerDaemon(std::move(process), std::move(words));
} catch (Error& error) {
  throw error.within(printable(pid_file));
}

void DockerDaemon::reload(Administration& administration) {
  administration.signal(process_.number(), SIGHUP);
}

std::string DockerClient::output(std::vector<std::string> words) const {
  words.insert(words.begin(), {"--config", "/etc/hardened/no-docker-client", "--host", host_});
  return kernel_.output_of(kClient, words);
}

std::string DockerClient::default_runtime() const {
  const auto lines = lines_of(output({"info", "--format", "{{.DefaultRuntime}}"}));
  return lines.empty() ? "" : lines.front();
}

std::vector<std::string> DockerClient::runtimes() const {
  return lines_of(
      output({"info", "--format", "{{range $name, $_ := .Runtimes}}{{$name}}\n{{end}}"}));
}

// One that is removed between the list and the look makes the client fail: once more then.
std::vector<ContainerRuntime> DockerClient::containers() const {
  for (int attempt = 0;; ++attempt) {
    try {
      return look_at_containers();
    } catch (Error& error) {
      if (attempt == 4) throw error.within("containers of " + printable(host_));
    }
  }
}

std::vector<ContainerRuntime> DockerClient::look_at_containers() const {
  const std::vector<std::string> ids = lines_of(output({"ps", "--all", "--quiet", "--no-trunc"}));
  std::vector<ContainerRuntime> found;
  for (std::size_t first = 0; first < ids.size(); first += kContainersACall) {
    const std::size_t end = std::min(first + kContainersACall, ids.size());
    std::vector<std::string> words{"inspect", "--type", "container", "--format",
                                   "{{.Name}} {{.HostConfig.Runtime}}"};
    words.insert(words.end(), ids.begin() + static_cast<std::ptrdiff_t>(first),
                 ids.begin() + static_cast<std::ptrdiff_t>(end));
    for (const std::string& line : lines_of(output(words))) {
      const std::vector<std::string> fields = split(line, ' ');
      if (fields.size() != 2)
        throw Error(ErrorKind::system, "docker inspect: not two words a line");
      found.push_back({fields[0].substr(fields[0].starts_with('/') ? 1 : 0), fields[1]});
    }
  }
  return found;
}

}  // namespace hardened
