// SPDX-License-Identifier: Apache-2.0
// A container as the profile standard leaves it: each test spoils one thing.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hardened/core/judge.hpp"

namespace hardened::judging {

inline const Profile& standard_profile() {
  static const Profile kStandard = Policy::builtin().profile("standard");
  return kStandard;
}

inline const std::string& container_id_for_tests() {
  static const std::string kId(64, 'a');
  return kId;
}

inline Mount mount_line(const std::string& line) { return MountTable(line + '\n').all().front(); }

inline ProcessSighting hardened_process(int pid = 100) {
  ProcessSighting process;
  process.pid = pid;
  process.parent = 1;
  process.inner_pid = 1;
  process.name = "nginx";
  process.executable = "/usr/sbin/nginx";
  process.users = {1879048192, 1879048192, 1879048192, 1879048192};
  process.capabilities = {
      .inheritable = 0, .permitted = 0x4fb, .effective = 0x4fb, .bounding = 0x4fb, .ambient = 0};
  process.no_new_privileges = true;
  process.seccomp = 2;
  process.seccomp_filters = 1;
  process.apparmor = "hardened-default (enforce)";
  process.user_map = {{0, 1879048192, 65536}};
  for (const std::string file : {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"}) {
    process.namespaces[file] = file + ":[4026532000]";
  }
  process.limits = {{"RLIMIT_CORE", {0, 0}},
                    {"RLIMIT_NOFILE", {1024, 1048576}},
                    {"RLIMIT_NPROC", {65536, 65536}}};
  return process;
}

inline ContainerSighting hardened_container() {
  ContainerSighting container;
  container.id = container_id_for_tests();
  container.name = "web";
  container.init = 100;
  container.cgroups = {"/docker/" + container.id};
  container.processes = {hardened_process()};
  container.views = {
      {100,
       {mount_line("50 40 0:50 / / ro,relatime - overlay overlay rw,lowerdir=l/A,upperdir=u/fs"),
        mount_line("51 50 0:51 / /proc rw,nosuid,nodev,noexec - proc proc rw"),
        mount_line("52 50 0:52 / /dev rw,nosuid - tmpfs tmpfs rw"),
        mount_line("53 50 0:53 / /sys ro,nosuid,nodev,noexec - sysfs sysfs ro"),
        mount_line("54 50 0:50 /var /var rw,nosuid,nodev - overlay overlay rw,lowerdir=l/A"),
        mount_line("55 51 0:51 /sys /proc/sys ro - proc proc rw"),
        mount_line("56 51 0:51 /sysrq-trigger /proc/sysrq-trigger ro - proc proc rw"),
        mount_line("57 51 0:52 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw"),
        mount_line("58 51 0:52 /null /proc/keys rw,nosuid - tmpfs tmpfs rw"),
        mount_line("59 50 8:1 /var/lib/docker/containers/" + container.id +
                   "/hosts /etc/hosts rw,nosuid,nodev - ext4 /dev/sda1 rw")}}};
  container.devices = {{"/dev/null", FileKind::character, 1, 3},
                       {"/dev/tty", FileKind::character, 5, 0}};
  const std::string& cgroup = container.cgroups.front();
  container.limits = {{cgroup, "memory.max", "67108864\n"},
                      {cgroup, "pids.max", "1024\n"},
                      {cgroup, "cpu.weight", "39\n"},
                      {cgroup, "cpu.max", "max 100000\n"},
                      {"/docker", "memory.max", "max\n"}};
  return container;
}

inline HostSighting host_for_tests() {
  HostSighting host;
  host.facts.cgroup_version = 2;
  host.facts.memory_bytes = std::uint64_t{8} << 30;
  host.facts.apparmor = true;
  host.facts.sensitive = {{"/", {}, {"8:1", "/"}},
                          {"/etc", {}, {"8:1", "/etc"}},
                          {"/var/lib/docker", {}, {"8:1", "/var/lib/docker"}},
                          {"/run", {}, {"0:25", "/"}}};
  host.mounts = {mount_line("20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"),
                 mount_line("21 20 0:25 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw"),
                 mount_line("22 20 0:6 / /dev rw - devtmpfs udev rw")};
  for (const std::string file : {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"}) {
    host.namespaces[file] = {file + ":[4026531800]"};
  }
  host.engine_sockets = {{"/run/docker.sock", {}, {"0:25", "/docker.sock"}}};
  host.kernel_paths = {"/proc/kcore", "/proc/keys", "/proc/sys", "/proc/sysrq-trigger"};
  return host;
}

inline const Judged& item_of(const Judgement& judgement, const std::string& id) {
  const auto found = std::find_if(judgement.items.begin(), judgement.items.end(),
                                  [&](const Judged& item) { return item.id == id; });
  if (found == judgement.items.end()) throw std::out_of_range(id);
  return *found;
}

inline const Judged& control_of(const Judgement& judgement, const std::string& level,
                                const std::string& title) {
  const auto found =
      std::find_if(judgement.pod_security.begin(), judgement.pod_security.end(),
                   [&](const Judged& item) { return item.id == level && item.title == title; });
  if (found == judgement.pod_security.end()) throw std::out_of_range(title);
  return *found;
}

inline Judgement judged(const ContainerSighting& container,
                        const HostSighting& host = host_for_tests()) {
  return judge(container, host, standard_profile());
}

// "FAIL: pid 100 (nginx) has NoNewPrivs: 0"
inline std::string said(const Judged& item) {
  std::string text(name_of(item.verdict));
  for (const std::string& line : item.evidence)
    text += (&line == &item.evidence[0] ? ": " : "; ") + line;
  return text;
}

}  // namespace hardened::judging
