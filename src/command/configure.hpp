// SPDX-License-Identifier: Apache-2.0
// configure and unconfigure, one file for each kind of engine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hardened/shell/engine_file.hpp"
#include "hardened/shell/environment.hpp"
#include "hardened/shell/kernel.hpp"

namespace hardened {

struct ConfigureOptions {
  std::optional<std::string> file;      // of the engine, instead of the one it is known to read
  std::optional<std::string> host;      // Docker's socket
  std::optional<std::string> pid_file;  // Docker's
  bool make_default = false;
  bool dry_run = false;
  bool reload = false;
  const Environment* environment = nullptr;
  bool force = false;  // unconfigure: containers that use it, or cannot be listed, are no reason
};

int configure_docker(Kernel& kernel, const ConfigureOptions& options);
int unconfigure_docker(Kernel& kernel, const ConfigureOptions& options);
int configure_containerd(Kernel& kernel, const ConfigureOptions& options);
int unconfigure_containerd(Kernel& kernel, const ConfigureOptions& options);
int configure_crio(Kernel& kernel, const ConfigureOptions& options);
int unconfigure_crio(Kernel& kernel, const ConfigureOptions& options);
int configure_podman(Kernel& kernel, const ConfigureOptions& options);
int unconfigure_podman(Kernel& kernel, const ConfigureOptions& options);

// What the engines of the profile `pod` share.
// The link beside this executable, made if need be (not under --dry-run).
std::string ready_pod_link(Kernel& kernel, const std::string& binary, bool dry_run);
// Removed if configure made it and no engine's file names it any more.
void drop_pod_link(Kernel& kernel);
// `systemctl restart SERVICE`; nullopt for an engine without a service. Refuses beforehand where
// systemd does not run.
void need_systemd(Kernel& kernel);
void restart_service(Kernel& kernel, const std::string& service);
// Runs the trial where `text` is to make it the default and the file does not have it.
void try_before_default(Kernel& kernel, const ConfigureOptions& options, const std::string& link);

inline constexpr const char* kContainerdFile = "/etc/containerd/config.toml";
inline constexpr const char* kContainerdDropIn = "/etc/containerd/conf.d/50-hardened.toml";
inline constexpr const char* kCrioFile = "/etc/crio/crio.conf.d/50-hardened.conf";
inline constexpr const char* kPodmanFile = "/etc/containers/containers.conf.d/50-hardened.conf";

// The file of the engine on this host, for `unconfigure --check`.
std::string docker_file(Kernel& kernel, const ConfigureOptions& options);

// The unified difference with its two header lines, harmless for a terminal; empty if none.
std::string difference(const EngineFile& file, std::string_view after);
void print_line(Kernel& kernel, std::string_view text);

}  // namespace hardened
