// SPDX-License-Identifier: Apache-2.0
// Files of /proc and /sys that set the host, or tell of it.
#include <sys/klog.h>

#include <cerrno>

#include "files.hpp"

namespace hardened::probe {
namespace {

constexpr char kSetting[] = "host settings in /proc and /sys";
constexpr char kTelling[] = "host memory and keys in /proc";
constexpr int kReadAll = 3;  // SYSLOG_ACTION_READ_ALL

// Those that published escapes wrote to run a program of theirs as the host's root, or to stop the
// host.
constexpr const char* kWritten[] = {"/proc/sys/kernel/core_pattern",
                                    "/proc/sys/kernel/modprobe",
                                    "/proc/sys/kernel/hotplug",
                                    "/proc/sys/kernel/poweroff_cmd",
                                    "/proc/sys/kernel/sysrq",
                                    "/proc/sys/kernel/hostname",
                                    "/proc/sys/kernel/randomize_va_space",
                                    "/proc/sys/kernel/kptr_restrict",
                                    "/proc/sys/kernel/perf_event_paranoid",
                                    "/proc/sys/kernel/unprivileged_bpf_disabled",
                                    "/proc/sys/fs/suid_dumpable",
                                    "/proc/sys/fs/protected_symlinks",
                                    "/proc/sys/fs/binfmt_misc/register",
                                    "/proc/sys/vm/mmap_min_addr",
                                    "/proc/sys/vm/drop_caches",
                                    "/proc/sys/net/ipv4/ip_forward",
                                    "/proc/sys/user/max_user_namespaces",
                                    "/proc/sysrq-trigger",
                                    "/proc/pressure/io",
                                    "/proc/acpi/wakeup",
                                    "/proc/scsi/scsi",
                                    "/sys/kernel/uevent_helper",
                                    "/sys/kernel/mm/transparent_hugepage/enabled",
                                    "/sys/power/state",
                                    "/sys/power/disk",
                                    "/sys/kernel/uevent_seqnum",
                                    "/sys/kernel/profiling",
                                    "/sys/bus/pci/rescan",
                                    "/sys/devices/system/cpu/cpu1/online",
                                    "/sys/module/kernel/parameters/panic",
                                    "/sys/fs/cgroup/release_agent",
                                    "/sys/fs/cgroup/pids/release_agent",
                                    "/sys/fs/cgroup/memory/release_agent",
                                    "/sys/fs/cgroup/rdma/release_agent",
                                    "/sys/fs/cgroup/pids/notify_on_release",
                                    "/sys/fs/cgroup/devices/devices.allow",
                                    "/sys/fs/cgroup/pids/pids.max",
                                    "/sys/fs/cgroup/pids/cgroup.procs",
                                    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                                    "/sys/fs/cgroup/cgroup.procs",
                                    "/sys/fs/cgroup/cgroup.subtree_control",
                                    "/sys/fs/cgroup/pids.max",
                                    "/sys/fs/cgroup/memory.max"};
constexpr const char* kRead[] = {"/proc/kcore",
                                 "/proc/keys",
                                 "/proc/timer_list",
                                 "/proc/interrupts",
                                 "/proc/sched_debug",
                                 "/proc/kpagecount",
                                 "/proc/kmsg",
                                 "/sys/firmware/memmap/0/start",
                                 "/sys/firmware/acpi/tables/DSDT"};

}  // namespace

void add_host_settings(Attempts& attempts) {
  for (const char* path : kWritten) {
    attempts.push_back({std::string("write.") + path, kSetting, [path] { return writable(path); }});
  }
  for (const char* tree : {"/proc", "/proc/sys", "/sys", "/sys/fs/cgroup"}) {
    attempts.push_back({std::string("write.any-below.") + tree, kSetting,
                        [tree] { return any_writable_below(tree); }});
  }
  for (const char* path : kRead) {
    attempts.push_back({std::string("read.") + path, kTelling, [path] { return readable(path); }});
  }
  attempts.push_back({"read.kernel-log", kTelling, [] {
                        static char buffer[64];
                        return by_errno(::klogctl(kReadAll, buffer, sizeof buffer) >= 0 ? 0
                                                                                        : -errno);
                      }});
}

}  // namespace hardened::probe
