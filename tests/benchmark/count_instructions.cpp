// SPDX-License-Identifier: Apache-2.0
// Counts the instructions that a command executes in user space before it becomes another program:
// one step at a time, so the number is exact and needs no counter of the processor's (a virtual
// machine often has none, and valgrind 3.19 stops at openat2).
//
// usage: count_instructions PROGRAM [ARGUMENT...]
//
// Prints the number of its own instructions and that of its children's. The program that it becomes
// does not run: it is killed on its first instruction.
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace {

struct Counts {
  std::uint64_t own = 0;
  std::uint64_t children = 0;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

pid_t start(char** words) {
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::execv(words[0], words);
    fail(words[0]);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) std::exit(1);
  constexpr long kOptions = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                            PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
  if (::ptrace(PTRACE_SETOPTIONS, child, nullptr, kOptions) != 0) fail("PTRACE_SETOPTIONS");
  return child;
}

std::uint64_t instruction_pointer(pid_t process) {
  return static_cast<std::uint64_t>(
      ::ptrace(PTRACE_PEEKUSER, process, offsetof(user_regs_struct, rip), nullptr));
}

// The signal that a stop reports belongs to the process, unless the stop is one of our own.
int signal_to_deliver(int status) {
  const int signal = WSTOPSIG(status);
  return signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
}

Counts count(pid_t first) {
  Counts counts;
  std::map<pid_t, std::uint64_t> places;  // where each process was stopped last
  ::ptrace(PTRACE_SINGLESTEP, first, nullptr, nullptr);
  for (;;) {
    int status = 0;
    const pid_t process = ::waitpid(-1, &status, __WALL);
    if (process < 0) fail("waitpid");
    if (!WIFSTOPPED(status)) {
      if (process != first) continue;
      std::fprintf(stderr, "it ended (status %#x) and became no other program\n", status);
      std::exit(1);
    }
    const int event = status >> 16;
    if (event == PTRACE_EVENT_EXEC && process == first) return counts;
    if (event == 0 && WSTOPSIG(status) == SIGTRAP) {
      // A repeated string instruction stops after each repetition.
      const std::uint64_t place = instruction_pointer(process);
      std::uint64_t& last = places[process];
      if (place != last) ++(process == first ? counts.own : counts.children);
      last = place;
    }
    ::ptrace(PTRACE_SINGLESTEP, process, nullptr, signal_to_deliver(status));
  }
}

}  // namespace

int main(int words, char** values) {
  if (words < 2) {
    std::fprintf(stderr, "usage: count_instructions PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const pid_t first = start(values + 1);
  const Counts counts = count(first);
  ::kill(first, SIGKILL);
  std::printf("%llu %llu\n", static_cast<unsigned long long>(counts.own),
              static_cast<unsigned long long>(counts.children));
}
