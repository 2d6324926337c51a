// SPDX-License-Identifier: Apache-2.0
// Seccomp profiles of the OCI document, as data: tightening one, the list of calls that must not
// get through afterwards, and the kernel's filter machine. Compiling is the shell's (it needs
// libseccomp).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened {

// Absent: whatever value the caller chooses.
using CallArguments = std::array<std::optional<std::uint64_t>, 6>;

// A call that the tightened profile must deny, with argument values that include the 64-bit tricks
// (high bits set where the kernel reads an int).
struct DeniedCall {
  std::string name;  // "socket"
  CallArguments arguments;
  std::string because;  // "AF_ALG", one phrase
};

struct SeccompTightening {
  Json profile;                    // the new linux.seccomp
  std::vector<std::string> notes;  // one line per kind of change, for the reason column
};

// `given` is linux.seccomp (null: none), `settings` the seccomp rule's, `capabilities` the
// container's final bounding set ("CAP_CHOWN" ...), `native` the machine's architecture. Pure and
// idempotent; never allows what `given` denies. Throws Error(invalid_input) with a pointer below
// /linux/seccomp where the runtime would misread or refuse the profile, and with one below
// /rules/seccomp for a setting that names an unknown family or protocol.
SeccompTightening tighten_seccomp(const Json& given, const Json& settings,
                                  const std::vector<std::string>& capabilities,
                                  std::string_view native = "SCMP_ARCH_X86_64");

// Every call that must be denied under these settings on `architecture` ("SCMP_ARCH_X86_64").
std::vector<DeniedCall> denied_calls(const Json& settings, std::string_view architecture,
                                     const std::vector<std::string>& capabilities);

// One instruction of classic BPF, as the kernel's struct sock_filter.
struct BpfInstruction {
  std::uint16_t code;
  std::uint8_t jump_true;
  std::uint8_t jump_false;
  std::uint32_t operand;
};

// The kernel's struct seccomp_data.
struct SeccompData {
  std::int32_t number;
  std::uint32_t architecture;  // AUDIT_ARCH_*
  std::uint64_t instruction_pointer;
  std::array<std::uint64_t, 6> arguments;
};

// The filter's return value (SECCOMP_RET_*). Throws Error(invalid_input) on an instruction that the
// kernel's own checker would refuse.
std::uint32_t run_filter(const std::vector<BpfInstruction>& program, const SeccompData& data);

// Every value that the filter can return for this call, whatever the absent arguments are: both
// branches of a jump that depends on one are followed. Sorted. Throws as run_filter does.
std::vector<std::uint32_t> filter_outcomes(const std::vector<BpfInstruction>& program,
                                           std::int32_t number, std::uint32_t architecture,
                                           const CallArguments& arguments);

}  // namespace hardened
