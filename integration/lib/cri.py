# SPDX-License-Identifier: Apache-2.0
"""What kubelet says to containerd: the calls of the CRI (runtime.v1) that start a pod, and a containerd set up by docs/kubernetes.md."""
import json
import re
from pathlib import Path

from lib import command, sandbox, slowness, verdict, wire
from lib.containerd import CONTAINERD, IMAGE, Containerd, archive

try:
    import grpc
except ImportError:
    grpc = None

PAGE = sandbox.SOURCE / "docs/kubernetes.md"
PAUSE = "docker.io/library/pause:latest"  # holds the pod's namespaces
PLUGINS = Path("/usr/lib/cni")  # Debian's containernetworking-plugins
BRIDGE = "cni-tests"
POD, NODE = 0, 2  # whose namespace: NamespaceMode
RUNTIME_DEFAULT, UNCONFINED = 0, 1  # SecurityProfile.ProfileType

# Numbers as in k8s.io/cri-api, pkg/apis/runtime/v1/api.proto.
SCHEMA: wire.Schema = {
    "VersionRequest": {},
    "VersionResponse": {"runtime_name": (2, "text"), "runtime_version": (3, "text")},
    "RunPodSandboxRequest": {"config": (1, "PodSandboxConfig"), "runtime_handler": (2, "text")},
    "RunPodSandboxResponse": {"pod_sandbox_id": (1, "text")},
    "StopPodSandboxRequest": {"pod_sandbox_id": (1, "text")},
    "StopPodSandboxResponse": {},
    "RemovePodSandboxRequest": {"pod_sandbox_id": (1, "text")},
    "RemovePodSandboxResponse": {},
    "CreateContainerRequest": {
        "pod_sandbox_id": (1, "text"),
        "config": (2, "ContainerConfig"),
        "sandbox_config": (3, "PodSandboxConfig"),
    },
    "CreateContainerResponse": {"container_id": (1, "text")},
    "StartContainerRequest": {"container_id": (1, "text")},
    "StartContainerResponse": {},
    "ContainerStatusRequest": {"container_id": (1, "text"), "verbose": (2, "int")},
    "ContainerStatusResponse": {"info": (2, "map")},
    "UpdateContainerResourcesRequest": {"container_id": (1, "text"), "linux": (2, "Resources")},
    "UpdateContainerResourcesResponse": {},
    "ExecSyncRequest": {"container_id": (1, "text"), "cmd": (2, "*text"), "timeout": (3, "int")},
    "ExecSyncResponse": {"stdout": (1, "text"), "stderr": (2, "text"), "exit_code": (3, "int")},
    "PodSandboxConfig": {"metadata": (1, "PodMetadata"), "hostname": (2, "text"), "linux": (8, "PodLinux")},
    "PodMetadata": {"name": (1, "text"), "uid": (2, "text"), "namespace": (3, "text")},
    "PodLinux": {"cgroup_parent": (1, "text"), "security_context": (2, "PodSecurity")},
    "PodSecurity": {"namespace_options": (1, "Namespaces"), "privileged": (6, "int"), "seccomp": (9, "Profile")},
    "Namespaces": {"network": (1, "int"), "pid": (2, "int"), "ipc": (3, "int"), "userns_options": (5, "UserNamespace")},
    "UserNamespace": {"mode": (1, "int"), "uids": (2, "*IdMapping"), "gids": (3, "*IdMapping")},
    "IdMapping": {"host_id": (1, "int"), "container_id": (2, "int"), "length": (3, "int")},
    "Profile": {"profile_type": (1, "int")},
    "ContainerConfig": {
        "metadata": (1, "ContainerMetadata"),
        "image": (2, "Image"),
        "command": (3, "*text"),
        "mounts": (7, "*Mount"),
        "linux": (15, "ContainerLinux"),
    },
    "ContainerMetadata": {"name": (1, "text")},
    "Image": {"image": (1, "text")},
    "Mount": {"container_path": (1, "text"), "host_path": (2, "text"), "readonly": (3, "int")},
    "ContainerLinux": {"resources": (1, "Resources"), "security_context": (2, "ContainerSecurity")},
    "ContainerSecurity": {
        "capabilities": (1, "Capabilities"),
        "privileged": (2, "int"),
        "namespace_options": (3, "Namespaces"),
        "seccomp": (15, "Profile"),
    },
    "Capabilities": {"add_capabilities": (1, "*text"), "drop_capabilities": (2, "*text")},
    "Resources": {"memory_limit_in_bytes": (4, "int")},
}


class Failed(Exception):
    """A call that was answered by an error; its text is the engine's."""


def blocks(language: str) -> list[str]:
    """What the page tells an administrator to write, in its order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def handler() -> str:
    """The name by which the page's RuntimeClass asks for the runtime."""
    return re.search(r"^handler: (\S+)$", "\n".join(blocks("yaml")), re.MULTILINE)[1]


def major() -> int:
    """2 of "containerd containerd.io 2.1.4 ...", 1 of "... 1.6.20~ds1 ..."."""
    return int(re.search(r"\b(\d+)\.\d+\.\d+", command.run(CONTAINERD, "--version").check().out)[1])


