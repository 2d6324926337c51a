// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <array>
#include <limits>
#include <string_view>

namespace hardened::property {
namespace {

using Words = const char*;

// clang-format off
constexpr std::array<Words, 60> kPaths{
    "/data", "/", "/mnt/x", "/srv/data", "/tmp", "/var", "/var/lib", "/home/u", "/run", "/run/x",
    "/etc", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/localtime", "/etc/shadow",
    "/proc", "/proc/self/fd/7", "/proc/sys", "/proc/1/ns/net", "/proc/1/root", "/proc/kcore",
    "/sys", "/sys/fs/cgroup", "/sys/x", "/sys/firmware", "/dev", "/dev/null", "/dev/shm",
    "/dev/pts", "/dev/mqueue", "/dev/fd/3", "/dev/console", "/dev/fuse", "/dev/sda", "/root",
    "/usr", "/usr/bin", "/boot", "/lib", "/home", "/var/lib/docker",
    "/var/lib/docker/volumes/v/_data", "/var/lib/docker/containers/c/hosts", "/var/run/docker.sock",
    "/run/docker.sock", "/run/containerd/containerd.sock", "/var/lib/kubelet/pods", "/run/hardened",
    "/mnt/../etc", "/./data//", "data", "..", "/..", "", "/data/in", "/data/in/deep", "/srv",
    "/usr/bin/dockerd", "/sbin/docker-init"};

constexpr std::array<Words, 24> kParts{
    "data", "proc", "sys", "dev", "etc", "var", "lib", "run", "..", ".", "", "self", "fd", "7",
    "root", "x", "a b", "a,b", "a:b", "h\xc3\xa9", "\n", "*", "~1", "%s"};

constexpr std::array<Words, 24> kCapabilities{
    "CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_FOWNER",
    "CAP_FSETID", "CAP_DAC_OVERRIDE", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT",
    "CAP_NET_ADMIN", "CAP_SETPCAP", "CAP_SETFCAP", "CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE",
    "CAP_SYS_MODULE", "CAP_AUDIT_WRITE", "cap_chown", "CHOWN", "CAP_ALL", "CAP_NOT_THERE"};

constexpr std::array<Words, 12> kNamespaces{
    "mount", "pid", "network", "ipc", "uts", "cgroup", "user", "time", "net", "mnt", "", "Mount"};

constexpr std::array<Words, 18> kMountTypes{
    "bind", "tmpfs", "none", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "overlay",
    "ext4", "nfs", "securityfs", "debugfs", "bpf", "fuse", "", "Bind"};

constexpr std::array<Words, 60> kMountOptions{
    "rbind", "bind", "ro", "rw", "nosuid", "nodev", "noexec", "rprivate", "private", "rslave",
    "slave", "shared", "rshared", "suid", "dev", "exec", "rro", "rrw", "rsuid", "rdev", "rexec",
    "rnosuid", "rnodev", "rnoexec", "remount", "idmap", "ridmap", "size=64k", "mode=755",
    "mode=1777", "uid=0", "gid=5", "uid=100000", "gid=0x10", "uid=010", "gid=-1", "newinstance",
    "ptmxmode=0666", "hidepid=2", "subset=pid", "tmpcopyup", "strictatime", "relatime", "noatime",
    "rnoatime", "nosymfollow", "huge=always", "nr_inodes=1k", "mpol=bind:0", "context=u:r:x:s0",
    "context=\"a,b\"", "lowerdir=/etc", "upperdir=/x", "size=1,dev", "defaults", "unbindable",
    "runbindable", "copy-symlink", "z", ""};

constexpr std::array<Words, 48> kCalls{
    "read", "write", "socket", "clone", "clone3", "ioctl", "bpf", "mount", "ptrace", "setsockopt",
    "sendto", "sendmsg", "sendmmsg", "recvfrom", "chmod", "fchmod", "fchmodat", "fchmodat2",
    "mknod", "mknodat", "open", "openat", "openat2", "creat", "unshare", "setns", "socketcall",
    "socketpair", "keyctl", "add_key", "userfaultfd", "io_uring_setup", "perf_event_open", "reboot",
    "personality", "execve", "prctl", "process_vm_readv", "umount2", "fsopen", "move_pages",
    "recvmsg", "recvmmsg", "ipc", "seccomp", "mkdir", "not_a_call", ""};

constexpr std::array<Words, 36> kUnifiedFiles{
    "pids.max", "memory.max", "memory.high", "memory.low", "memory.min", "memory.swap.max",
    "memory.oom.group", "cpu.weight", "cpu.weight.nice", "cpu.max", "cpu.max.burst", "cpu.idle",
    "cpuset.cpus", "cpuset.mems", "cpuset.cpus.partition", "io.max", "io.weight", "io.bfq.weight",
    "io.latency", "io.prio.class", "hugetlb.2MB.max", "rdma.max", "misc.max", "cgroup.procs",
    "cgroup.freeze", "cgroup.type", "cgroup.subtree_control", "memory.reclaim", "pids.max.imposed",
    "../pids.max", "x/memory.max", "memory.swap.high", "memory.zswap.max", "cpu.uclamp.max", "",
    "irq.pressure"};

constexpr std::array<Words, 28> kUnifiedValues{
    "max", "1", "0", "100", "1024", "4096", "1M", "64G", "1E", "10000", "default 100",
    "default 10000", "8:0 100", "8:0 max", "8:0 rbps=1048576", "100000 100000", "-1", "010", "0x10",
    " 1", "1 ", "1\n", "", "99999999999999999999", "1KB", "idle", "promote-to-rt",
    "restrict-to-be"};

constexpr std::array<Words, 20> kSysctls{
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
    "kernel.domainname", "kernel.shm_rmid_forced", "net.ipv4.tcp_rmem", "kernel.core_pattern",
    "kernel.msgmax", "fs.mqueue.msg_max", "net/ipv4/tcp_syncookies", "net.ipv4/tcp_syncookies",
    "net/ipv4/../../kernel/core_pattern", "vm.overcommit_memory", "kernel.modprobe",
    "net.core.somaxconn", "kernel.hostname", "", "net.ipv4.ping_group_range ", "NET.ipv4.tcp_rmem",
    "user.max_user_namespaces"};

constexpr std::array<Words, 20> kLabels{
    "docker-default", "unconfined", "", "hardened-default", "cri-containerd.apparmor.d",
    "containers-default-0.50", ":root:unconfined", "docker-default//&unconfined", "firefox",
    "system_u:system_r:container_t:s0:c1,c2", "system_u:system_r:spc_t:s0",
    "system_u:system_r:container_t:s0-s0:c0.c1023", "system_u:object_r:container_file_t:s0",
    "system_u:object_r:container_file_t:s0\",dev", "u:r:container_t", "container_t", "a:b",
    "unconfined_u:unconfined_r:unconfined_t:s0", "u:r:container_t:s0:c1", "hardened-default "};

constexpr std::array<Words, 44> kOthers{
    "x", "", "a", "b", "c", "p", "u", "rwm", "rw", "r", "m", "wm", "rwmx", "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO", "SCHED_FIFO", "SCHED_OTHER", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
    "RLIMIT_CORE", "RLIMIT_NOFILE", "run.oci.handler", "bundle", "org.systemd.property.KillSignal",
    "org.systemd.property.CPUWeight", "hardened.profile", "strict", "standard", "LINUX", "LINUX32",
    "libnetwork-setkey", "docker-untar", "LD_PRELOAD=/x", "A=b", "system.slice:docker:c",
    "/docker/c", "::system.slice", "/", "machine.slice/libpod-c.scope", "2MB", "0-3", "eth0",
    "MPOL_BIND", "shared"};

// clang-format on
std::string made_path(Choices& choices) {
  std::string made;
  for (std::size_t left = 1 + choices.below(4); left > 0; --left) {
    made += '/';
    made += choices.one_of(kParts);
  }
  return made;
}

}  // namespace

std::string path(Choices& choices) {
  return choices.one_in(5) ? made_path(choices) : choices.one_of(kPaths);
}
std::string capability(Choices& choices) { return choices.one_of(kCapabilities); }
std::string namespace_type(Choices& choices) { return choices.one_of(kNamespaces); }
std::string mount_type(Choices& choices) { return choices.one_of(kMountTypes); }
std::string mount_option(Choices& choices) { return choices.one_of(kMountOptions); }
std::string system_call(Choices& choices) { return choices.one_of(kCalls); }
std::string unified_file(Choices& choices) { return choices.one_of(kUnifiedFiles); }
std::string unified_value(Choices& choices) { return choices.one_of(kUnifiedValues); }
std::string sysctl_name(Choices& choices) { return choices.one_of(kSysctls); }
std::string label(Choices& choices) { return choices.one_of(kLabels); }

std::string word(Choices& choices) {
  switch (choices.below(12)) {
    case 1:
      return path(choices);
    case 2:
      return capability(choices);
    case 3:
      return namespace_type(choices);
    case 4:
      return mount_option(choices);
    case 5:
      return mount_type(choices);
    case 6:
      return system_call(choices);
    case 7:
      return unified_file(choices);
    case 8:
      return unified_value(choices);
    case 9:
      return sysctl_name(choices);
    case 10:
      return label(choices);
    case 11:
      return std::string(choices.below(8) * 100, 'x');
    default:
      return choices.one_of(kOthers);
  }
}

Json small_number(Choices& choices) {
  static const std::array<Json, 24> kSmall{0,   1,    2,    3,    4,    5,    7,     8,
                                           9,   10,   16,   31,   64,   99,   100,   136,
                                           229, 1000, 1023, 1024, 1025, 4096, 65535, 65536};
  return choices.one_of(kSmall);
}

Json number(Choices& choices) {
  using Signed = std::numeric_limits<std::int64_t>;
  using Unsigned = std::numeric_limits<std::uint64_t>;
  static const std::array<Json, 20> kLarge{-1,
                                           -2,
                                           -1000,
                                           1000000,
                                           67108864,
                                           2147483647,
                                           2147483648U,
                                           4294967294U,
                                           4294967295U,
                                           4294967296U,
                                           1879048192,
                                           6871947264,
                                           6871947673,
                                           8589934592,
                                           std::int64_t{1} << 40,
                                           Signed::max() - 1,
                                           Signed::max(),
                                           Unsigned::max() - 1,
                                           Unsigned::max(),
                                           Signed::min()};
  return choices.one_in(3) ? choices.one_of(kLarge) : small_number(choices);
}

Json any_value(Choices& choices, int depth) {
  switch (choices.below(depth < 4 ? 8 : 6)) {
    case 1:
      return word(choices);
    case 2:
      return choices.below(2) == 1;
    case 3:
      return nullptr;
    case 4:
      return 0.5 + static_cast<double>(choices.below(8));
    case 5:
      return 1e300;
    case 6:
      return list_of(choices, 3, [depth](Choices& from) { return any_value(from, depth + 1); });
    case 7: {
      Json object = Json::object();
      for (std::size_t left = choices.below(3); left > 0; --left) {
        object[word(choices)] = any_value(choices, depth + 1);
      }
      return object;
    }
    default:
      return number(choices);
  }
}

Json of_type(const std::string& type, Choices& choices) {
  const std::string of = type.substr(type.rfind(' ') + 1);
  if (type.starts_with("array of ")) {
    return list_of(choices, 3, [&of](Choices& from) { return of_type(of, from); });
  }
  if (type.starts_with("map of ")) {
    Json map = Json::object();
    map[word(choices)] = of_type(of, choices);
    return map;
  }
  if (type == "string") return word(choices);
  if (type == "boolean") return choices.below(2) == 1;
  if (type == "object") return Json::object();
  if (type == "any") return any_value(choices);
  return number(choices);
}

}  // namespace hardened::property
