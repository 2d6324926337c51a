# SPDX-License-Identifier: Apache-2.0
"""What a process is and may: users, limits, privileges, names."""
from flags.case import SAME, Section, elsewhere, hardened, refused, same


def status(field: str) -> str:
    return f"awk '/^{field}:/ {{print $2}}' /proc/self/status"


def limit(name: str) -> str:
    return f"grep '{name}' /proc/self/limits | cut -c27-67 | xargs"


def cgroup(v2: str, v1: str) -> str:
    return f"cat /sys/fs/cgroup/{v2} /sys/fs/cgroup/{v1} 2>/dev/null | head -1"


PIDS = cgroup("pids.max", "pids/pids.max")
MEMORY = cgroup("memory.max", "memory/memory.limit_in_bytes")
SWAP = cgroup("memory.swap.max", "memory/memory.memsw.limit_in_bytes")
WEIGHT = cgroup("cpu.weight", "cpu/cpu.shares")
QUOTA = cgroup("cpu.max", "cpu/cpu.cfs_quota_us")

USERS = Section(
    "Users",
    (
        same("--user app", "id; touch /home/app/x && stat -c %u /home/app/x", "uid=1000", alone=True),
        same("--user 1234", "id; touch /tmp/x && stat -c %u:%g /tmp/x", "1234:0", alone=True),
        same("--user 1234:2345", "touch /tmp/x && stat -c %u:%g /tmp/x", "1234:2345", alone=True),
        same("--user 65535:65535", "touch /tmp/x && stat -c %u:%g /tmp/x", "65535:65535", alone=True),
        refused("--user 70000", "rules.user-namespace.range_size", "beyond its 65536 ids"),
        refused("--user 0:70000", "rules.user-namespace.range_size", "groups likewise"),
        same("--group-add extra --group-add 3000", "id -G", "0 2000 3000"),
        refused("--group-add 70000", "rules.user-namespace.range_size", "beyond its 65536 ids"),
    ),
)

LIMITS = Section(
    "Limits",
    (
        same("--ulimit nofile=100:200", limit("Max open files"), "100 200"),
        hardened("--ulimit core=1000", limit("Max core"), "1000 1000", "^0 0$", "no core dumps"),
        hardened("run", PIDS, "max", "^1024$", "at most 1024 processes", group=1),
        hardened("run", MEMORY, "9223372036854771712|max", r"^\d+$", "80 % of the host", group=1),
        same("--memory 64m", MEMORY, "^67108864$", "and as much swap", group=2),
        same(
            "--memory 64m --memory-swap 80m",
            SWAP,
            "^83886080$|^16777216$|^$",
            "where the kernel accounts swap",
        ),
        hardened("--pids-limit -1", PIDS, "max", "^1024$", "at most 1024 processes", group=2),
        same("--pids-limit 50", PIDS, "^50$"),
        same("--cpus 0.5", QUOTA, "^50000"),
        same("--cpu-shares 100", WEIGHT, r"^\d+$"),
        hardened(
            "--cpu-shares 262144",
            WEIGHT,
            "^262144$|^10000$",
            r"^\d{2,5}$",
            "no larger than the host has processors",
            group=2,
        ),
        same("--cpuset-cpus 0", status("Cpus_allowed_list"), "^0$"),
        same("--oom-score-adj 300", "cat /proc/self/oom_score_adj", "300"),
        elsewhere(
            "--oom-score-adj -500",
            "hardened",
            "integration/docker/kernel_truth.py test_oom_score_is_not_below_zero",
            "not below 0",
        ),
        hardened(
            "--memory 64m --oom-kill-disable",
            "head -1 /sys/fs/cgroup/memory/memory.oom_control",
            "oom_kill_disable 1",
            "oom_kill_disable 0",
            "the kernel may always kill it; cgroup v1 only, v2 knows no such thing",
            group=3,
            cgroup=1,
        ),
        elsewhere(
            "--blkio-weight 1000",
            "hardened",
            "integration/docker/resources.py "
            "test_disk_weights_are_bounded_at_start_and_in_an_update",
            "at most 100, where the kernel has weights",
        ),
        elsewhere(
            "--cgroup-parent",
            SAME,
            "integration/docker/resources.py "
            "test_a_parent_of_ones_own_choice_is_kept_and_the_limits_hold_there",
            "units of the host and cgroups in use are refused",
        ),
    ),
)

