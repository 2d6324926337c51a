// SPDX-License-Identifier: Apache-2.0
// A host and an engine with which nothing is wrong, as facts; tests spoil one thing of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>

#include "hardened/core/diagnosis.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"

namespace hardened {

inline FileSeen root_file(const std::string& path, std::uint32_t mode,
                          FileKind kind = FileKind::regular) {
  FileSeen file;
  file.path = path;
  file.sight = Sight::seen;
  file.kind = kind;
  file.mode = mode;
  file.owner_name = file.group_name = "root";
  return file;
}

inline EngineSeen good_engine() {
  EngineSeen engine;
  engine.present = true;
  engine.process =
      EngineProcess{.pid = 712,
                    .user = 1000,
                    .executable = "/usr/bin/dockerd",
                    .arguments = {},
                    .environment = {{"DOCKER_BUILDKIT_RUNC_COMMAND=/usr/bin/hardened"}},
                    .version = "Docker version 28.5.2, build 123"};
  engine.settings = parse_document(R"({
    "default-runtime": "hardened", "icc": false, "authorization-plugins": ["opa"],
    "log-driver": "journald", "live-restore": true, "userland-proxy": false})");
  FileSeen program = root_file("/usr/bin/hardened", 0755);
  program.ours = true;
  engine.runtimes = {{"hardened", program}};
  engine.files["daemon.json"] = root_file("/etc/docker/daemon.json", 0644);
  engine.files["docker.service"] = root_file("/usr/lib/systemd/system/docker.service", 0644);
  engine.files["docker.socket"] = root_file("/usr/lib/systemd/system/docker.socket", 0644);
  engine.files["/etc/docker"] = root_file("/etc/docker", 0755, FileKind::directory);
  engine.files["/etc/default/docker"] = root_file("/etc/default/docker", 0644);
  engine.files["/etc/sysconfig/docker"] = root_file("/etc/sysconfig/docker", 0644);
  engine.files["containerd socket"] = root_file("/run/containerd/containerd.sock", 0660);
  engine.files["tls ca"] = root_file("/etc/docker/tls/ca.pem", 0444);
  engine.files["tls certificate"] = root_file("/etc/docker/tls/cert.pem", 0444);
  engine.files["tls key"] = root_file("/etc/docker/tls/key.pem", 0400);
  engine.registry_certificates = {root_file("/etc/docker/certs.d/r/ca.crt", 0444)};
  engine.sockets = {root_file("/run/docker.sock", 0660, FileKind::socket)};
  engine.sockets.front().group = 998;
  engine.sockets.front().group_name = "docker";
  engine.containers = {{{"web", "hardened", true}, {"old", "runc", false}}};
  return engine;
}

inline Observation good() {
  Observation seen;
  seen.host.apparmor = true;
  seen.host.apparmor_profiles = {"hardened-default"};
  for (const char* name : {"openat2", "mount-attributes", "user-namespaces", "id-mapped-mounts",
                           "id-mapped-overlay", "layer-options", "id-mapped-tmpfs", "seccomp"}) {
    seen.features[name] = {Answer::yes, "tried"};
  }
  for (const char* name : {"pids", "memory", "cpu", "devices"}) {
    seen.controllers[name] = {Answer::yes, "there"};
  }
  seen.runtime = {"/usr/bin/runc", "runc version 1.4.3\ncommit: v1.4.3-0-gabc\n", "", ""};
  seen.claims = {{IdClaim::Kind::account, "user root", {0, 1}},
                 {IdClaim::Kind::subordinate, "alice in /etc/subuid", {100000, 65536}},
                 {IdClaim::Kind::system, "systemd's foreign ids", {0x7FFE0000, 0x10000}}};
  seen.engine = good_engine();
  return seen;
}

inline Finding finding(const Observation& seen, const std::string& id) {
  for (Finding& one : diagnose(seen)) {
    if (one.id == id) return one;
  }
  ADD_FAILURE() << "no finding " << id;
  return {};
}

// The verdict of the check, and that what is not ok says what to do.
inline Verdict verdict(const Observation& seen, const std::string& id) {
  const Finding one = finding(seen, id);
  if (one.verdict == Verdict::fail || one.verdict == Verdict::warn) {
    EXPECT_FALSE(one.remedy.empty()) << id;
    EXPECT_FALSE(one.evidence.empty()) << id;
  }
  return one.verdict;
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace hardened
