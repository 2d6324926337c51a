# SPDX-License-Identifier: Apache-2.0
"""A Docker engine of the tests' own: data root, socket, pid file and containerd are its alone; stopped by pid."""
import json
import os
import subprocess
from pathlib import Path

from lib import command, image, sandbox, slowness, verdict

CLIENT = "/usr/bin/docker"
DAEMON = "/usr/sbin/dockerd"
RUNC = "/usr/sbin/runc"
# dockerd's own limit is 15 seconds, which an emulated machine cannot always keep.
IMPATIENT = "timeout waiting for containerd to start"
IMAGE = "busybox"


def engine_release() -> int:
    """28 of "Docker version 28.5.2"."""
    verdict.need_installed(os.access(DAEMON, os.X_OK), f"{DAEMON} is not installed")
    words = command.run(DAEMON, "--version").check().out.split()
    return int(words[words.index("version") + 1].split(".")[0])


class Docker:
    """Commands are the client's own words; `run` starts a container to its end under a runtime by name."""

    NAME = "docker"

    def __init__(self, settings: dict | None = None):
        self.directory = sandbox.base() / self.NAME
        self.settings = self.configuration() | (settings or {})
        self.daemon: subprocess.Popen | None = None

    def configuration(self) -> dict:
        runtime = {"path": str(sandbox.binary())}
        return {
            "data-root": str(self.directory / "data"),
            "exec-root": str(self.directory / "exec"),
            "pidfile": str(self.directory / "pid"),
            "hosts": [f"unix://{self.directory}/socket"],
            "runtimes": {"hardened": runtime},
            "cgroup-parent": sandbox.cgroup_parent(),
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "shutdown-timeout": 5,
        }

    def start(self) -> "Docker":
        for program in (CLIENT, DAEMON):
            verdict.need_installed(os.access(program, os.X_OK), f"{program} is not installed")
        self.directory.mkdir(mode=0o755, exist_ok=True)
        configuration = self.directory / "daemon.json"
        configuration.write_text(json.dumps(self.settings))
        self.launch(configuration)
        self.wait_until_up(configuration)
        if not self.cli("images", "-q", IMAGE).out:
            self.import_image(IMAGE)
        return self

    def launch(self, configuration: Path) -> None:
        with open(self.log_path(), "ab") as log:
            self.daemon = subprocess.Popen(
                self.daemon_line(configuration),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                cwd="/",
            )

    def daemon_line(self, configuration: Path) -> list[str]:
        return [DAEMON, "--config-file", str(configuration)]

    def wait_until_up(self, configuration: Path) -> None:
        again = 2 if slowness.FACTOR > 1 else 0
        for _ in slowness.moments(60):
            # Not `version`: Docker 28's answer to it is a panic where rootlesskit left it the host's network.
            if self.cli("ps", "-q").code == 0:
                return
            if self.daemon.poll() is None:
                continue
            if not again or IMPATIENT not in self.log_path().read_text():
                break
            again -= 1
            self.launch(configuration)
        raise AssertionError(f"dockerd did not start:\n{self.log_path().read_text()[-4000:]}")

    def stop(self) -> None:
        """Containers first, then the daemon, which stops its containerd itself."""
        if not self.daemon:
            return
        identifiers = self.cli("ps", "-aq").out.split()
        if identifiers:
            self.cli("rm", "-f", "-v", *identifiers)
        self.stop_daemon()

    def stop_daemon(self) -> None:
        self.daemon.terminate()
        try:
            self.daemon.wait(slowness.seconds(30))
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.daemon = None
        # Docker leaves this one behind once a container has had the host's network.
        subprocess.run(
            ["umount", "-q", str(self.directory / "exec/netns/default")], stderr=subprocess.DEVNULL
        )

    def log_path(self) -> Path:
        return self.directory / "log"

    def environment(self) -> dict:
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.directory),
            "DOCKER_HOST": f"unix://{self.directory}/socket",
            "LC_ALL": "C.UTF-8",
        }

    def cli(
        self, *words: str, stdin: bytes = b"", timeout: float = 120, **variables: str
    ) -> command.Result:
        return command.run(
            CLIENT, *words, stdin=stdin, timeout=timeout, environment=self.environment() | variables
        )

    def cli_on_terminal(self, *words: str) -> command.Result:
        return command.run_on_terminal(CLIENT, *words, environment=self.environment())

    def run(self, *words: str, runtime: str = "hardened", stdin: bytes = b"") -> command.Result:
        """`words`: flags, image, arguments. The container is removed after."""
        return self.cli("run", "--rm", "--runtime", runtime, *words, stdin=stdin)

    def shell(self, script: str, *flags: str, runtime: str = "hardened") -> command.Result:
        return self.run(*flags, IMAGE, "sh", "-c", script, runtime=runtime)

    def inspect(self, container: str, template: str) -> str:
        return self.cli("inspect", "-f", template, container).check().out.strip()

    def import_image(
        self, name: str, extra: dict[str, str] | None = None, *changes: str, owners: dict | None = None
    ) -> None:
        flags = [word for change in ('CMD ["sh"]', *changes) for word in ("--change", change)]
        self.cli("import", *flags, "-", name, stdin=image.archive(extra, owners)).check()
