# SPDX-License-Identifier: Apache-2.0
"""A containerd of the tests' own with one image, called by ctr; stopped by pid."""
import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

from lib import command, image, sandbox, slowness, verdict

CONTAINERD, CTR = "/usr/bin/containerd", "/usr/bin/ctr"
IMAGE = "docker.io/library/busybox:latest"


class Containerd:
    """`run` starts a container to its end under a runtime; words are ctr's own."""

    NAMESPACE = "default"

    def __init__(self) -> None:
        for program in (CONTAINERD, CTR):
            verdict.need_installed(os.access(program, os.X_OK), f"{program} is not installed")
        self.directory = sandbox.base() / type(self).__name__.lower()
        self.directory.mkdir(mode=0o711)
        self.address = str(self.directory / "socket")
        self.daemon: subprocess.Popen | None = None

    def start(self) -> "Containerd":
        self.daemon_starts()
        for _ in slowness.moments(30):
            if self.cli("version").code == 0:
                break
        self.cli("images", "import", "-", stdin=archive()).check()
        return self

    def daemon_starts(self) -> None:
        configuration = self.directory / "config.toml"
        configuration.write_text(self.configuration())
        with open(self.directory / "log", "ab") as log:
            self.daemon = subprocess.Popen(
                [CONTAINERD, "--config", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
            )

    def configuration(self) -> str:
        return f'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n{self.places()}'

    def places(self) -> str:
        """Everything of this daemon lies below its directory."""
        return f'root = "{self.directory}/root"\nstate = "{self.directory}/state"\n[grpc]\naddress = "{self.address}"\n'

    def environment(self) -> dict:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}

    def cli(self, *words: str, stdin: bytes = b"") -> command.Result:
        line = (CTR, "--address", self.address, "--namespace", self.NAMESPACE, *words)
        return command.run(*line, stdin=stdin, environment=self.environment())

    def run(self, name: str, *words: str, flags: tuple[str, ...] = (), runtime: str | Path = "") -> command.Result:
        """`words` are the program's; the container is removed after, and named for the tests' cgroups."""
        chosen = ("--runc-binary", str(runtime or sandbox.binary()))
        place = ("--cgroup", f"{sandbox.cgroup_parent()}/{name}")
        return self.cli("run", "--rm", *chosen, *place, *flags, IMAGE, name, *words)

    def remove(self, name: str) -> None:
        self.cli("tasks", "kill", "-s", "KILL", name)
        for _ in slowness.moments(10):
            if self.cli("tasks", "delete", name).code == 0 or name not in self.cli("tasks", "ls", "-q").out.split():
                break
        self.cli("containers", "delete", name)

    def stop(self) -> None:
        for name in self.cli("containers", "ls", "-q").out.split():
            self.remove(name)
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(slowness.seconds(20))


def archive(name: str = "busybox", words: tuple[str, ...] = ("sh",)) -> bytes:
    """The busybox root file system as `docker save` writes an image, with what it starts."""
    layer = image.archive()
    digest = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": words, "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [f"{name}:latest"], "Layers": ["layer.tar"]}]
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        parts = {"layer.tar": layer, "config.json": config, "manifest.json": manifest}
        for name, content in parts.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()
