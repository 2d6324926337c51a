// SPDX-License-Identifier: Apache-2.0
// A running dockerd: found by its pid file, told to read its configuration again, and asked by its
// own client. Refuses to signal a process that is not a dockerd of root's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/shell/administration.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

class DockerDaemon {
 public:
  // nullopt: no pid file, or no process of that number. Error(refused): it is another program.
  static std::optional<DockerDaemon> find(Kernel& kernel, Administration& administration,
                                          const std::string& pid_file);

  const std::vector<std::string>& command_line() const { return command_line_; }
  void reload(Administration& administration);  // SIGHUP

 private:
  DockerDaemon(Descriptor process, std::vector<std::string> command_line);

  Descriptor process_;
  std::vector<std::string> command_line_;
};

struct ContainerRuntime {
  std::string container;  // its name
  std::string runtime;
};

// The client rather than the Engine's API: no HTTP in a program that runs as root, and the client
// knows every version of the API. At its fixed place, with an empty configuration directory: what
// lies in the caller's home, plugins for one, is not run.
class DockerClient {
 public:
  DockerClient(Kernel& kernel, std::string host) : kernel_(kernel), host_(std::move(host)) {}

  const std::string& host() const { return host_; }
  std::string output(std::vector<std::string> words) const;
  std::string default_runtime() const;
  std::vector<std::string> runtimes() const;
  // Every container, stopped ones too: Docker fixes the runtime when it creates one.
  std::vector<ContainerRuntime> containers() const;

 private:
  std::vector<ContainerRuntime> look_at_containers() const;

  Kernel& kernel_;
  std::string host_;
};

}  // namespace hardened
