// SPDX-License-Identifier: Apache-2.0
// What a container may use up, read and tried from within.
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "attempt.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "limits";
constexpr int kMany = 1500;  // more than any profile allows

// The first of these files: cgroup v2's, then v1's.
Outcome bounded(std::initializer_list<const char*> files, double most) {
  for (const char* file : files) {
    std::ifstream stream(file);
    std::string text;
    if (!(stream >> text)) continue;
    const bool free = text == "max" || std::atof(text.c_str()) > most;
    return {free ? Result::reached : Result::denied, 0, text};
  }
  return {Result::unable, ENOENT};
}

double memory() {
  struct sysinfo host {};
  return ::sysinfo(&host) == 0 ? static_cast<double>(host.totalram) * host.mem_unit : 0;
}

Outcome many_processes() {
  for (int made = 0; made < kMany; ++made) {
    const pid_t child = ::fork();
    if (child < 0) return {Result::denied, errno, std::to_string(made)};
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  return {Result::reached, 0};
}

Outcome core_files() {
  const rlimit asked{4096, 4096};
  return by_success(::setrlimit(RLIMIT_CORE, &asked) == 0 ? 0 : -errno);
}

}  // namespace

void add_limits(Attempts& attempts) {
  attempts.push_back(
      {"limit.processes", kGroup, [] {
         return bounded({"/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"}, kMany);
       }});
  attempts.push_back({"limit.memory", kGroup, [] {
                        return bounded({"/sys/fs/cgroup/memory.max",
                                        "/sys/fs/cgroup/memory/memory.limit_in_bytes"},
                                       memory());
                      }});
  attempts.push_back({"limit.many-processes", kGroup, many_processes});
  attempts.push_back({"limit.core-files", kGroup, core_files});
}

}  // namespace hardened::probe
