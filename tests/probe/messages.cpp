// SPDX-License-Identifier: Apache-2.0
// Kernel TLS and urgent data: argument values of calls that every server needs.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "attempt.hpp"
#include "calls.hpp"

namespace hardened::probe {
namespace {

constexpr char kTls[] = "kernel TLS";
constexpr char kUrgent[] = "urgent data";
constexpr unsigned long kNoDescriptor = ~0UL;
constexpr unsigned long kSolTcp = 6;
constexpr unsigned long kTcpUlp = 31;

struct Sender {
  std::string_view name;
  std::size_t flags;  // which register
};

constexpr Sender kSenders[] = {{"send", 3},     {"sendto", 3},   {"sendmsg", 2},
                               {"sendmmsg", 3}, {"recv", 3},     {"recvfrom", 3},
                               {"recvmsg", 2},  {"recvmmsg", 3}, {"recvmmsg_time64", 3}};

// With no descriptor: EBADF is the kernel's word that the call came through.
void add(Attempts& attempts, const Numbers& numbers, std::string_view name, const std::string& id,
         const char* group, const Registers& registers) {
  const bool high = id.find("+high") != std::string::npos;
  for (const Entry entry : kEntries) {
    const auto number = numbers.find(entry, name);
    if (!number || (high && !has_high_bits(entry))) continue;
    attempts.push_back({id + '@' + std::string(name_of(entry)), group,
                        [=, n = *number] { return by_errno(call(entry, n, registers)); }});
  }
}

// What i386's socketcall does of these, with the arguments in memory, out of a filter's sight.
struct Multiplexed {
  std::string_view name;
  unsigned long which;
  std::size_t flags;
};

constexpr unsigned long kSetsockopt = 14;
constexpr Multiplexed kMultiplexed[] = {{"send", 9, 3},      {"recv", 10, 3},    {"sendto", 11, 3},
                                        {"recvfrom", 12, 3}, {"sendmsg", 16, 2}, {"recvmsg", 17, 2},
                                        {"recvmmsg", 19, 3}, {"sendmmsg", 20, 3}};

void add_multiplexed(Attempts& attempts, const Numbers& numbers, const std::string& id,
                     const char* group, unsigned long which, const Registers& registers) {
  const auto number = numbers.find(Entry::i386, "socketcall");
  if (!number) return;
  attempts.push_back({id + "@socketcall", group, [=, n = *number] {
                        static std::uint32_t arguments[6];
                        for (std::size_t each = 0; each < registers.size(); ++each) {
                          arguments[each] = static_cast<std::uint32_t>(registers[each]);
                        }
                        return by_errno(call(Entry::i386, n, {which, address(arguments)}));
                      }});
}

// A connection to oneself, for the upper protocol wants an established one.
int connected() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  auto* const general = reinterpret_cast<sockaddr*>(&here);
  if (::bind(listener, general, size) != 0 || ::listen(listener, 1) != 0) return -1;
  if (::getsockname(listener, general, &size) != 0) return -1;
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  return ::connect(client, general, size) == 0 ? client : -1;
}

Outcome tls_on_a_connection() {
  const int client = connected();
  if (client < 0) return {Result::unable, errno, "no connection to 127.0.0.1"};
  const bool set = ::setsockopt(client, kSolTcp, kTcpUlp, "tls", sizeof "tls") == 0;
  return by_place(set ? 0 : -errno);
}

Outcome urgent_on_a_pair() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return {Result::unable, errno, "no pair"};
  return by_errno(::send(pair[0], "x", 1, MSG_OOB) == 1 ? 0 : -errno);
}

}  // namespace

void add_messages(Attempts& attempts, const Numbers& numbers) {
  static const char tls[] = "tls";
  const Registers ulp = {kNoDescriptor, kSolTcp, kTcpUlp, address(tls), sizeof tls};
  add(attempts, numbers, "setsockopt", "ulp.tls", kTls, ulp);
  for (const std::size_t high : {1U, 2U}) {
    Registers spelled = ulp;
    spelled[high] |= kHigh;
    add(attempts, numbers, "setsockopt", "ulp.tls+high" + std::to_string(high), kTls, spelled);
  }
  add_multiplexed(attempts, numbers, "ulp.tls", kTls, kSetsockopt, ulp);
  attempts.push_back({"ulp.tls.connected", kTls, tls_on_a_connection});

  for (const auto& [name, flags] : kSenders) {
    const std::string id = "oob." + std::string(name);
    Registers registers = {kNoDescriptor, 0, 0, 0, 0, 0};
    registers[flags] = MSG_OOB;
    add(attempts, numbers, name, id, kUrgent, registers);
    registers[flags] = MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL;
    add(attempts, numbers, name, id + "+others", kUrgent, registers);
    registers[flags] = MSG_OOB | kHigh;
    add(attempts, numbers, name, id + "+high", kUrgent, registers);
  }
  for (const auto& [name, which, flags] : kMultiplexed) {
    Registers registers = {kNoDescriptor, 0, 0, 0, 0, 0};
    registers[flags] = MSG_OOB;
    add_multiplexed(attempts, numbers, "oob." + std::string(name), kUrgent, which, registers);
  }
  attempts.push_back({"oob.unix", kUrgent, urgent_on_a_pair});
}

}  // namespace hardened::probe
