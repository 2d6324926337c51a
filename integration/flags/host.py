# SPDX-License-Identifier: Apache-2.0
"""What a container has of the host: namespaces, devices, kernel settings."""
from flags.case import Section, elsewhere, hardened, refused, same

UNPRIVILEGED = "runs with its own ids and without rights over what it shares"

MAP = "awk '{print ($2 >= 1879048192 ? \"its own\" : $2), $3}' /proc/self/uid_map"
JOINED = "the user namespace of X is joined with it, for another one would have no power over it"


NAMESPACES = Section(
    "Namespaces",
    (
        hardened(
            "run", MAP, "^0 4294967295", "^its own 65536", "an exclusive range of ids", group=1
        ),
        hardened(
            "--userns host",
            MAP,
            "^0 4294967295",
            "^its own 65536",
            "Docker's default without `userns-remap`, and no request for the host's ids",
            group=2,
        ),
        same("--network bridge", "ip route | grep -c default", "1", group=1),
        same(
            "--network none",
            "ip -o link | grep -c -v LOOPBACK; wc -l < /proc/net/route",
            "0\n1",
            group=2,
        ),
        same(
            "--network container:X",
            "cut -c1-5 /sys/class/net/eth0/address",
            "02:42",
            JOINED,
            group=3,
        ),
        refused("--network host", "rules.host-namespaces.network", "CIS 5.10"),
        same("--ipc private", "ls -A /dev/shm | wc -l; touch /dev/shm/x && echo w", "0\nw", alone=True),
        same("--ipc shareable", "touch /dev/shm/x && ls /dev/shm", "x", group=1),
        same("--ipc none", "ls -d /dev/shm 2>&1; touch /dev/shm/x 2>&1 || echo none", "none", group=2),
        same("--ipc container:X", "cat /dev/shm/of-x", "of x", JOINED, group=3),
        refused("--ipc host", "rules.host-namespaces.ipc", "CIS 5.17; the host's /dev/shm with it"),
        same("--pid container:X", "tr '\\0' ' ' < /proc/1/cmdline", "sleep 300", JOINED, group=3),
        refused("--pid host", "rules.host-namespaces.pid", "CIS 5.16"),
        refused("--uts host", "rules.host-namespaces.uts", "CIS 5.21"),
        same(
            "--cgroupns private",
            "awk -F: '/pids|^0::/ {print $3}' /proc/self/cgroup | sort -u",
            "^/$",
            group=2,
        ),
        same(
            "--cgroupns host",
            "awk -F: '/pids|^0::/ {print (length($3) > 64)}' /proc/self/cgroup | sort -u",
            "^1$",
            "on cgroup v1",
            group=1,
            cgroup=1,
        ),
        hardened(
            "--cgroupns host",
            "awk -F: '/pids|^0::/ {print (length($3) > 64)}' /proc/self/cgroup | sort -u",
            "^1$",
            "^0$",
            "on cgroup v2: one of its own all the same",
            group=1,
            cgroup=2,
        ),
        *(
            elsewhere(
                f"--{flag} host, the policy allows it",
                "hardened",
                f"integration/docker/host_namespaces.py test_{name}",
                why,
            )
            for flag, name, why in (
                ("network", "the_hosts_network", UNPRIVILEGED),
                ("ipc", "the_hosts_ipc", "its own ids; in the host's /dev/shm, which is a mount of its own, root's files are its root's"),
                ("pid", "the_hosts_processes", UNPRIVILEGED),
                ("uts", "the_hosts_names", UNPRIVILEGED),
            )
        ),
    ),
)

DEVICES = Section(
    "Devices and kernel settings",
    (
        same("--device /dev/null", "ls -l /dev/null | cut -c1; echo x > /dev/null && echo w", "c\nw"),
        same(
            "--device /dev/null:/dev/none",
            "ls -l /dev/none | awk '{print $5, $6}'; echo x > /dev/none && echo w",
            "1, 3\nw",
            "a bind of a node that its root owns",
        ),
        same(
            "--device /dev/zero:/dev/nil:r",
            "head -c 3 /dev/nil | wc -c",
            "3",
            "the default devices are open to every container",
        ),
        refused("--device /dev/kmsg", "rules.devices.allowed", "CIS 5.18"),
        refused("--device /dev/kmsg:/dev/log:r", "rules.devices.allowed", "by another name, too"),
        refused("--device-cgroup-rule 'c 1:11 r'", "rules.devices.allowed", "CIS 5.18"),
        same("--device-cgroup-rule 'c 1:3 rw'", "echo x > /dev/null && echo w", "w"),
        same(
            "--sysctl net.ipv4.tcp_fin_timeout=33",
            "cat /proc/sys/net/ipv4/tcp_fin_timeout",
            "33",
        ),
        same("--sysctl kernel.shm_rmid_forced=1", "cat /proc/sys/kernel/shm_rmid_forced", "1"),
        hardened(
            "run",
            "cat /proc/sys/net/ipv4/ping_group_range | xargs",
            "0 2147483647",
            "0 65535",
            "every group that the container has; the kernel takes no others",
            alone=True,
        ),
        refused("--sysctl kernel.msgmax=65536", "rules.sysctl.allowed", "PSS safe sysctls only"),
    ),
)

SECTIONS = (NAMESPACES, DEVICES)
