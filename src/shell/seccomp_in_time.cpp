// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "hardened/core/error.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/shell/descriptor.hpp"
#include "hardened/shell/process.hpp"
#include "hardened/shell/seccomp_compiler.hpp"

namespace hardened {
namespace {

constexpr rlim_t kProcessorSeconds = 5;  // an engine's own profile takes a hundredth of one

void write_program(int file, const std::vector<BpfInstruction>& program) {
  const auto size = static_cast<ssize_t>(program.size() * sizeof(BpfInstruction));
  if (::pwrite(file, program.data(), static_cast<std::size_t>(size), 0) != size) ::_exit(1);
}

std::vector<BpfInstruction> read_program(int file) {
  const off_t size = ::lseek(file, 0, SEEK_END);
  std::vector<BpfInstruction> program(static_cast<std::size_t>(size) / sizeof(BpfInstruction));
  if (::pread(file, program.data(), program.size() * sizeof(BpfInstruction), 0) != size) {
    throw Error::from_errno(errno, "reading a compiled filter");
  }
  return program;
}

}  // namespace

std::vector<BpfInstruction> compile_seccomp_in_time(const Json& profile) {
  const Descriptor file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) throw Error::from_errno(errno, "memfd_create");
  const pid_t child = start_child(0, [&] {
    rlimit limit{};
    ::getrlimit(RLIMIT_CPU, &limit);
    limit.rlim_cur = limit.rlim_max = std::min(kProcessorSeconds, limit.rlim_max);
    if (::setrlimit(RLIMIT_CPU, &limit) != 0) ::raise(SIGKILL);
    try {
      write_program(file.number(), compile_seccomp(profile));
    } catch (const std::exception&) {
      return 1;
    }
    return 0;
  });
  const int code = wait_for_child(child);
  if (code == 0) return read_program(file.number());
  if (code == 1) return compile_seccomp(profile);  // to say what is wrong with it
  throw refused({"seccomp", "/linux/seccomp/syscalls",
                 "a filter that takes more than " + std::to_string(kProcessorSeconds) +
                     " s to compile: give the calls with SCMP_CMP_NE, LT, LE, GE or GT as lists of "
                     "SCMP_CMP_EQ",
                 "CIS 5.22", "rules.seccomp.mode"});
}

}  // namespace hardened
