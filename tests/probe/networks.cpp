// SPDX-License-Identifier: Apache-2.0
// Raw sockets, and the network's configuration by netlink: what most published attacks need
// CAP_NET_ADMIN for.
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_alg.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "attempt.hpp"

namespace hardened::probe {
namespace {

constexpr char kRaw[] = "raw sockets";
constexpr char kGroup[] = "network configuration";
constexpr char kNeeded[] = "what servers need";
constexpr int kNoInterface = 0x7ffffff0;
constexpr int kNetfilter = 12;  // NETLINK_NETFILTER
constexpr int kXfrm = 6;
constexpr int kGeneric = 16;

Outcome socket_of(int family, int type, int protocol) {
  return by_success(::socket(family, type, protocol) >= 0 ? 0 : -errno);
}

template <typename Payload>
struct Request {
  nlmsghdr header;
  Payload payload;
};

// The error of the kernel's acknowledgement. What is asked for names nothing that there is, so
// nothing changes.
template <typename Payload>
Outcome asked(int protocol, unsigned type, const Payload& payload) {
  const int netlink = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (netlink < 0) return by_success(-errno);
  Request<Payload> request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = static_cast<std::uint16_t>(type);
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.payload = payload;
  if (::send(netlink, &request, sizeof request, 0) < 0) return by_errno(-errno);
  alignas(nlmsghdr) char buffer[4096];
  const ssize_t size = ::recv(netlink, buffer, sizeof buffer, 0);
  if (size < static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(nlmsgerr)))
    return by_errno(size < 0 ? -errno : 0);
  nlmsghdr header;
  std::memcpy(&header, buffer, sizeof header);
  nlmsgerr error;
  std::memcpy(&error, buffer + sizeof header, sizeof error);
  return by_errno(header.nlmsg_type == NLMSG_ERROR ? error.error : 0);
}

Outcome scheduler() {
  tcmsg message{};
  message.tcm_ifindex = kNoInterface;
  return asked(NETLINK_ROUTE, RTM_DELQDISC, message);
}

Outcome interface() {
  ifinfomsg message{};
  message.ifi_index = kNoInterface;
  return asked(NETLINK_ROUTE, RTM_SETLINK, message);
}

Outcome tables() {
  return asked(kNetfilter, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE, nfgenmsg{});
}

Outcome sets() { return asked(kNetfilter, NFNL_SUBSYS_IPSET << 8, nfgenmsg{}); }

Outcome policies() { return asked(kXfrm, XFRM_MSG_GETSA, xfrm_usersa_id{}); }

Outcome families() { return asked(kGeneric, GENL_ID_CTRL, genlmsghdr{CTRL_CMD_GETFAMILY, 1, 0}); }

Outcome cipher() {
  const int algorithm = ::socket(AF_ALG, SOCK_SEQPACKET, 0);
  if (algorithm < 0) return by_success(-errno);
  sockaddr_alg address{};
  address.salg_family = AF_ALG;
  std::strcpy(reinterpret_cast<char*>(address.salg_type), "hash");
  std::strcpy(reinterpret_cast<char*>(address.salg_name), "sha256");
  return by_place(
      ::bind(algorithm, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : -errno);
}

// CVE-2023-4622: pages spliced into a stream socket.
Outcome spliced() {
  int pair[2], pipe[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || ::pipe(pipe) != 0 ||
      ::write(pipe[1], "x", 1) != 1) {
    return {Result::unable, errno};
  }
  return by_errno(::splice(pipe[0], nullptr, pair[0], nullptr, 1, 0) == 1 ? 0 : -errno);
}

// CVE-2023-6932: the timers of a multicast group.
Outcome multicast() {
  const int udp = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (udp < 0) return by_success(-errno);
  ip_mreq group{};
  group.imr_multiaddr.s_addr = htonl(0xefffff01);  // 239.255.255.1
  group.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
  return by_errno(
      ::setsockopt(udp, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0 ? 0 : -errno);
}

}  // namespace

void add_networks(Attempts& attempts) {
  attempts.push_back({"raw.icmp", kRaw, [] { return socket_of(AF_INET, SOCK_RAW, IPPROTO_ICMP); }});
  attempts.push_back(
      {"raw.icmp6", kRaw, [] { return socket_of(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6); }});
  attempts.push_back({"raw.ip", kRaw, [] { return socket_of(AF_INET, SOCK_RAW, IPPROTO_RAW); }});
  attempts.push_back({"raw.packet", kRaw, [] { return socket_of(AF_PACKET, SOCK_RAW, 0); }});
  attempts.push_back(
      {"raw.packet-datagrams", kRaw, [] { return socket_of(AF_PACKET, SOCK_DGRAM, 0); }});
  attempts.push_back({"net.scheduler", kGroup, scheduler});
  attempts.push_back({"net.interface", kGroup, interface});
  attempts.push_back({"net.nftables", kGroup, tables});
  attempts.push_back({"net.ipset", kGroup, sets});
  attempts.push_back({"net.xfrm", kGroup, policies});
  attempts.push_back({"net.generic", kGroup, families});
  attempts.push_back({"net.cipher", kGroup, cipher});
  attempts.push_back({"needed.splice", kNeeded, spliced});
  attempts.push_back({"needed.multicast", kNeeded, multicast});
  attempts.push_back({"needed.tcp", kNeeded, [] { return socket_of(AF_INET, SOCK_STREAM, 0); }});
  attempts.push_back({"needed.unix", kNeeded, [] { return socket_of(AF_UNIX, SOCK_STREAM, 0); }});
  attempts.push_back({"needed.routes", kNeeded, [] { return socket_of(AF_NETLINK, SOCK_RAW, 0); }});
}

}  // namespace hardened::probe
