# SPDX-License-Identifier: Apache-2.0
"""containerd: by `ctr run --runc-binary`, and by the CRI as Kubernetes uses it, through the handler of docs/kubernetes.md."""
import time

from engines.adapter import POD, Adapter, Container, NotStarted
from lib import cri, sandbox
from lib.command import Result
from lib.containerd import IMAGE, Containerd


def bind(source: str, destination: str) -> tuple[str, str]:
    return "--mount", f"type=bind,src={source},dst={destination},options=rbind:ro"


class Ctr(Adapter):
    column = "containerd: `ctr`"
    asks = {
        "capabilities": ("--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_NET_ADMIN"),
        "no seccomp": (),  # unless it is asked for one
        "no limits": (),
        "privileged": ("--privileged",),
        "host pid": ("--with-ns", "pid:/proc/1/ns/pid"),
        "host network": ("--net-host",),
        "socket": bind("/run/docker.sock", "/s"),
        "etc": bind("/etc", "/x"),
    }

    def __init__(self) -> None:
        self.engine = Containerd().start()

    def start(self, name: str, ask: str) -> Container:
        place = ("--cgroup", f"{sandbox.cgroup_parent()}/{name}")
        flags = ("-d", "--runc-binary", str(sandbox.binary()), *place, *(self.asks[ask] if ask else ()))
        done = self.engine.cli("run", *flags, IMAGE, name, "sleep", "300")
        container = OfCtr(self.engine, name)
        if done.code:
            container.remove()
            raise NotStarted(done.err)
        return container

    def stop(self) -> None:
        self.engine.stop()


class OfCtr(Container):
    def __init__(self, engine: Containerd, name: str):
        self.engine, self.name = engine, name

    def pid(self) -> int:
        rows = (line.split() for line in self.engine.cli("tasks", "ls").check().out.splitlines())
        return next(int(row[1]) for row in rows if row[0] == self.name)

    def run(self, *words: str, privileged: bool = False) -> Result:
        number = str(time.monotonic_ns())
        return self.engine.cli("tasks", "exec", "--exec-id", number, self.name, *words)

    def remove(self) -> None:
        self.engine.remove(self.name)


class Kubernetes(Adapter):
    column = "containerd: CRI, profile `pod`"
    mapping = POD
    # Of the pod, of its container, and what is mounted.
    asks = {
        "capabilities": ({}, {"capabilities": {"add_capabilities": ["SYS_ADMIN", "NET_ADMIN"]}}, ()),
        "no seccomp": ({}, {"seccomp": {"profile_type": cri.UNCONFINED}}, ()),
        "no limits": ({}, {}, ()),
        "update": ({}, {}, ()),
        "privileged": ({"privileged": True}, {"privileged": True}, ()),
        "host pid": (*[{"namespace_options": {"pid": cri.NODE}}] * 2, ()),
        "host network": (*[{"namespace_options": {"network": cri.NODE}}] * 2, ()),
        "socket": ({}, {}, ("/run/docker.sock",)),
        "etc": ({}, {}, ("/etc",)),
    }

    def __init__(self) -> None:
        self.engine = cri.Cri().start()

    def start(self, name: str, ask: str) -> Container:
        pod, container, sources = self.asks[ask] if ask else ({}, {}, ())
        mounts = [{"container_path": "/x", "host_path": source, "readonly": True} for source in sources]
        started = OfPod(cri.Pod(self.engine, name))
        try:
            started.pod.start(pod, container, mounts)
        except cri.Failed as error:
            started.remove()
            raise NotStarted(str(error)) from error
        return started

    def stop(self) -> None:
        self.engine.stop()


class OfPod(Container):
    def __init__(self, pod: cri.Pod):
        self.pod = pod

    def pid(self) -> int:
        return self.pod.pid()

    def run(self, *words: str, privileged: bool = False) -> Result:
        return self.pod.run(*words)

    def lift(self) -> None:
        limits = {"memory_limit_in_bytes": 1 << 50}
        try:
            self.pod.engine.call("UpdateContainerResources", container_id=self.pod.container, linux=limits)
        except cri.Failed:
            pass

    def remove(self) -> None:
        self.pod.remove()
