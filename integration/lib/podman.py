# SPDX-License-Identifier: Apache-2.0
"""Podman with storage of the tests' own, as root or as an ordinary user (rootless); there is no daemon to stop."""
import os
import subprocess
from pathlib import Path

from lib import command, image, sandbox, verdict
from lib.rootless import AS_USER, add_user

PODMAN = "/usr/bin/podman"
IMAGE = "localhost/busybox"


class Podman:
    """`run` starts a container to its end under a runtime; words are Podman's own."""

    def __init__(self, rootless: bool):
        verdict.need_installed(os.access(PODMAN, os.X_OK), f"{PODMAN} is not installed")
        self.rootless = rootless
        self.directory = sandbox.base() / ("rootless" if rootless else "podman")
        for name in ("", "storage", "tmp"):
            (self.directory / name).mkdir(mode=0o755, exist_ok=True)
        self.runtime_directory = Path("/run/podman-tests")
        self.run_root = Path("/run/containers/storage")  # Podman's own: /run is the tests'
        if rootless:
            self.runtime_directory = add_user(self.directory)
            self.run_root = self.runtime_directory / "containers"
        else:
            self.runtime_directory.mkdir(mode=0o700, exist_ok=True)

    def environment(self) -> dict:
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.directory),
            "XDG_RUNTIME_DIR": str(self.runtime_directory),
            "TMPDIR": str(self.directory / "tmp"),
            "LC_ALL": "C.UTF-8",
            "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",  # of Podman 5: a line in every command's standard error
        }

    def line(self, *words: str, runtime: str | Path = "") -> list[str]:
        # Below dockerd's level nothing is there that a desktop would have: no systemd, no D-Bus.
        flags = ["--root", str(self.directory / "storage"), "--runroot"]
        flags += [str(self.run_root), "--cgroup-manager", "cgroupfs"]
        flags += ["--events-backend", "none", "--storage-driver", "overlay"]
        if runtime:
            flags += ["--runtime", str(runtime)]
        return [*(AS_USER if self.rootless else ()), PODMAN, *flags, *words]

    def cli(self, *words: str, runtime: str | Path = "", stdin: bytes = b"") -> command.Result:
        line = self.line(*words, runtime=runtime)
        return command.run(*line, stdin=stdin, environment=self.environment())

    def import_image(self) -> None:
        self.cli("import", "--change", "CMD=sh", "-", IMAGE, stdin=image.archive()).check()

    def run(self, *words: str, runtime: str | Path | None = None) -> command.Result:
        runtime = runtime or sandbox.binary()
        return self.cli("run", "--rm", "--network", "none", *words, runtime=runtime)

    def start(self, *words: str, runtime: str | Path | None = None) -> str:
        """A container that stays; its monitor keeps standard output open, so the id comes by a file."""
        file = self.directory / "tmp/cidfile"
        file.unlink(missing_ok=True)
        with open(self.directory / "log", "wb") as log:
            network = () if "--network" in words else ("--network", "none")
            line = self.line("run", "-d", "--cidfile", str(file), *network, *words, runtime=runtime or sandbox.binary())
            code = command.run_to_file(log, *line, environment=self.environment())
        if code:
            raise AssertionError((self.directory / "log").read_text())
        return file.read_text().strip()

    def stop(self) -> None:
        self.cli("rm", "-f", "-a")
        self.cli("system", "reset", "-f") if self.rootless else self.cli("rmi", "-a", "-f")
        subprocess.run(
            ["umount", "-q", str(self.directory / "storage/overlay")], stderr=subprocess.DEVNULL
        )
