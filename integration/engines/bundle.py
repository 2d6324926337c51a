# SPDX-License-Identifier: Apache-2.0
"""No engine: a bundle of `runc spec`, with runc and with crun as the low-level runtime."""
import json
import os
from collections.abc import Callable
from pathlib import Path

from engines.adapter import Adapter, Container, NotStarted
from lib import image, sandbox
from lib.bundle import Bundle, Runtime
from lib.command import Result
from lib.verdict import need_installed

CRUN = "/usr/bin/crun"
LINK = Path("/etc/hardened/runtime")
UNIFIED = "/sys/fs/cgroup/unified"
SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


def more_capabilities(document: dict) -> None:
    for name in SETS:
        document["process"]["capabilities"].setdefault(name, []).append("CAP_SYS_ADMIN")


def no_masks(document: dict) -> None:
    document["linux"] |= {"maskedPaths": [], "readonlyPaths": []}


def without_namespace(kind: str) -> Callable[[dict], None]:
    def change(document: dict) -> None:
        own = document["linux"]["namespaces"]
        own[:] = [each for each in own if each["type"] != kind]

    return change


def bind(source: str) -> Callable[[dict], None]:
    mount = {"destination": "/x", "type": "bind", "source": source, "options": ["rbind", "ro"]}
    return lambda document: document["mounts"].append(mount)


def nothing(_: dict) -> None:
    """What `runc spec` writes is without it already."""


class Runc(Adapter):
    column = "runc alone"
    asks = {
        "capabilities": more_capabilities,
        "no seccomp": nothing,
        "no masks": no_masks,
        "no limits": nothing,
        "privileged exec": nothing,
        "update": nothing,
        "host pid": without_namespace("pid"),
        "host network": without_namespace("network"),
        "socket": bind("/run/docker.sock"),
        "etc": bind("/etc"),
    }

    def __init__(self) -> None:
        self.directory = sandbox.base() / type(self).__name__
        self.rootfs = image.unpack(self.directory / "rootfs")
        self.runtime = Runtime(root=f"{type(self).__name__}-state")

    def start(self, name: str, ask: str) -> Container:
        bundle = Bundle(self.directory / name, self.rootfs)
        bundle.shell("exec sleep 300")
        document = bundle.document()
        self.asks.get(ask, nothing)(document)
        bundle.write(document)
        container = OfRuntime(self.runtime, bundle, name)
        try:
            self.runtime.start(bundle, name, "run", "-d")
        except AssertionError as error:
            container.remove()
            raise NotStarted(str(error)) from error
        return container

    def stop(self) -> None:
        pass


class Crun(Runc):
    column = "crun alone"

    def __init__(self) -> None:
        need_installed(os.access(CRUN, os.X_OK), f"{CRUN} is not installed")
        # crun takes no hybrid hierarchy with controllers on both sides; what it cannot see is none.
        if os.path.ismount(UNIFIED):
            sandbox.mount("-t", "tmpfs", "hidden", UNIFIED)
        LINK.symlink_to(CRUN)
        super().__init__()

    def stop(self) -> None:
        LINK.unlink()


class OfRuntime(Container):
    def __init__(self, runtime: Runtime, bundle: Bundle, name: str):
        self.runtime, self.bundle, self.name = runtime, bundle, name

    def pid(self) -> int:
        return self.runtime.state(self.name)["pid"]

    def run(self, *words: str, privileged: bool = False) -> Result:
        return self.runtime.call("exec", *(self.document(words) if privileged else (self.name, *words)))

    def document(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """As an engine's exec hands it over."""
        file = self.bundle.directory / "process.json"
        everything = [f"CAP_{name}" for name in ("SYS_ADMIN", "CHOWN", "NET_ADMIN")]
        capabilities = {kind: everything for kind in SETS[:3]}
        own = {"cwd": "/", "args": words, "user": {"uid": 0, "gid": 0}, "env": ["PATH=/bin"]}
        file.write_text(json.dumps(own | {"capabilities": capabilities}))
        return "--process", str(file), self.name

    def lift(self) -> None:
        self.runtime.call("update", "--pids-limit", "-1", self.name)
        self.runtime.call("update", "--memory", str(1 << 50), self.name)

    def remove(self) -> None:
        self.runtime.call("delete", "--force", self.name)
