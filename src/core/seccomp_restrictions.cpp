// SPDX-License-Identifier: Apache-2.0
#include "core/seccomp_restrictions.hpp"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "core/seccomp_tables.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened::seccomp {
namespace {

constexpr std::string_view kTracing[] = {"ptrace", "process_vm_readv", "process_vm_writev"};
constexpr std::string_view kNamespaceCalls[] = {"clone3", "setns", "unshare"};

Clauses each_of(std::uint32_t index, const std::vector<std::uint32_t>& values) {
  Clauses clauses;
  for (const std::uint32_t value : values) clauses.push_back({int_equals(index, value)});
  return clauses;
}

bool has(const std::vector<std::uint32_t>& values, std::uint32_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Nine of twelve kernel holes that a default container could reach lie behind a family or a
// protocol that servers do not use.
Restriction sockets(const Json& settings) {
  const auto allowed = numbers(settings, "socket_families", families());
  const auto netlink = numbers(settings, "netlink_protocols", netlink_protocols());
  const auto inet = numbers(settings, "inet_protocols", inet_protocols());
  Restriction restriction{{"socket"}, {}, {}, "sockets of the listed families and protocols only"};
  for (const std::uint32_t family : allowed) {
    if (family != kAfNetlink && family != kAfInet && family != kAfInet6) {
      restriction.allowed.push_back({int_equals(0, family)});
      continue;
    }
    for (const std::uint32_t protocol : family == kAfNetlink ? netlink : inet) {
      restriction.allowed.push_back({int_equals(0, family), int_equals(2, protocol)});
    }
  }
  // A number that has no name yet gets the default answer.
  for (const Named& family : families()) {
    if (has(allowed, family.value)) continue;
    restriction.answers.push_back({{int_equals(0, family.value)}, kEafnosupport});
  }
  // libaudit, and with it useradd and sshd, goes on without auditing on this errno alone.
  if (has(allowed, kAfNetlink) && !has(netlink, kNetlinkAudit)) {
    restriction.answers.push_back(
        {{int_equals(0, kAfNetlink), int_equals(2, kNetlinkAudit)}, kEinval});
  }
  return restriction;
}

// Kernel TLS, the way into most of the published container escapes of 2023 to 2025.
Restriction upper_protocols() {
  Restriction restriction{{"setsockopt"}, {}, {}, "no TCP upper-layer protocols (kernel TLS)"};
  for (const Condition& other : int_differs(1, {kSolTcp})) restriction.allowed.push_back({other});
  for (const Condition& other : int_differs(2, {kTcpUlp})) restriction.allowed.push_back({other});
  restriction.answers.push_back({{int_equals(1, kSolTcp), int_equals(2, kTcpUlp)}, kEperm});
  return restriction;
}

// Typing into the terminal of whoever attached to the container.
Restriction terminals() {
  Restriction restriction{{"ioctl"}, {}, {}, "no input pushed into terminals"};
  for (const Condition& other : int_differs(1, {kTiocsti, kTioclinux})) {
    restriction.allowed.push_back({other});
  }
  for (const std::uint32_t request : {kTiocsti, kTioclinux}) {
    restriction.answers.push_back({{int_equals(1, request)}, kEperm});
  }
  return restriction;
}

// A user namespace of one's own opens most of the kernel's privileged code.
Restriction namespaces(std::uint32_t clone_flags) {
  Restriction restriction{{"clone"}, {}, {}, "no new namespaces"};
  restriction.allowed.push_back({bits_clear(clone_flags, kNewNamespaces)});
  for (std::uint32_t rest = kNewNamespaces; rest != 0; rest &= rest - 1) {
    const std::uint32_t flag = rest & (~rest + 1);
    restriction.answers.push_back({{bits_set(clone_flags, flag)}, kEperm});
  }
  return restriction;
}

// MSG_OOB on AF_UNIX (CVE-2025-38236): nothing but an old telnet sends urgent data.
void urgent_data(std::vector<Restriction>& restrictions) {
  for (const std::uint32_t index : {2U, 3U}) {
    Restriction restriction{{}, {}, {}, "no urgent data (MSG_OOB)"};
    for (const Argument& call : message_flags()) {
      if (call.index == index) restriction.names.push_back(call.name);
    }
    restriction.allowed.push_back({bits_clear(index, kMsgOob)});
    restriction.answers.push_back({{bits_set(index, kMsgOob)}, kEperm});
    restrictions.push_back(std::move(restriction));
  }
}

// Container root on an id-mapped volume is uid 0 on disk: what it leaves there with one of these
// bits, anyone on the host can run as root.
void user_id_files(std::vector<Restriction>& restrictions, std::uint32_t bits) {
  constexpr std::string_view kNote = "no set-user-ID or set-group-ID files made";
  for (const std::uint32_t index : {1U, 2U}) {
    Restriction restriction{{}, {{bits_clear(index, bits)}}, {}, kNote};
    for (const Argument& call : file_modes()) {
      if (call.index == index) restriction.names.push_back(call.name);
    }
    for (const std::uint32_t bit : {kSetUserId, kSetGroupId}) {
      if ((bits & bit) != 0) restriction.answers.push_back({{bits_set(index, bit)}, kEperm});
    }
    restrictions.push_back(std::move(restriction));
  }
  for (const Opening& call : openings()) {
    // Without a creating flag the mode is whatever the register holds.
    Restriction restriction{{call.name}, {}, {}, kNote};
    restriction.allowed.push_back({bits_clear(call.flags, kCreate | kTemporary)});
    restriction.allowed.push_back({bits_clear(call.mode, bits)});
    for (const std::uint32_t flag : {kCreate, kTemporary}) {
      for (const std::uint32_t bit : {kSetUserId, kSetGroupId}) {
        if ((bits & bit) == 0) continue;
        restriction.answers.push_back(
            {{bits_set(call.flags, flag), bits_set(call.mode, bit)}, kEperm});
      }
    }
    restrictions.push_back(std::move(restriction));
  }
}

std::uint32_t refused_mode_bits(const Json& settings) {
  return (refused(settings, "set_user_id_files") ? kSetUserId : 0) |
         (refused(settings, "set_group_id_files") ? kSetGroupId : 0);
}

}  // namespace

bool refused(const Json& settings, std::string_view key) {
  const std::string word = find_string(settings, join("", key)).value_or("refuse");
  if (word != "allow" && word != "refuse") {
    throw Error(ErrorKind::invalid_input, join("/rules/seccomp", key),
                "expected \"allow\" or \"refuse\", got \"" + printable(word, 60) + '"');
  }
  return word == "refuse";
}

Departures departures(const Json& settings, const std::vector<std::string>& capabilities) {
  Departures leaving;
  const auto leave = [&](std::string_view name, std::string because) {
    leaving.insert_or_assign(std::string(name), Departure{answer_for(name), std::move(because)});
  };
  const std::unordered_set<std::string> held(capabilities.begin(), capabilities.end());
  std::unordered_set<std::string_view> still_justified;
  for (const Justified& each : justified_names()) {
    if (held.contains(std::string(each.capability))) still_justified.insert(each.name);
  }
  for (const Justified& each : justified_names()) {
    if (!still_justified.contains(each.name))
      leave(each.name, "needs " + std::string(each.capability));
  }
  for (const std::string& name : find_strings(settings, "/denied")) leave(name, "denied");
  if (refused(settings, "process_tracing")) {
    for (const std::string_view name : kTracing) leave(name, "reads another process");
  }
  if (refused(settings, "new_namespaces")) {
    for (const std::string_view name : kNamespaceCalls) leave(name, "makes or joins namespaces");
  }
  if (refused_mode_bits(settings) != 0) leave("openat2", "its mode cannot be filtered");
  if (refused(settings, "socketcall")) leave("socketcall", "its arguments cannot be filtered");
  return leaving;
}

std::vector<Restriction> restrictions(const Json& settings, std::uint32_t clone_flags) {
  std::vector<Restriction> all;
  all.push_back(sockets(settings));
  all.push_back({{"socketpair"},
                 each_of(0, numbers(settings, "socketpair_families", families())),
                 {},
                 "socket pairs of the listed families only"});
  if (refused(settings, "tcp_ulp")) all.push_back(upper_protocols());
  if (refused(settings, "msg_oob")) urgent_data(all);
  if (refused(settings, "terminal_injection")) all.push_back(terminals());
  if (refused(settings, "new_namespaces")) all.push_back(namespaces(clone_flags));
  if (const std::uint32_t bits = refused_mode_bits(settings); bits != 0) user_id_files(all, bits);
  return all;
}

}  // namespace hardened::seccomp
