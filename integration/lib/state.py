# SPDX-License-Identifier: Apache-2.0
"""What a run may leave behind: mounts, links, cgroups, records. Taken before and after, and compared."""
import os
from pathlib import Path

from lib import slowness

CGROUPS = Path("/sys/fs/cgroup")
STATE = Path("/run/hardened")
MACHINES = "/hardened-vm/"  # where integration/vm builds an image meanwhile, with mounts of its own


def mounts() -> set[str]:
    """Mount points of this mount namespace with type and source; ids and optional fields differ by nature."""
    found = set()
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        front, back = line.split(" - ", 1)
        words = front.split()
        found.add(f"mount {words[4]} {' '.join(back.split()[:2])} root={words[3]}")
    return found


def links() -> set[str]:
    lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    return {f"link {line.split(':')[0].strip()}" for line in lines}


def files_below(directory: Path) -> set[str]:
    return {f"file {path}" for path in directory.rglob("*") if not path.is_dir()}


def records() -> set[str]:
    """The wrapper's records of containers."""
    return files_below(STATE / "records")


def in_memory() -> set[int]:
    """The devices that are file systems in memory: what lies there is on no disk."""
    lines = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    numbers = [line[2].split(":") for line in lines if line[line.index("-") + 1] == "tmpfs"]
    return {os.makedev(int(major), int(minor)) for major, minor in numbers}


def device(path: str) -> int:
    """0: it is gone, for the engine works meanwhile."""
    try:
        return os.lstat(path).st_dev
    except FileNotFoundError:
        return 0


def shifted(directory: Path) -> tuple[int, list[str]]:
    """How many files there are, and those that belong to an id which only a container has."""
    seen, found = 0, []
    memory = in_memory() - {os.lstat(directory).st_dev}
    for place, names, files in os.walk(directory):
        names[:] = [name for name in names if device(os.path.join(place, name)) not in memory]
        for name in [".", *names, *files]:
            path = os.path.join(place, name)
            try:
                status = os.lstat(path)
            except FileNotFoundError:  # the engine works meanwhile
                continue
            seen += 1
            if status.st_uid >= 65536 or status.st_gid >= 65536:
                found.append(f"{path} {status.st_uid}:{status.st_gid}")
    return seen, found


def here() -> set[str]:
    """Inside a sandbox everything counts: nobody else acts there."""
    return mounts() | links()


def host() -> set[str]:
    """On the host others act too: only what names this project."""
    own = {f"path {path}" for path in (STATE, Path("/etc/hardened")) if path.exists()}
    return own | files_below(STATE) | files_below(Path("/etc/hardened")) | mounts()


def difference(before: set[str], after: set[str], directory: Path) -> list[str]:
    return sorted(
        line
        for line in after ^ before
        if not line.startswith("mount ") or str(directory) in line or "hardened" in line.replace(MACHINES, "")
    )


def cgroup_roots() -> list[Path]:
    """The unified hierarchy, or every v1 hierarchy."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [path for path in CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]


def cgroups(name: str) -> list[Path]:
    """Every cgroup called `name` at the top of a hierarchy and all below it, deepest first."""
    found = []
    for root in cgroup_roots():
        for path, _, _ in os.walk(root / name, topdown=False):
            found.append(Path(path))
    return found


def remove_cgroups(name: str) -> list[str]:
    """Removes the empty parents that the engine does not; whatever has still a process in it is left over."""
    left = []
    for path in cgroups(name):
        for _ in slowness.moments(5):
            try:
                path.rmdir()
                break
            except OSError:
                continue
        else:
            left.append(f"cgroup {path}")
    return left
