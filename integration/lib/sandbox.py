# SPDX-License-Identifier: Apache-2.0
"""A private view of the machine for one test file: mount, network and process namespaces of its own.

Inside, /etc/hardened and /run are the tests' own, `/` is rshared as on a systemd machine, and every
process dies with the first. The outer half compares the host before and after.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lib import slowness, state, verdict

SOURCE = Path(__file__).resolve().parents[2]
MARK = "HARDENED_TEST_BASE"
BINARY = "HARDENED_TEST_BINARY"
THROWAWAY = "HARDENED_TEST_THROWAWAY"  # set in a machine that is gone after the run
OVERLAYFS_MAGIC = "794c7630"
# Seconds; below ctest's own, so that what a hanging test made is still cleared.
LIMIT = int(os.environ.get("HARDENED_TEST_LIMIT", "280"))


def base() -> Path:
    """The directory of this run, gone when it ends."""
    return Path(os.environ[MARK])


def binary() -> Path:
    """The wrapper under test."""
    return Path(os.environ[BINARY])


def cgroup_parent() -> str:
    """The cgroup that every container of this run lives below."""
    return "/" + base().name


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=str(SOURCE / "build/release/hardened"))
    parser.add_argument("file")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args(words)
    reason = unable(arguments.binary) or unable_to_change_the_machine(arguments.file)
    if reason:
        return verdict.skipped(*reason)
    return outer(arguments)


def unable(wrapper: str) -> tuple[str, bool] | None:
    """Why nothing can run here, and whether this kind of machine should be able to."""
    if os.geteuid() != 0:
        return "needs root", False
    if not os.access(wrapper, os.X_OK):
        return (
            f"{wrapper} is not built (cmake --preset release && cmake --build --preset release)",
            True,
        )
    probe = subprocess.run(
        ["unshare", "-m", "-n", "-p", "-f", "mount", "-t", "tmpfs", "probe", "/run"],
        capture_output=True,
        text=True,
    )
    if probe.returncode:
        return f"this host: namespaces cannot be made here: {probe.stderr.strip()}", False
    return None


def of_the_machine(file: str) -> bool:
    """integration/host: tests of the machine's own services, without namespaces of their own."""
    return Path(file).resolve().parent.name == "host"


def unable_to_change_the_machine(file: str) -> tuple[str, bool] | None:
    if of_the_machine(file) and not os.environ.get(THROWAWAY):
        return "this host: its services are not the tests' to change; integration/vm/run has a machine for that", False
    return None


def make_base() -> Path:
    """Below a directory that only root can write: the wrapper distrusts sources in others."""
    parent = Path(os.environ.get("HARDENED_TEST_DIRECTORY", "/var/cache/hardened-tests"))
    parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="hardened-", dir=parent))
    path.chmod(0o755)
    return path


def outer(arguments: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "lib.inside", os.path.abspath(arguments.file), *arguments.tests]
    return run_inside(command, arguments.binary, LIMIT, alone=not of_the_machine(arguments.file))


def run_inside(command: list[str], wrapper: str, limit: float, alone: bool = True) -> int:
    """Runs `command` as process 1 of new namespaces, unless it is not `alone`, and looks whether the host is as it was after."""
    directory = make_base()
    before = state.host()
    environment = dict(os.environ, **{MARK: str(directory), BINARY: os.path.abspath(wrapper)})
    environment["PYTHONPATH"] = str(SOURCE / "integration")
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    try:
        code = subprocess.run(
            [*(namespaces if alone else []), *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=slowness.seconds(limit),
        ).returncode
    finally:
        left = state.remove_cgroups(directory.name)
        shutil.rmtree(directory)
    if alone:
        left += state.difference(before, state.host(), directory)
    for line in left:
        print(f"left on the host: {line}", file=sys.stderr)
    return 1 if left else code


def enter() -> None:
    """The inner half, as process 1 of the new namespaces: lays the tests' own directories over the host's."""
    if os.getpid() != 1:
        sys.exit("lib.inside: only below integration/run")
    mount("--make-rprivate", "/")
    if overlayfs(base()):
        mount("-t", "tmpfs", "-o", "mode=755", "hardened-tests", str(base()))
    mount("-t", "tmpfs", "-o", "mode=755", "run", "/run")
    mount("-t", "tmpfs", "-o", "mode=755", "log", "/var/log")
    for name in ("upper", "work"):
        (base() / "etc" / name).mkdir(parents=True)
    options = f"lowerdir=/etc,upperdir={base()}/etc/upper,workdir={base()}/etc/work"
    mount("-t", "overlay", "-o", options, "etc", "/etc")
    shutil.rmtree("/etc/hardened", ignore_errors=True)
    os.mkdir("/etc/hardened", 0o755)
    # A test host may have / private, which hides mounts that leak; systemd's is shared.
    mount("--make-rshared", "/")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def overlayfs(path: Path) -> bool:
    """An overlay cannot be the upper directory of another (tests within a container)."""
    kind = subprocess.run(
        ["stat", "-f", "-c", "%t", str(path)], check=True, capture_output=True, text=True
    )
    return kind.stdout.strip() == OVERLAYFS_MAGIC
