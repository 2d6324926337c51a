# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of a process, as the host sees it: the judge of every engine's containers."""
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
# The capabilities that `standard` keeps: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE.
KEPT = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 10))
V2 = (CGROUPS / "cgroup.controllers").exists()


def status_fields(text: str) -> dict[str, str]:
    """/proc/PID/status as a dictionary."""
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name: value.strip() for name, value in pairs}


def status(pid: int | str) -> dict[str, str]:
    return status_fields(Path(f"/proc/{pid}/status").read_text())


def mount_options(mountinfo: str) -> dict[str, set[str]]:
    """The options of the topmost mount at each place."""
    lines = (line.split() for line in mountinfo.splitlines())
    return {words[4]: set(words[5].split(",")) for words in lines}


def mounts(pid: int | str) -> dict[str, set[str]]:
    return mount_options(Path(f"/proc/{pid}/mountinfo").read_text())


def cgroup_file(pid: int | str, *names: str) -> str | None:
    """The first of these files that its cgroups have, in any hierarchy."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        root = CGROUPS / controllers.removeprefix("name=") if not V2 else CGROUPS
        for name in names:
            file = root / path.lstrip("/") / name
            if file.exists():
                return file.read_text().strip()
    return None


def memory() -> int:
    """Bytes that this host has."""
    return int(Path("/proc/meminfo").read_text().split()[1]) * 1024
