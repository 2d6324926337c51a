// SPDX-License-Identifier: Apache-2.0
// The other side of the tightening: single calls that must fail, enumerated value by value and
// without its clauses, so that a mistake there shows here.
#include <algorithm>

#include "core/seccomp_restrictions.hpp"
#include "core/seccomp_tables.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/seccomp.hpp"

namespace hardened {
namespace {

using namespace seccomp;

constexpr std::uint64_t kUpperBit = std::uint64_t{1} << 32;
constexpr std::uint64_t kUpperHalf = 0xffffffff00000000;
constexpr std::uint32_t kFamilyBeyond = 46;  // the first number that has no name yet

// The kernel reads an int out of a register of 64 bits: a filter that compares all of them misses
// the same call with garbage in the upper half.
std::vector<std::uint64_t> spellings(std::uint64_t value, std::string_view architecture) {
  const bool wide = architecture != "SCMP_ARCH_X86" && architecture != "SCMP_ARCH_ARM" &&
                    architecture != "SCMP_ARCH_S390";
  if (!wide) return {value};
  return {value, value | kUpperBit, value | kUpperHalf};
}

struct Value {
  std::uint32_t index;
  std::uint64_t value;
};

class Calls {
 public:
  explicit Calls(std::string_view architecture) : architecture_(architecture) {}

  // Every spelling of the last value beside the others.
  void add(std::string_view name, const std::vector<Value>& values, std::string_view because) {
    for (const std::uint64_t spelling : spellings(values.back().value, architecture_)) {
      CallArguments arguments;
      for (const Value& each : values) arguments[each.index] = each.value;
      arguments[values.back().index] = spelling;
      calls_.push_back({std::string(name), arguments, std::string(because)});
    }
  }

  void add_always(std::string_view name, std::string_view because) {
    calls_.push_back({std::string(name), {}, std::string(because)});
  }

  std::vector<DeniedCall> take() { return std::move(calls_); }

 private:
  std::string architecture_;
  std::vector<DeniedCall> calls_;
};

bool has(const std::vector<std::uint32_t>& values, std::uint32_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

void add_families(Calls& calls, std::string_view name, const std::vector<std::uint32_t>& allowed) {
  for (const Named& family : families()) {
    if (!has(allowed, family.value)) calls.add(name, {{0, family.value}}, family.name);
  }
  calls.add(name, {{0, kFamilyBeyond}}, "a family without a name");
}

void add_sockets(Calls& calls, const Json& settings) {
  const auto allowed = numbers(settings, "socket_families", families());
  add_families(calls, "socket", allowed);
  const auto netlink = numbers(settings, "netlink_protocols", netlink_protocols());
  for (const Named& protocol : netlink_protocols()) {
    if (has(netlink, protocol.value)) continue;
    calls.add("socket", {{0, kAfNetlink}, {2, protocol.value}}, protocol.name);
  }
  const auto inet = numbers(settings, "inet_protocols", inet_protocols());
  for (const Named& protocol : inet_protocols()) {
    if (has(inet, protocol.value)) continue;
    calls.add("socket", {{0, kAfInet}, {2, protocol.value}}, protocol.name);
    calls.add("socket", {{0, kAfInet6}, {2, protocol.value}}, protocol.name);
  }
  add_families(calls, "socketpair", numbers(settings, "socketpair_families", families()));
}

void add_values(Calls& calls, const Json& settings, std::string_view architecture) {
  if (refused(settings, "tcp_ulp")) {
    calls.add("setsockopt", {{1, kSolTcp}, {2, kTcpUlp}}, "TCP_ULP");
    calls.add("setsockopt", {{2, kTcpUlp}, {1, kSolTcp}}, "TCP_ULP");
  }
  if (refused(settings, "msg_oob")) {
    for (const Argument& call : message_flags()) {
      for (const std::uint32_t others : {0U, 0x4040U, 0xfffffffeU}) {
        calls.add(call.name, {{call.index, kMsgOob | others}}, "MSG_OOB");
      }
    }
  }
  if (refused(settings, "terminal_injection")) {
    calls.add("ioctl", {{1, kTiocsti}}, "TIOCSTI");
    calls.add("ioctl", {{1, kTioclinux}}, "TIOCLINUX");
  }
  if (!refused(settings, "new_namespaces")) return;
  constexpr std::uint32_t kSignalAndThreadFlags = 0x3d0f11;
  for (std::uint32_t rest = kNewNamespaces; rest != 0; rest &= rest - 1) {
    for (const std::uint32_t others : {0x11U, kSignalAndThreadFlags, kNewNamespaces}) {
      calls.add("clone", {{clone_flags_index(architecture), (rest & (~rest + 1)) | others}},
                "a new namespace");
    }
  }
}

void add_modes(Calls& calls, const Json& settings) {
  std::vector<std::pair<std::uint32_t, std::string_view>> modes;
  if (refused(settings, "set_user_id_files")) modes.push_back({kSetUserId, "a set-user-ID file"});
  if (refused(settings, "set_group_id_files"))
    modes.push_back({kSetGroupId, "a set-group-ID file"});
  for (const auto& [bit, because] : modes) {
    // The rest of the mode: none, rwxr-xr-x, and with a file type before it.
    for (const std::uint32_t others : {0U, 0755U, 0100755U | kSetUserId, 0177777U}) {
      if ((others & kSetUserId) != 0 && modes.front().first != kSetUserId) continue;
      for (const Argument& call : file_modes()) {
        calls.add(call.name, {{call.index, bit | others}}, because);
      }
      for (const Opening& call : openings()) {
        for (const std::uint32_t flags : {kCreate, kCreate | 0202001U, kTemporary | 0200001U}) {
          calls.add(call.name, {{call.flags, flags}, {call.mode, bit | others}}, because);
          calls.add(call.name, {{call.mode, bit | others}, {call.flags, flags}}, because);
        }
      }
    }
  }
}

}  // namespace

std::vector<DeniedCall> denied_calls(const Json& settings, std::string_view architecture,
                                     const std::vector<std::string>& capabilities) {
  Calls calls(architecture);
  for (const auto& [name, departure] : departures(settings, capabilities)) {
    calls.add_always(name, departure.because);
  }
  add_sockets(calls, settings);
  add_values(calls, settings, architecture);
  add_modes(calls, settings);
  return calls.take();
}

}  // namespace hardened
