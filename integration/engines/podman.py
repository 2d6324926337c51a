# SPDX-License-Identifier: Apache-2.0
"""Podman: as root without a network, as root on a bridge of Podman's own, and as an ordinary user."""
from pathlib import Path

from engines.adapter import AS_DELEGATED, LIMITS, POD, USERS, Adapter, Container, NotStarted
from engines.docker import ASKS
from lib import sandbox
from lib.command import Result
from lib.podman import IMAGE, Podman

ADDRESSES = Path("/var/lib/cni")  # which address is whose: out of sight of the host's own


class Rootful(Adapter):
    column = "Podman, root"
    asks = ASKS | {"no masks": ("--security-opt", "unmask=ALL")}
    rootless = False
    network = ("--network", "none")

    def __init__(self) -> None:
        self.engine = Podman(rootless=self.rootless)
        self.engine.import_image()

    def runtime(self) -> Path:
        return sandbox.binary()

    def start(self, name: str, ask: str) -> Container:
        words = self.asks[ask] if ask else ()
        network = () if ask == "host network" else self.network
        try:
            flags = ("--name", name, *network, *words)
            container = self.engine.start(*flags, IMAGE, "sleep", "300", runtime=self.runtime())
        except AssertionError as error:
            self.engine.cli("rm", "-f", "-v", name)
            raise NotStarted(str(error)) from error
        return OfPodman(self.engine, container)

    def stop(self) -> None:
        self.engine.stop()


class Bridge(Rootful):
    column = "Podman, root, bridge, profile `pod`"
    mapping = POD
    network = ("--network", "podman")

    def __init__(self) -> None:
        if not ADDRESSES.exists():
            ADDRESSES.mkdir()
        sandbox.mount("-t", "tmpfs", "addresses", str(ADDRESSES))
        super().__init__()
        self.link = self.engine.directory / "hardened-pod"
        self.link.symlink_to(sandbox.binary())

    def runtime(self) -> Path:
        return self.link


class Rootless(Rootful):
    column = "Podman, a user"
    mapping = USERS
    rootless = True
    without = dict.fromkeys(LIMITS, AS_DELEGATED)


class OfPodman(Container):
    def __init__(self, engine: Podman, name: str):
        self.engine, self.name = engine, name

    def pid(self) -> int:
        return int(self.engine.cli("inspect", "-f", "{{.State.Pid}}", self.name).check().out)

    def run(self, *words: str, privileged: bool = False) -> Result:
        flags = ("--privileged",) if privileged else ()
        return self.engine.cli("exec", *flags, self.name, *words)

    def lift(self) -> None:
        self.engine.cli("update", "--pids-limit", "-1", "--memory", "1000g", self.name)

    def remove(self) -> None:
        self.engine.cli("rm", "-f", "-v", "-t", "0", self.name)
