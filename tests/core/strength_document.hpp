// SPDX-License-Identifier: Apache-2.0
// What both orders of strength are tried on: the verifier's and that of the generated documents.
#pragma once

namespace hardened {

// A document with something in every dimension; `weaken` patches it as no rule may.
inline constexpr const char* kStrengthDocument = R"({
  "process": {"args": ["true"], "env": ["A=b"], "user": {"uid": 1, "gid": 1}, "cwd": "/srv",
    "terminal": false, "noNewPrivileges": true, "oomScoreAdj": 100,
    "apparmorProfile": "mine", "selinuxLabel": "u:r:container_t:s0",
    "capabilities": {"bounding": ["CAP_CHOWN"], "ambient": []},
    "rlimits": [{"type": "RLIMIT_CORE", "hard": 0, "soft": 0},
                {"type": "RLIMIT_NPROC", "hard": 10, "soft": 10}]},
  "root": {"path": "/rootfs", "readonly": true},
  "hooks": {"prestart": [{"path": "/usr/bin/dockerd", "args": ["x"]}]},
  "annotations": {"a": "b"},
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "nodev"]},
    {"destination": "/data", "type": "none", "source": "/mnt/data",
     "options": ["rbind", "ro", "noexec", "nodev", "nosuid"]},
    {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "nodev", "size=64k"]}],
  "linux": {
    "namespaces": [{"type": "mount"}, {"type": "network"}, {"type": "user"}],
    "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 10}],
    "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 10}],
    "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
    "sysctl": {"net.ipv4.tcp_syncookies": "1"}, "mountLabel": "m",
    "devices": [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3}],
    "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
      "flags": ["SECCOMP_FILTER_FLAG_LOG"],
      "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"},
                   {"names": ["bpf"], "action": "SCMP_ACT_ERRNO"}]},
    "resources": {
      "devices": [{"allow": false, "access": "rwm"},
                  {"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rw"},
                  {"allow": false, "type": "c", "major": 10, "minor": 229, "access": "rwm"}],
      "pids": {"limit": 10}, "memory": {"limit": 4096, "swap": 8192, "reservation": 4096},
      "cpu": {"quota": 100, "period": 1000, "shares": 10, "cpus": "0"},
      "hugepageLimits": [{"pageSize": "2MB", "limit": 0}], "rdma": {"mlx": {"hcaHandles": 1}},
      "blockIO": {"weight": 10, "weightDevice": [{"major": 8, "minor": 0, "weight": 10,
                                                  "leafWeight": 20}]},
      "unified": {"pids.max": "10", "memory.max": "1M", "memory.high": "4096"}}}})";

struct Weaker {
  const char* dimension;
  const char* pointer;
  const char* patch;
};

inline const Weaker kWeaker[] = {
#include "weaker.inc"
};

}  // namespace hardened