PRIVILEGES = Section(
    "Privileges",
    (
        hardened("run", status("CapBnd"), "a80425fb", "^00000000000004fb", "eight capabilities of 14", group=1),
        hardened("run", status("NoNewPrivs"), "^0$", "^1$", "set-user-ID raises nothing", group=1),
        refused("--privileged", "rules.privileged.privileged", "CIS 5.5", armed=False),
        hardened(
            "--cap-add NET_RAW --cap-add SYS_ADMIN",
            status("CapBnd"),
            "a82425fb",
            "^00000000000004fb",
            "no more than the keep list",
            group=2,
        ),
        same("--cap-drop ALL", status("CapBnd"), "^0000000000000000$", group=3),
        same("--cap-drop ALL --cap-add CHOWN", status("CapBnd"), "^0000000000000001$", group=4),
        hardened(
            "--security-opt seccomp=unconfined",
            status("Seccomp"),
            "^0$",
            "^2$",
            "the shipped filter",
            group=2,
        ),
        hardened(
            "--security-opt seccomp=FILE, which allows everything",
            "",
            "unshared|Permission denied",  # AppArmor's docker-default
            "Operation not permitted",
            "what the file denies stays, what the policy denies comes in addition",
            host="start --security-opt seccomp=$DIR/allow.json --name $N busybox unshare -U echo unshared",
        ),
        same(
            "--security-opt seccomp=FILE, which denies mkdir",
            "",
            "mkdir.*Operation not permitted",
            host="start --security-opt seccomp=$DIR/deny.json --name $N busybox mkdir /tmp/d",
        ),
        same("--security-opt no-new-privileges", status("NoNewPrivs"), "^1$", group=3),
        same("--security-opt label=disable", "echo ran", "ran", "no SELinux here", group=3),
        same("--security-opt label=type:container_t", "echo ran", "ran", "no SELinux here", group=4),
        elsewhere(
            "--security-opt apparmor=unconfined",
            "hardened",
            "integration/docker/kernel_truth.py test_apparmor_confines_even_when_asked_not_to",
            "where the host has AppArmor; the test skips elsewhere",
        ),
        same("--security-opt apparmor=docker-default", "echo ran", "ran", "no AppArmor here", group=3),
        hardened(
            "--security-opt systempaths=unconfined",
            "awk '$5 == \"/proc/sys\" {print \"read-only\"}' /proc/self/mountinfo; echo end",
            r"\Aend",
            "^read-only\nend",
            "masked and read-only paths stay",
            group=2,
        ),
    ),
)

NAMES = Section(
    "Names and environment",
    (
        same("--hostname some.host", "hostname; cat /etc/hostname", "some.host\nsome.host"),
        hardened(
            "--domainname example",
            "cat /proc/sys/kernel/domainname",
            "example",
            r"\(none\)",
            "with runc before 1.2, which sets it by a file of the host's root; from 1.2 on as under runc",
        ),
        same("--add-host other:10.1.2.3", "grep other /etc/hosts", "10.1.2.3"),
        same("--dns 10.9.8.7", "cat /etc/resolv.conf", "10.9.8.7"),
        same("--env A=b", "echo $A", "b"),
        same("--workdir /srv", "pwd", "/srv"),
        same("--label l=m", host="begin --label l=m; docker inspect -f '{{.Config.Labels.l}}' $N", shows="m"),
    ),
)

SECTIONS = (USERS, LIMITS, PRIVILEGES, NAMES)
