// SPDX-License-Identifier: Apache-2.0
// Typing into a terminal: TIOCSTI, and the selection of a virtual console by TIOCLINUX.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "attempt.hpp"
#include "calls.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "input pushed into terminals";
constexpr unsigned long kNoDescriptor = ~0UL;

// EIO: dev.tty.legacy_tiocsti is off, so that the kernel itself refuses.
Outcome into_an_own_terminal() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
    return {Result::unable, errno, "no terminal"};
  }
  char name[64];
  if (::ptsname_r(master, name, sizeof name) != 0) return {Result::unable, errno, "no terminal"};
  const int slave = ::open(name, O_RDWR);  // of a new session: it becomes the controlling one
  if (slave < 0) return {Result::unable, errno, "no terminal"};
  return by_success(::ioctl(slave, TIOCSTI, "x") == 0 ? 0 : -errno);
}

}  // namespace

void add_terminals(Attempts& attempts, const Numbers& numbers) {
  const std::pair<const char*, unsigned long> requests[] = {{"TIOCSTI", TIOCSTI},
                                                            {"TIOCLINUX", TIOCLINUX}};
  for (const auto& [name, request] : requests) {
    for (const Entry entry : kEntries) {
      const auto number = numbers.find(entry, "ioctl");
      if (!number) continue;
      for (const unsigned long high : {0UL, kHigh}) {
        if (high != 0 && !has_high_bits(entry)) continue;
        const std::string id = std::string("terminal.") + name + (high != 0 ? "+high" : "");
        attempts.push_back({id + '@' + std::string(name_of(entry)), kGroup,
                            [=, value = request | high, n = *number] {
                              return by_errno(call(entry, n, {kNoDescriptor, value, 0}));
                            }});
      }
    }
  }
  attempts.push_back({"terminal.own", kGroup, into_an_own_terminal});
}

}  // namespace hardened::probe
