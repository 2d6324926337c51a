// SPDX-License-Identifier: Apache-2.0
// Names that the seccomp settings use and what they stand for, and the names of syscalls that
// belong together. Numbers are the kernel's (include/linux/socket.h,
// include/uapi/linux/{netlink,in}.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened::seccomp {

struct Named {
  std::string_view name;
  std::uint32_t value;
};

std::span<const Named> families();           // "AF_UNIX"
std::span<const Named> netlink_protocols();  // "NETLINK_ROUTE"
std::span<const Named> inet_protocols();     // "IPPROTO_TCP"

// The numbers of the names in the array `settings[key]`. Throws Error(invalid_input) with the
// pointer and the nearest known name.
std::vector<std::uint32_t> numbers(const Json& settings, std::string_view key,
                                   std::span<const Named> known);

// A syscall that engines put into a profile for the sake of a capability.
struct Justified {
  std::string_view capability;
  std::string_view name;
};
std::span<const Justified> justified_names();

// The calls that socketcall(2) multiplexes: for a conditional rule on one of them libseccomp adds
// an allow rule for socketcall that drops the condition.
std::span<const std::string_view> multiplexed_names();

// The errno that callers of `name` take for "this kernel does not have it", or EPERM.
int answer_for(std::string_view name);

inline constexpr int kEperm = 1;
inline constexpr int kEinval = 22;
inline constexpr int kEnosys = 38;
inline constexpr int kEafnosupport = 97;

inline constexpr std::uint32_t kAfNetlink = 16;
inline constexpr std::uint32_t kAfInet = 2;
inline constexpr std::uint32_t kAfInet6 = 10;
inline constexpr std::uint32_t kNetlinkAudit = 9;
inline constexpr std::uint32_t kSolTcp = 6;
inline constexpr std::uint32_t kTcpUlp = 31;
inline constexpr std::uint32_t kMsgOob = 1;
inline constexpr std::uint32_t kTiocsti = 0x5412;
inline constexpr std::uint32_t kTioclinux = 0x541C;
inline constexpr std::uint32_t kSetUserId = 04000;
inline constexpr std::uint32_t kSetGroupId = 02000;
inline constexpr std::uint32_t kCreate = 0100;          // O_CREAT
inline constexpr std::uint32_t kTemporary = 020000000;  // __O_TMPFILE
// NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET; NEWTIME's bit is part of clone's exit
// signal.
inline constexpr std::uint32_t kNewNamespaces = 0x7E020000;

// A syscall and which of its arguments counts.
struct Argument {
  std::string_view name;
  std::uint32_t index;
};
std::span<const Argument> message_flags();  // send and receive
std::span<const Argument> file_modes();     // calls that set a mode whatever their flags
struct Opening {
  std::string_view name;
  std::uint32_t flags;
  std::uint32_t mode;
};
std::span<const Opening> openings();

// The argument of clone(2) that holds the flags: s390 swaps the first two.
std::uint32_t clone_flags_index(std::string_view architecture);

}  // namespace hardened::seccomp
