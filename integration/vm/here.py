# SPDX-License-Identifier: Apache-2.0
"""A suite's user space on this machine's own kernel, in a mount and a process namespace of its own: its engines without its kernel, its systemd and its AppArmor."""
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vm import machine  # noqa: E402

TESTS = "/payload/integration/vm/guest/tests.py"


class Here:
    """Runs as machine.Machine does, from a copy of the image's disk: its root has to be a file system that takes ids and an overlay's upper."""

    def __init__(self, image: Path, work: Path):
        self.work, self.console = work, work / "console"
        subprocess.run(["cp", "--sparse=always", image / "disk", work / "disk"], check=True)
        for name in ("root", "results"):
            (work / name).mkdir()

    def run(self, limit: float, hear) -> bool:
        namespaces = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        words = [*namespaces, sys.executable, "-B", __file__, self.work]
        with open(self.console, "wb") as console:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        return machine.follow(process, self.console, limit, hear)


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *words], check=True)


def enter(work: Path) -> None:
    """Process 1 of the namespaces: nothing of this machine's own tree is left in sight."""
    root = work / "root"
    mount("-o", "loop", work / "disk", root)
    for name in ("dev", "sys"):
        mount("--rbind", f"/{name}", root / name)
    mount("-t", "proc", "proc", root / "proc")
    mount("-t", "tmpfs", "-o", "mode=755", "run", root / "run")
    for name in ("payload", "results"):
        mount("--bind", work / name, root / name)
    (root / "old").mkdir()
    os.chdir(root)
    subprocess.run(["pivot_root", ".", "old"], check=True)
    os.chroot(".")
    subprocess.run(["umount", "--lazy", "/old"], check=True)
    os.execv("/usr/bin/python3", ["python3", "-B", TESTS])


if __name__ == "__main__":
    enter(Path(sys.argv[1]))
