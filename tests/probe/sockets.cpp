// SPDX-License-Identifier: Apache-2.0
// Socket families and protocols. Asked for with a type that does not exist: the kernel looks at
// that before it looks for the family, so its answer shows that a filter let the call through,
// whether or not this kernel has the family.
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "attempt.hpp"
#include "calls.hpp"

namespace hardened::probe {
namespace {

constexpr char kGroup[] = "socket families and protocols";
// Beyond SOCK_TYPE_MASK, neither SOCK_CLOEXEC nor SOCK_NONBLOCK.
constexpr unsigned long kNoType = 0x10;
constexpr unsigned long kSocketOfSocketcall = 1;

struct Named {
  std::string_view name;
  unsigned long value;
};

// All that the kernel has numbers for, but those which servers use: UNSPEC, UNIX, INET, INET6,
// NETLINK.
constexpr Named kFamilies[] = {
    {"AX25", 3},      {"IPX", 4},         {"APPLETALK", 5}, {"NETROM", 6},  {"BRIDGE", 7},
    {"ATMPVC", 8},    {"X25", 9},         {"ROSE", 11},     {"DECNET", 12}, {"NETBEUI", 13},
    {"SECURITY", 14}, {"KEY", 15},        {"PACKET", 17},   {"ASH", 18},    {"ECONET", 19},
    {"ATMSVC", 20},   {"RDS", 21},        {"SNA", 22},      {"IRDA", 23},   {"PPPOX", 24},
    {"WANPIPE", 25},  {"LLC", 26},        {"IB", 27},       {"MPLS", 28},   {"CAN", 29},
    {"TIPC", 30},     {"BLUETOOTH", 31},  {"IUCV", 32},     {"RXRPC", 33},  {"ISDN", 34},
    {"PHONET", 35},   {"IEEE802154", 36}, {"CAIF", 37},     {"ALG", 38},    {"NFC", 39},
    {"VSOCK", 40},    {"KCM", 41},        {"QIPCRTR", 42},  {"SMC", 43},    {"XDP", 44},
    {"MCTP", 45},     {"46", 46},         {"47", 47},       {"255", 255}};
constexpr Named kPairFamilies[] = {{"INET", AF_INET}, {"INET6", AF_INET6}, {"NETLINK", AF_NETLINK}};
// All but NETLINK_ROUTE.
constexpr Named kNetlink[] = {{"USERSOCK", 2},       {"FIREWALL", 3},   {"SOCK_DIAG", 4},
                              {"NFLOG", 5},          {"XFRM", 6},       {"SELINUX", 7},
                              {"ISCSI", 8},          {"AUDIT", 9},      {"FIB_LOOKUP", 10},
                              {"CONNECTOR", 11},     {"NETFILTER", 12}, {"IP6_FW", 13},
                              {"DNRTMSG", 14},       {"UEVENT", 15},    {"GENERIC", 16},
                              {"SCSITRANSPORT", 18}, {"ECRYPTFS", 19},  {"RDMA", 20},
                              {"CRYPTO", 21},        {"SMC", 22},       {"31", 31}};
constexpr Named kInet[] = {
    {"IGMP", 2},       {"IPIP", 4},      {"EGP", 8},    {"PUP", 12},   {"IDP", 22},   {"TP", 29},
    {"DCCP", 33},      {"IPV6", 41},     {"RSVP", 46},  {"GRE", 47},   {"ESP", 50},   {"AH", 51},
    {"MTP", 92},       {"PIM", 103},     {"COMP", 108}, {"L2TP", 115}, {"SCTP", 132}, {"MPLS", 137},
    {"ETHERNET", 143}, {"AGGFRAG", 144}, {"SMC", 256}};

Outcome entered(long answer, int marker) {
  if (answer >= 0) return {Result::reached, 0};
  const int error = static_cast<int>(-answer);
  return {error == marker ? Result::reached : Result::denied, error};
}

class Sockets {
 public:
  Sockets(Attempts& attempts, const Numbers& numbers) : attempts_(attempts), numbers_(numbers) {}

  // `marker`: the errno that only the kernel behind the filter gives.
  void add(std::string_view name, const std::string& what, const Registers& registers, int marker) {
    const bool high = what.find("+high") != std::string::npos;
    for (const Entry entry : kEntries) {
      const auto number = numbers_.find(entry, name);
      if (!number || (high && !has_high_bits(entry))) continue;
      attempts_.push_back({what + '@' + std::string(name_of(entry)), kGroup, [=, n = *number] {
                             return entered(call(entry, n, registers), marker);
                           }});
    }
  }

  // And with what the kernel does not read of a register, which i386 does not have.
  void add_with_high_bits(const std::string& what, Registers registers, std::size_t which,
                          int marker) {
    add("socket", what, registers, marker);
    registers[which] |= kHigh;
    add("socket", what + "+high", registers, marker);
  }

  // i386's socketcall has its arguments in memory, out of a filter's sight.
  void add_multiplexed(const std::string& what, unsigned long family) {
    const auto number = numbers_.find(Entry::i386, "socketcall");
    if (!number) return;
    attempts_.push_back(
        {what + "@socketcall", kGroup, [family, n = *number] {
           static std::uint32_t arguments[3];
           arguments[0] = static_cast<std::uint32_t>(family);
           arguments[1] = kNoType;
           return entered(call(Entry::i386, n, {kSocketOfSocketcall, address(arguments)}), EINVAL);
         }});
  }

 private:
  Attempts& attempts_;
  const Numbers& numbers_;
};

}  // namespace

void add_sockets(Attempts& attempts, const Numbers& numbers) {
  static unsigned pair[2];
  Sockets sockets(attempts, numbers);
  for (const auto& [name, family] : kFamilies) {
    const std::string what = "socket.AF_" + std::string(name);
    sockets.add_with_high_bits(what, {family, kNoType, 0}, 0, EINVAL);
    sockets.add_multiplexed(what, family);
    sockets.add("socketpair", "socketpair.AF_" + std::string(name),
                {family, kNoType, 0, address(pair)}, EINVAL);
  }
  for (const auto& [name, family] : kPairFamilies) {
    sockets.add("socketpair", "socketpair.AF_" + std::string(name),
                {family, kNoType, 0, address(pair)}, EINVAL);
  }
  for (const auto& [name, protocol] : kNetlink) {
    // Audit is answered with EINVAL by the filter; of a type that netlink does not have, the kernel
    // says another.
    sockets.add_with_high_bits("socket.NETLINK_" + std::string(name),
                               {AF_NETLINK, SOCK_STREAM, protocol}, 2, ESOCKTNOSUPPORT);
  }
  for (const auto& [name, protocol] : kInet) {
    sockets.add_with_high_bits("socket.INET_" + std::string(name), {AF_INET, kNoType, protocol}, 2,
                               EINVAL);
    sockets.add_with_high_bits("socket.INET6_" + std::string(name), {AF_INET6, kNoType, protocol},
                               2, EINVAL);
  }
}

}  // namespace hardened::probe
