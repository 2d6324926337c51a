// SPDX-License-Identifier: Apache-2.0
#include "core/seccomp_tables.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened::seccomp {
namespace {

constexpr Named kFamilies[] = {
    {"AF_UNSPEC", 0},      {"AF_UNIX", 1},      {"AF_INET", 2},      {"AF_AX25", 3},
    {"AF_IPX", 4},         {"AF_APPLETALK", 5}, {"AF_NETROM", 6},    {"AF_BRIDGE", 7},
    {"AF_ATMPVC", 8},      {"AF_X25", 9},       {"AF_INET6", 10},    {"AF_ROSE", 11},
    {"AF_DECnet", 12},     {"AF_NETBEUI", 13},  {"AF_SECURITY", 14}, {"AF_KEY", 15},
    {"AF_NETLINK", 16},    {"AF_PACKET", 17},   {"AF_ASH", 18},      {"AF_ECONET", 19},
    {"AF_ATMSVC", 20},     {"AF_RDS", 21},      {"AF_SNA", 22},      {"AF_IRDA", 23},
    {"AF_PPPOX", 24},      {"AF_WANPIPE", 25},  {"AF_LLC", 26},      {"AF_IB", 27},
    {"AF_MPLS", 28},       {"AF_CAN", 29},      {"AF_TIPC", 30},     {"AF_BLUETOOTH", 31},
    {"AF_IUCV", 32},       {"AF_RXRPC", 33},    {"AF_ISDN", 34},     {"AF_PHONET", 35},
    {"AF_IEEE802154", 36}, {"AF_CAIF", 37},     {"AF_ALG", 38},      {"AF_NFC", 39},
    {"AF_VSOCK", 40},      {"AF_KCM", 41},      {"AF_QIPCRTR", 42},  {"AF_SMC", 43},
    {"AF_XDP", 44},        {"AF_MCTP", 45},
};

constexpr Named kNetlinkProtocols[] = {
    {"NETLINK_ROUTE", 0},
    {"NETLINK_USERSOCK", 2},
    {"NETLINK_SOCK_DIAG", 4},
    {"NETLINK_NFLOG", 5},
    {"NETLINK_XFRM", 6},
    {"NETLINK_SELINUX", 7},
    {"NETLINK_ISCSI", 8},
    {"NETLINK_AUDIT", 9},
    {"NETLINK_FIB_LOOKUP", 10},
    {"NETLINK_CONNECTOR", 11},
    {"NETLINK_NETFILTER", 12},
    {"NETLINK_DNRTMSG", 14},
    {"NETLINK_KOBJECT_UEVENT", 15},
    {"NETLINK_GENERIC", 16},
    {"NETLINK_SCSITRANSPORT", 18},
    {"NETLINK_ECRYPTFS", 19},
    {"NETLINK_RDMA", 20},
    {"NETLINK_CRYPTO", 21},
    {"NETLINK_SMC", 22},
};

constexpr Named kInetProtocols[] = {
    {"IPPROTO_IP", 0},        {"IPPROTO_ICMP", 1},    {"IPPROTO_IGMP", 2},
    {"IPPROTO_IPIP", 4},      {"IPPROTO_TCP", 6},     {"IPPROTO_EGP", 8},
    {"IPPROTO_PUP", 12},      {"IPPROTO_UDP", 17},    {"IPPROTO_IDP", 22},
    {"IPPROTO_TP", 29},       {"IPPROTO_DCCP", 33},   {"IPPROTO_IPV6", 41},
    {"IPPROTO_RSVP", 46},     {"IPPROTO_GRE", 47},    {"IPPROTO_ESP", 50},
    {"IPPROTO_AH", 51},       {"IPPROTO_ICMPV6", 58}, {"IPPROTO_MTP", 92},
    {"IPPROTO_BEETPH", 94},   {"IPPROTO_ENCAP", 98},  {"IPPROTO_PIM", 103},
    {"IPPROTO_COMP", 108},    {"IPPROTO_L2TP", 115},  {"IPPROTO_SCTP", 132},
    {"IPPROTO_UDPLITE", 136}, {"IPPROTO_MPLS", 137},  {"IPPROTO_ETHERNET", 143},
    {"IPPROTO_RAW", 255},     {"IPPROTO_SMC", 256},   {"IPPROTO_MPTCP", 262},
};

// The engines' profiles give these to whoever is given the capability, and to nobody else.
constexpr Justified kJustified[] = {
    {"CAP_BPF", "bpf"},
    {"CAP_DAC_READ_SEARCH", "open_by_handle_at"},
    {"CAP_PERFMON", "perf_event_open"},
    {"CAP_SYSLOG", "syslog"},
    {"CAP_SYS_ADMIN", "bpf"},
    {"CAP_SYS_ADMIN", "fanotify_init"},
    {"CAP_SYS_ADMIN", "fsconfig"},
    {"CAP_SYS_ADMIN", "fsmount"},
    {"CAP_SYS_ADMIN", "fsopen"},
    {"CAP_SYS_ADMIN", "fspick"},
    {"CAP_SYS_ADMIN", "lookup_dcookie"},
    {"CAP_SYS_ADMIN", "lsm_get_self_attr"},
    {"CAP_SYS_ADMIN", "lsm_list_modules"},
    {"CAP_SYS_ADMIN", "lsm_set_self_attr"},
    {"CAP_SYS_ADMIN", "mount"},
    {"CAP_SYS_ADMIN", "mount_setattr"},
    {"CAP_SYS_ADMIN", "move_mount"},
    {"CAP_SYS_ADMIN", "open_tree"},
    {"CAP_SYS_ADMIN", "open_tree_attr"},
    {"CAP_SYS_ADMIN", "perf_event_open"},
    {"CAP_SYS_ADMIN", "pivot_root"},
    {"CAP_SYS_ADMIN", "quotactl"},
    {"CAP_SYS_ADMIN", "quotactl_fd"},
    {"CAP_SYS_ADMIN", "setdomainname"},
    {"CAP_SYS_ADMIN", "sethostname"},
    {"CAP_SYS_ADMIN", "swapoff"},
    {"CAP_SYS_ADMIN", "swapon"},
    {"CAP_SYS_ADMIN", "syslog"},
    {"CAP_SYS_ADMIN", "umount"},
    {"CAP_SYS_ADMIN", "umount2"},
    {"CAP_SYS_BOOT", "kexec_file_load"},
    {"CAP_SYS_BOOT", "kexec_load"},
    {"CAP_SYS_BOOT", "reboot"},
    {"CAP_SYS_CHROOT", "chroot"},
    {"CAP_SYS_MODULE", "create_module"},
    {"CAP_SYS_MODULE", "delete_module"},
    {"CAP_SYS_MODULE", "finit_module"},
    {"CAP_SYS_MODULE", "init_module"},
    {"CAP_SYS_MODULE", "query_module"},
    {"CAP_SYS_NICE", "mbind"},
    {"CAP_SYS_NICE", "migrate_pages"},
    {"CAP_SYS_NICE", "move_pages"},
    {"CAP_SYS_NICE", "set_mempolicy"},
    {"CAP_SYS_NICE", "set_mempolicy_home_node"},
    {"CAP_SYS_PACCT", "acct"},
    {"CAP_SYS_PTRACE", "kcmp"},
    {"CAP_SYS_PTRACE", "pidfd_getfd"},
    {"CAP_SYS_PTRACE", "process_madvise"},
    {"CAP_SYS_RAWIO", "ioperm"},
    {"CAP_SYS_RAWIO", "iopl"},
    {"CAP_SYS_TIME", "clock_settime"},
    {"CAP_SYS_TIME", "clock_settime64"},
    {"CAP_SYS_TIME", "settimeofday"},
    {"CAP_SYS_TIME", "stime"},
    {"CAP_SYS_TTY_CONFIG", "vhangup"},
};

constexpr std::string_view kMultiplexed[] = {
    "accept",  "accept4", "bind",       "connect",  "getpeername", "getsockname", "getsockopt",
    "listen",  "recv",    "recvfrom",   "recvmmsg", "recvmsg",     "send",        "sendmmsg",
    "sendmsg", "sendto",  "setsockopt", "shutdown", "socket",      "socketpair",  "socketcall",
};

// C libraries and runtimes fall back to an older call on ENOSYS, and only then.
constexpr std::string_view kNewerCalls[] = {
    "clone3", "io_uring_enter", "io_uring_register", "io_uring_setup", "openat2",
};

constexpr Argument kMessageFlags[] = {
    {"recv", 3}, {"recvfrom", 3}, {"recvmmsg", 3}, {"recvmmsg_time64", 3}, {"recvmsg", 2},
    {"send", 3}, {"sendmmsg", 3}, {"sendmsg", 2},  {"sendto", 3},
};

// mkdir is not here: the kernel ignores these two bits of its mode.
constexpr Argument kFileModes[] = {
    {"chmod", 1},     {"creat", 1}, {"fchmod", 1},  {"fchmodat", 2},
    {"fchmodat2", 2}, {"mknod", 1}, {"mknodat", 2},
};

constexpr Opening kOpenings[] = {{"open", 1, 2}, {"openat", 2, 3}};

}  // namespace

