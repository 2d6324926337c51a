// SPDX-License-Identifier: Apache-2.0
// New namespaces, and namespaces of others.
#include <fcntl.h>
#include <linux/sched.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "attempt.hpp"
#include "calls.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "new namespaces";
constexpr char kJoin[] = "namespaces joined";

struct Kind {
  std::string_view name;
  unsigned long flag;
  const char* file;  // in /proc/PID/ns
};

constexpr Kind kKinds[] = {{"user", 0x10000000, "user"},     {"mount", 0x00020000, "mnt"},
                           {"network", 0x40000000, "net"},   {"pid", 0x20000000, "pid"},
                           {"ipc", 0x08000000, "ipc"},       {"uts", 0x04000000, "uts"},
                           {"cgroup", 0x02000000, "cgroup"}, {"time", 0x00000080, "time"}};
constexpr unsigned long kTime = 0x00000080;  // clone() takes these bits for the signal

// Of both processes that come back the new one ends.
Outcome cloned(long answer) {
  if (answer == 0) ::_exit(0);
  return by_errno(answer);
}

Outcome clone3_with(Entry entry, long number, unsigned long flag) {
  static clone_args arguments;
  arguments = {};
  arguments.flags = flag;
  arguments.exit_signal = SIGCHLD;
  return cloned(call(entry, number, {address(&arguments), sizeof arguments}));
}

Outcome joined(Entry entry, long number, const char* file) {
  const std::string path = std::string("/proc/1/ns/") + file;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return by_place(-errno);
  return by_errno(call(entry, number, {static_cast<unsigned long>(descriptor), 0}));
}

class Doors {
 public:
  Doors(Attempts& attempts, const Numbers& numbers) : attempts_(attempts), numbers_(numbers) {}

  template <typename Try>
  void add(std::string_view name, const std::string& id, const char* group, Try attempt) {
    const bool high = id.find("+high") != std::string::npos;
    for (const Entry entry : kEntries) {
      const auto number = numbers_.find(entry, name);
      if (!number || (high && !has_high_bits(entry))) continue;
      attempts_.push_back({id + '@' + std::string(name_of(entry)), group,
                           [=, n = *number] { return attempt(entry, n); }});
    }
  }

 private:
  Attempts& attempts_;
  const Numbers& numbers_;
};

}  // namespace

void add_namespaces(Attempts& attempts, const Numbers& numbers) {
  Doors doors(attempts, numbers);
  for (const Kind& kind : kKinds) {
    const std::string name(kind.name);
    doors.add("unshare", "unshare." + name, kGroup, [flag = kind.flag](Entry entry, long number) {
      return by_errno(call(entry, number, {flag}));
    });
    doors.add("clone3", "clone3." + name, kGroup, [flag = kind.flag](Entry entry, long number) {
      return clone3_with(entry, number, flag);
    });
    doors.add("setns", "setns." + name, kJoin,
              [file = kind.file](Entry entry, long number) { return joined(entry, number, file); });
    if (kind.flag == kTime) continue;
    for (const unsigned long high : {0UL, kHigh}) {
      const unsigned long flags = kind.flag | SIGCHLD | high;
      doors.add("clone", "clone." + name + (high != 0 ? "+high" : ""), kGroup,
                [flags](Entry entry, long number) { return cloned(call(entry, number, {flags})); });
    }
  }
}

}  // namespace hardened::probe