class Cri(Containerd):
    """A containerd that serves pods, with the lines of the page for its version and a network of this run."""

    NAMESPACE = "k8s.io"

    def __init__(self) -> None:
        super().__init__()
        verdict.need_installed(grpc is not None, "python3-grpcio is not installed")
        verdict.need_installed((PLUGINS / "bridge").exists(), "containernetworking-plugins is not installed")
        self.channel = None
        self.pause = PAUSE

    def parent(self, name: str) -> str:
        """The cgroup of a pod."""
        return f"{sandbox.cgroup_parent()}/{name}"

    def configuration(self) -> str:
        """The page's block is used as it stands, but for the path of the link."""
        pod = self.directory / "hardened-pod"
        pod.symlink_to(sandbox.binary())
        version = 3 if major() >= 2 else 2
        block = next(text for text in blocks("toml") if text.startswith(f"version = {version}\n"))
        assert block.count("/usr/local/bin/hardened-pod") == 1, block
        block = block.replace("/usr/local/bin/hardened-pod", str(pod)).removeprefix(f"version = {version}\n")
        self.network()
        return f'version = {version}\n{self.places()}\n{block}\n{self.network_and_pause(version)}'

    def network_and_pause(self, version: int) -> str:
        """What is this run's own. A pod's score for the OOM killer is below this host's, which not every root may set."""
        plugin = "io.containerd.cri.v1" if version == 3 else "io.containerd.grpc.v1"
        cni = f'bin_dir = "{PLUGINS}"\nconf_dir = "{self.directory}/net.d"\n'
        if version == 3:
            pause = f'[plugins."{plugin}.images".pinned_images]\nsandbox = "{PAUSE}"\n'
            score = f'[plugins."{plugin}.runtime"]\nrestrict_oom_score_adj = true\n'
            return f'{score}[plugins."{plugin}.runtime".cni]\n{cni}{pause}'
        return f'[plugins."{plugin}.cri"]\nsandbox_image = "{PAUSE}"\nrestrict_oom_score_adj = true\n[plugins."{plugin}.cri".cni]\n{cni}'

    def network(self) -> None:
        (self.directory / "net.d").mkdir()
        bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True}
        bridge["ipam"] = {"type": "host-local", "subnet": "10.88.77.0/24", "dataDir": str(self.directory / "addresses")}
        document = {"cniVersion": "0.4.0", "name": "tests", "plugins": [bridge]}
        (self.directory / "net.d/tests.conflist").write_text(json.dumps(document))

    def start(self) -> "Cri":
        super().start()
        self.cli("images", "import", "-", stdin=archive("pause", ("sleep", "100000"))).check()
        if self.pause != PAUSE:
            self.cli("images", "tag", PAUSE, self.pause).check()
        self.channel = grpc.insecure_channel(f"unix:{self.address}")
        try:
            self.call("Version")
        except Failed as error:
            self.stop()
            log = [line for line in (self.directory / "log").read_text().splitlines() if "cri" in line]
            raise AssertionError("\n".join([str(error), *log[-5:]])) from error
        return self

    def call(self, name: str, **values) -> dict:
        method = self.channel.unary_unary(
            f"/runtime.v1.RuntimeService/{name}",
            request_serializer=lambda message: wire.encode(SCHEMA, f"{name}Request", message),
            response_deserializer=lambda data: wire.decode(SCHEMA, f"{name}Response", data),
        )
        try:
            return method(values, timeout=slowness.seconds(60))
        except grpc.RpcError as error:
            raise Failed(error.details()) from error

    def stop(self) -> None:
        if self.channel:
            self.channel.close()
        super().stop()
        command.run("ip", "link", "delete", BRIDGE)


class Pod:
    """A pod of one container; what was made of it is removed in any case."""

    def __init__(self, engine: Cri, name: str, runtime: str | None = None, uid: str = ""):
        self.engine, self.name = engine, name
        self.runtime = handler() if runtime is None else runtime
        self.uid = uid or f"uid-{name}"
        self.sandbox = self.container = ""

    def start(self, pod: dict | None = None, container: dict | None = None, mounts: list | None = None) -> "Pod":
        """`pod`, `container`: their security contexts."""
        config = {
            "metadata": {"name": self.name, "uid": self.uid, "namespace": "default"},
            "hostname": self.name,
            "linux": {"cgroup_parent": self.engine.parent(self.name), "security_context": pod or {}},
        }
        answer = self.engine.call("RunPodSandbox", config=config, runtime_handler=self.runtime)
        self.sandbox = answer["pod_sandbox_id"]
        own = {
            "metadata": {"name": "main"},
            "image": {"image": IMAGE},
            "command": ["sleep", "300"],
            "mounts": mounts or [],
            "linux": {"security_context": container or {}},
        }
        words = {"pod_sandbox_id": self.sandbox, "config": own, "sandbox_config": config}
        self.container = self.engine.call("CreateContainer", **words)["container_id"]
        self.engine.call("StartContainer", container_id=self.container)
        return self

    def pid(self) -> int:
        status = self.engine.call("ContainerStatus", container_id=self.container, verbose=True)
        return json.loads(status["info"]["info"])["pid"]

    def run(self, *words: str) -> command.Result:
        done = self.engine.call("ExecSync", container_id=self.container, cmd=words, timeout=round(slowness.seconds(20)))
        out, err = (done[name].encode(errors="surrogateescape") for name in ("stdout", "stderr"))
        return command.Result(words, done["exit_code"], out, err)

    def remove(self) -> None:
        if self.sandbox:
            self.engine.call("StopPodSandbox", pod_sandbox_id=self.sandbox)
            self.engine.call("RemovePodSandbox", pod_sandbox_id=self.sandbox)
            self.sandbox = ""
