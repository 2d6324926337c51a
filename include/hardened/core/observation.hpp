// SPDX-License-Identifier: Apache-2.0
// What `doctor` saw of the host and of Docker, as plain data: the checks judge by these and never
// look themselves. What could not be looked at says so, and why; nothing is assumed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

// One thing that was asked of the kernel by doing it.
enum class Answer { yes, no, unasked };
struct Probe {
  Answer answer = Answer::unasked;
  std::string detail;  // the kernel's words, or why nobody asked
};

// Ids of the host that somebody has: "alice in /etc/subuid", "process 712".
struct IdClaim {
  enum class Kind { subordinate, account, process, system };
  Kind kind = Kind::account;
  std::string who;
  IdRange ids;
};

// A file by its name on the host, links followed.
struct FileSeen {
  std::string path;
  Sight sight = Sight::unseen;  // unseen: `why` tells
  FileKind kind = FileKind::other;
  std::uint32_t owner = 0;
  std::uint32_t group = 0;
  std::uint32_t mode = 0;
  std::string owner_name;   // of /etc/passwd and /etc/group; the number where they have none
  std::string group_name;   //
  std::string weak_parent;  // a directory on its canonical path that others than root can write
  bool ours = false;        // it is this very program
  std::string why;
};

struct RuntimeSeen {
  std::string path;     // empty: none was found, `error` tells why
  std::string version;  // all that --version says
  std::string
      package;  // "runc 1.1.5+ds1-1+deb12u1" of the distribution; empty: of none, or unknown
  std::string error;
};

struct EngineProcess {
  int pid = 0;
  std::uint32_t user = 0;
  std::string executable;  // empty: not to be read
  std::vector<std::string> arguments;
  std::optional<std::vector<std::string>> environment;  // nullopt: not to be read
  std::string version;                                  // "Docker version 28.5.2, build ..."
};

// A runtime that daemon.json or the command line names.
struct RegisteredRuntime {
  std::string name;
  FileSeen file;  // of its path; of PATH where that is no absolute one: unseen
};

struct ContainerSeen {
  std::string name;
  std::string runtime;
  bool running = false;
  std::string id = {};
};

struct EngineSeen {
  bool present = false;                  // a daemon, or one of its files
  std::optional<EngineProcess> process;  // the one that is judged
  std::vector<int> others;               // pids of other dockerd in sight
  std::string error;                     // why its settings are not known; empty: they are
  Json settings = Json::object();        // daemon.json with the command line laid over it
  std::vector<RegisteredRuntime> runtimes;
  // By what they are: "docker.service", "docker.socket", "/etc/docker", "daemon.json",
  // "/etc/default/docker", "/etc/sysconfig/docker", "containerd socket", "tls ca",
  // "tls certificate", "tls key".
  std::map<std::string, FileSeen> files;
  std::vector<FileSeen> registry_certificates;
  std::vector<FileSeen> sockets;                // that dockerd listens on
  std::vector<std::string> socket_group_users;  // who is in the socket's group
  std::vector<std::string> unit_listeners;      // ListenStream= of docker.socket
  std::optional<std::vector<ContainerSeen>> containers;
  std::string containers_error;
};

struct RecordSeen {
  std::string container;
  std::vector<std::string> degraded;
  std::string error;  // it cannot be believed
};

struct Observation {
  bool root = true;
  Policy policy = Policy::builtin();  // the installed one, unless policy_error says why not
  std::string policy_error;
  HostFacts host;
  std::string host_error;
  std::map<std::string, Probe> features;     // by the names in src/core/doctor/kernel.cpp
  std::map<std::string, Probe> controllers;  // "pids", "memory", "cpu", "devices"
  RuntimeSeen runtime;
  std::vector<IdClaim> claims;
  std::vector<std::string> claims_error;  // what could not be looked at
  EngineSeen engine;
  std::string state_error;
  std::string trail_error;  // why no line could be written
  std::string trail_loss;   // when and why one was lost
  std::vector<RecordSeen> records;
  FileSeen apparmor_file;  // our profile, as installed
};

}  // namespace hardened
