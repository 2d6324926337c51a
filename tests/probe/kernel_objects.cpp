// SPDX-License-Identifier: Apache-2.0
// Calls that really make what published attacks start from: rings, programs, counters, keys.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "attempt.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "io_uring, bpf, perf, keyrings, userfaultfd";
constexpr char kTracing[] = "tracing of other processes";
constexpr long kProcessKeyring = -2;

template <typename... Words>
Outcome called(long number, Words... words) {
  return by_errno(::syscall(number, words...) >= 0 ? 0 : -errno);
}

Outcome ring() {
  io_uring_params parameters{};
  return called(SYS_io_uring_setup, 1, &parameters);
}

Outcome map() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return called(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

Outcome program() {
  static const bpf_insn instructions[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
                                          {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<std::uintptr_t>(instructions);
  attributes.insn_cnt = 2;
  attributes.license = reinterpret_cast<std::uintptr_t>("GPL");
  return called(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}

Outcome counter() {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.exclude_kernel = 1;
  return called(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

// A child of one's own: what hangs on the call alone, for a process of nobody else is touched.
template <typename Trace>
Outcome on_a_child(Trace trace) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const Outcome outcome = by_errno(trace(child) >= 0 ? 0 : -errno);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return outcome;
}

long read_of(pid_t child) {
  char here = 0;
  static char there = 'x';
  const iovec local{&here, 1};
  const iovec remote{&there, 1};
  return ::process_vm_readv(child, &local, 1, &remote, 1, 0);
}

}  // namespace

void add_kernel_objects(Attempts& attempts) {
  attempts.push_back({"object.io_uring", kGroup, ring});
  attempts.push_back({"object.bpf-map", kGroup, map});
  attempts.push_back({"object.bpf-program", kGroup, program});
  attempts.push_back({"object.perf", kGroup, counter});
  attempts.push_back(
      {"object.userfaultfd", kGroup, [] { return called(SYS_userfaultfd, O_CLOEXEC); }});
  attempts.push_back({"object.userfaultfd-user-mode", kGroup,
                      [] { return called(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY); }});
  attempts.push_back(
      {"object.key", kGroup,
       [] { return called(SYS_add_key, "user", "hardened-probe", "x", 1, kProcessKeyring); }});
  attempts.push_back(
      {"object.keyring", kGroup, [] { return called(SYS_keyctl, 0, kProcessKeyring, 1); }});
  attempts.push_back(
      {"object.requested-key", kGroup,
       [] { return called(SYS_request_key, "user", "hardened-probe", nullptr, kProcessKeyring); }});
  attempts.push_back(
      {"trace.attach", kTracing,
       [] { return on_a_child([](pid_t child) { return ::ptrace(PTRACE_SEIZE, child, 0, 0); }); }});
  attempts.push_back({"trace.read", kTracing, [] { return on_a_child(read_of); }});
}

}  // namespace hardened::probe
