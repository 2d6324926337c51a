// SPDX-License-Identifier: Apache-2.0
// A process of another container, which waits under a name of its own: seen, signalled, traced,
// read, entered.
#include <dirent.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "attempt.hpp"
#include "places.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "processes of another container";

std::optional<pid_t> victim() {
  DIR* const processes = ::opendir("/proc");
  if (processes == nullptr) return std::nullopt;
  std::optional<pid_t> found;
  while (const dirent* const entry = ::readdir(processes)) {
    const int pid = std::atoi(entry->d_name);
    std::string name;
    if (pid <= 0) continue;
    std::getline(std::ifstream(std::string("/proc/") + entry->d_name + "/comm"), name);
    if (name == kVictim) found = pid;
  }
  ::closedir(processes);
  return found;
}

using Attack = long (*)(pid_t victim);

long of_its_directory(pid_t process, const char* name, int flags) {
  const std::string path = "/proc/" + std::to_string(process) + '/' + name;
  return ::open(path.c_str(), flags | O_CLOEXEC);
}

long memory_read(pid_t process) {
  char here = 0;
  const iovec local{&here, 1};
  const iovec remote{reinterpret_cast<void*>(0x400000), 1};  // its code: it is this very program
  return ::process_vm_readv(process, &local, 1, &remote, 1, 0);
}

long descriptor_taken(pid_t process) {
  const long descriptor = ::syscall(SYS_pidfd_open, process, 0);
  return descriptor < 0 ? descriptor : ::syscall(SYS_pidfd_getfd, descriptor, 0, 0);
}

long namespace_entered(pid_t process) {
  const long descriptor = of_its_directory(process, "ns/uts", O_RDONLY);
  return descriptor < 0 ? descriptor : ::syscall(SYS_setns, descriptor, 0);
}

constexpr std::pair<const char*, Attack> kAttacks[] = {
    {"seen", [](pid_t) { return 0L; }},
    {"signalled", [](pid_t process) { return static_cast<long>(::kill(process, 0)); }},
    {"traced", [](pid_t process) { return ::ptrace(PTRACE_SEIZE, process, 0, 0); }},
    {"read", memory_read},
    {"memory-opened", [](pid_t process) { return of_its_directory(process, "mem", O_RDWR); }},
    {"files-opened",
     [](pid_t process) { return of_its_directory(process, "root/etc/passwd", O_RDONLY); }},
    {"environment-opened",
     [](pid_t process) { return of_its_directory(process, "environ", O_RDONLY); }},
    {"descriptor-taken", descriptor_taken},
    {"entered", namespace_entered}};

}  // namespace

void add_other_containers(Attempts& attempts) {
  for (const auto& [name, attack] : kAttacks) {
    attempts.push_back({std::string("other.") + name, kGroup, [attack = attack] {
                          const auto process = victim();
                          if (!process) return Outcome{Result::denied, ESRCH, "not to be seen"};
                          return by_success(attack(*process) >= 0 ? 0 : -errno);
                        }});
  }
}

}  // namespace hardened::probe