std::span<const Named> families() { return kFamilies; }
std::span<const Named> netlink_protocols() { return kNetlinkProtocols; }
std::span<const Named> inet_protocols() { return kInetProtocols; }
std::span<const Justified> justified_names() { return kJustified; }
std::span<const std::string_view> multiplexed_names() { return kMultiplexed; }
std::span<const Argument> message_flags() { return kMessageFlags; }
std::span<const Argument> file_modes() { return kFileModes; }
std::span<const Opening> openings() { return kOpenings; }

std::vector<std::uint32_t> numbers(const Json& settings, std::string_view key,
                                   std::span<const Named> known) {
  std::vector<std::uint32_t> found;
  const std::vector<std::string> names = find_strings(settings, join("", key));
  for (std::size_t index = 0; index < names.size(); ++index) {
    const auto named = std::find_if(known.begin(), known.end(),
                                    [&](const Named& each) { return each.name == names[index]; });
    if (named == known.end()) {
      std::vector<std::string_view> candidates;
      for (const Named& each : known) candidates.push_back(each.name);
      throw Error(ErrorKind::invalid_input, join(join("/rules/seccomp", key), index),
                  "no such name: \"" + printable(names[index], 60) + '"' +
                      did_you_mean(names[index], candidates));
    }
    found.push_back(named->value);
  }
  return found;
}

int answer_for(std::string_view name) {
  const bool newer =
      std::find(std::begin(kNewerCalls), std::end(kNewerCalls), name) != std::end(kNewerCalls);
  return newer ? kEnosys : kEperm;
}

std::uint32_t clone_flags_index(std::string_view architecture) {
  return architecture.starts_with("SCMP_ARCH_S390") ? 1 : 0;
}

}  // namespace hardened::seccomp
