# SPDX-License-Identifier: Apache-2.0
"""Docker: by `--runtime`, as the default, with either image store."""
from engines.adapter import AS_DELEGATED, LIMITS, USERS, Adapter, Container, NotStarted
from lib.command import Result
from lib.docker import IMAGE, Docker, engine_release
from lib.rootless import RootlessDocker
from lib.verdict import need_host

ASKS = {
    "capabilities": ("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN"),
    "no seccomp": ("--security-opt", "seccomp=unconfined"),
    "no masks": ("--security-opt", "systempaths=unconfined"),
    "no limits": ("--pids-limit", "-1"),
    "privileged exec": (),
    "update": (),
    "privileged": ("--privileged",),
    "host pid": ("--pid", "host"),
    "host network": ("--network", "host"),
    "socket": ("-v", "/run/docker.sock:/s"),
    "etc": ("-v", "/etc:/x:ro"),
}


class ByRuntime(Adapter):
    column = "Docker `--runtime`"
    asks = ASKS
    settings: dict = {}
    flags = ("--runtime", "hardened")

    def __init__(self) -> None:
        self.engine = Docker(self.settings).start()

    def start(self, name: str, ask: str) -> Container:
        words = self.asks[ask] if ask else ()
        done = self.engine.cli("run", "-d", "--name", name, *self.flags, *words, IMAGE, "sleep", "300")
        container = OfDocker(self.engine, name)
        if done.code:
            container.remove()
            raise NotStarted(done.err)
        return container

    def stop(self) -> None:
        self.engine.stop()


class AsDefault(ByRuntime):
    column = "Docker, as default"
    settings = {"default-runtime": "hardened"}
    flags = ()


class ContainerdStore(ByRuntime):
    column = "Docker, containerd's images"
    settings = {"features": {"containerd-snapshotter": True}}

    def __init__(self) -> None:
        need_host(engine_release() >= 26, "Docker before 26 has no finished containerd image store")
        super().__init__()


class Rootless(ByRuntime):
    column = "Docker, a user"
    mapping = USERS
    # rootlesskit runs on the host's network here, which the user does not own: Docker itself cannot join it.
    asks = {ask: words for ask, words in ASKS.items() if ask != "host network"}
    without = dict.fromkeys(LIMITS, AS_DELEGATED)

    def __init__(self) -> None:
        self.engine = RootlessDocker().start()


class OfDocker(Container):
    def __init__(self, engine: Docker, name: str):
        self.engine, self.name = engine, name

    def pid(self) -> int:
        return int(self.engine.inspect(self.name, "{{.State.Pid}}"))

    def run(self, *words: str, privileged: bool = False) -> Result:
        flags = ("--privileged",) if privileged else ()
        return self.engine.cli("exec", *flags, self.name, *words)

    def lift(self) -> None:
        self.engine.cli("update", "--pids-limit", "-1", self.name)
        self.engine.cli("update", "--memory", "1000g", "--memory-swap", "-1", self.name)

    def remove(self) -> None:
        self.engine.cli("rm", "-f", "-v", self.name)
