// SPDX-License-Identifier: Apache-2.0
// A process beside the test's, in whatever state the test puts it; gone with the object.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace hardened {

class OtherProcess {
 public:
  // Waits until `prepare` has run there; fails the test where it returns false.
  template <typename Prepare>
  explicit OtherProcess(Prepare prepare) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const char ready = prepare() ? 'y' : 'n';
      if (::write(ends[1], &ready, 1) == 1) ::pause();
      ::_exit(1);
    }
    char ready = 'n';
    ::close(ends[1]);
    EXPECT_EQ(::read(ends[0], &ready, 1), 1);
    ::close(ends[0]);
    EXPECT_EQ(ready, 'y');
  }
  ~OtherProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  pid_t pid() const { return pid_; }
  // It has ended, but nobody has asked how: a zombie.
  void kill() const {
    ::kill(pid_, SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT);
  }
  // "ns/net" -> "/proc/PID/ns/net"
  std::string proc(const std::string& name) const {
    return "/proc/" + std::to_string(pid_) + "/" + name;
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace hardened
