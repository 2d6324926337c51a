// SPDX-License-Identifier: Apache-2.0
// What the kernel shows of a running container, as plain data: nothing here comes from an engine or
// a document. What could not be looked at is listed as such; it is never left out in silence.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/mountinfo.hpp"

namespace hardened {

// By bit, as linux/capability.h numbers them.
struct CapabilitySets {
  std::uint64_t inheritable = 0, permitted = 0, effective = 0, bounding = 0, ambient = 0;
  // Whatever the process has, or could still get from a file.
  std::uint64_t all() const { return inheritable | permitted | effective | bounding | ambient; }
  bool operator==(const CapabilitySets&) const = default;
};

struct ProcessSighting {
  int pid = 0;                           // as the host counts
  int parent = 0;                        // likewise
  int inner_pid = 0;                     // in its own pid namespace
  std::uint64_t start = 0;               // clock ticks since boot
  std::string name;                      // comm: its own choice
  std::string executable;                // what /proc/PID/exe is a link to; empty: not shown
  std::array<std::uint32_t, 4> users{};  // real, effective, saved, file system: the host's ids
  CapabilitySets capabilities;
  bool no_new_privileges = false;
  int seccomp = 0;                               // 0: none, 1: strict, 2: filters
  std::optional<std::uint32_t> seccomp_filters;  // Linux 5.9
  std::string apparmor;  // "docker-default (enforce)"; empty: the kernel shows none
  std::string selinux;
  std::vector<IdMapping> user_map;
  std::map<std::string, std::string> namespaces;  // "pid" -> "pid:[4026531836]", by /proc/PID/ns
  std::map<std::string, ResourceLimit> limits;    // "RLIMIT_CORE"
  int oom_score_adj = 0;
  bool real_time = false;  // SCHED_FIFO, SCHED_RR or SCHED_DEADLINE
  // How it was found: false where only a namespace tells that it is in the container.
  bool in_cgroup = true;
  // "limits: not permitted": parts of /proc/PID that could not be read.
  std::vector<std::string> unseen;
};

// The texts of one /proc/PID, as read. nullopt: could not be read, and a line of `unseen` says why.
struct ProcessTexts {
  std::optional<std::string> status, stat, user_map, limits, apparmor, selinux, oom_score_adj;
  std::string executable;
  std::map<std::string, std::string> namespaces;
  std::vector<std::string> unseen;
};

// Throws Error(invalid_input) where the kernel would not have written such a text.
ProcessSighting process_of(const ProcessTexts& texts);

// "Max open files  1024  524288  files" and the others, by the names that the runtime spec has.
std::map<std::string, ResourceLimit> parse_resource_limits(std::string_view limits);

// The mounts that processes with one mount namespace and one root see.
struct MountView {
  int pid = 0;  // of one of them
  std::vector<Mount> mounts;
};

// A node in the container's /dev.
struct DeviceSighting {
  std::string path;
  FileKind kind = FileKind::character;
  std::uint32_t major = 0, minor = 0;
  bool operator==(const DeviceSighting&) const = default;
};

// One file of one cgroup: the container's own, or one above it, whose limit counts too.
struct CgroupFile {
  std::string cgroup;  // "/docker/3f2a", in its hierarchy
  std::string name;    // "memory.max"
  std::string text;
};

struct ContainerSighting {
  std::string id;       // empty: nobody gave it one
  std::string name;     // the engine's; empty: none known
  std::string runtime;  // the runtime's state directory; empty: known from the kernel alone
  // The engine's rootfs, as the runtime's document names it: asked only where the kernel shows an
  // overlay whose layers have no names. Empty: not told.
  std::string rootfs;
  int init = 0;                            // 0: not known
  std::vector<std::string> cgroups;        // its own, one for each hierarchy
  std::vector<ProcessSighting> processes;  // by pid, init first
  std::vector<MountView> views;
  std::vector<DeviceSighting> devices;
  std::vector<CgroupFile> limits;  // own cgroup first, then each above it
  // Of other containers, that share the pid namespace: "pid 12 (sh) of /docker/77"
  std::vector<std::string> neighbours;
  // What could not be looked at, a line each: "the devices: /dev is a link". Never a PASS.
  std::vector<std::string> unseen;
};

struct HostSighting {
  HostFacts facts;
  std::vector<Mount> mounts;
  std::map<std::string, std::set<std::string>> namespaces;  // as of processes: init's and our own
  std::vector<SensitivePath> engine_sockets;
  // Of the paths that containers should have masked or read-only: those that this kernel has.
  std::set<std::string> kernel_paths;
};

}  // namespace hardened
