# SPDX-License-Identifier: Apache-2.0
"""Podman with storage of the tests' own, as root or as an ordinary user (rootless); there is no daemon to stop."""
import os
import pwd
import subprocess
from pathlib import Path

from lib import command, image, sandbox, verdict

PODMAN = "/usr/bin/podman"
IMAGE = "localhost/busybox"
USER, UID = "rootless", 4712
IDS = (400000, 65536)  # of /etc/subuid: what an administrator gave the user


class Podman:
    """`run` starts a container to its end under a runtime; words are Podman's own."""

    def __init__(self, rootless: bool):
        verdict.need_installed(os.access(PODMAN, os.X_OK), f"{PODMAN} is not installed")
        self.rootless = rootless
        self.directory = sandbox.base() / ("rootless" if rootless else "podman")
        for name in ("", "storage", "tmp"):
            (self.directory / name).mkdir(mode=0o755)
        # As logind makes it: where the wrapper expects what Podman gives each container. /run is the sandbox's own.
        self.runtime_directory = Path(f"/run/user/{UID}" if rootless else "/run/podman-tests")
        self.runtime_directory.mkdir(mode=0o700, parents=True)
        if rootless:
            self.add_user()

    def add_user(self) -> None:
        for name, line in {
            "passwd": f"{USER}:x:{UID}:{UID}::{self.directory}:/bin/sh",
            "group": f"{USER}:x:{UID}:",
            "subuid": f"{USER}:{IDS[0]}:{IDS[1]}",
            "subgid": f"{USER}:{IDS[0]}:{IDS[1]}",
        }.items():
            with open(f"/etc/{name}", "a", encoding="ascii") as file:
                file.write(line + "\n")
        user = pwd.getpwnam(USER)
        for path in (self.directory, *self.directory.iterdir(), self.runtime_directory):
            os.chown(path, user.pw_uid, user.pw_gid)

    def environment(self) -> dict:
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.directory),
            "XDG_RUNTIME_DIR": str(self.runtime_directory),
            "TMPDIR": str(self.directory / "tmp"),
            "LC_ALL": "C.UTF-8",
        }

    def cli(self, *words: str, runtime: str | Path = "", stdin: bytes = b"") -> command.Result:
        # Below dockerd's level nothing is there that a desktop would have: no systemd, no D-Bus.
        flags = ["--root", str(self.directory / "storage"), "--runroot"]
        flags += [str(self.runtime_directory / "containers"), "--cgroup-manager", "cgroupfs"]
        flags += ["--events-backend", "none", "--storage-driver", "overlay"]
        if runtime:
            flags += ["--runtime", str(runtime)]
        prefix = ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "--"]
        line = [*(prefix if self.rootless else []), PODMAN, *flags, *words]
        return command.run(*line, stdin=stdin, environment=self.environment())

    def import_image(self) -> None:
        self.cli("import", "--change", "CMD=sh", "-", IMAGE, stdin=image.archive()).check()

    def run(self, *words: str, runtime: str | Path | None = None) -> command.Result:
        runtime = runtime or sandbox.binary()
        return self.cli("run", "--rm", "--network", "none", *words, runtime=runtime)

    def stop(self) -> None:
        self.cli("rm", "-f", "-a")
        self.cli("system", "reset", "-f") if self.rootless else self.cli("rmi", "-a", "-f")
        subprocess.run(
            ["umount", "-q", str(self.directory / "storage/overlay")], stderr=subprocess.DEVNULL
        )
