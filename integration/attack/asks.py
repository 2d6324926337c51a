# SPDX-License-Identifier: Apache-2.0
"""What an attacker who writes the document asks for, and the proof from within that it was had."""
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attack import documents
from attack.columns import PLAIN, STANDARD, STRICT, Answer, Answers, Column, Range
from attack.documents import PROBE
from lib.kernel import V2

GROUP = "documents that ask for the host"
HERE = "/x"
LOOP = Path("/dev/loop-control")
SOCKETS = ("/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/crio/crio.sock")
ASKED = (PLAIN, STANDARD, STRICT)
Change = Callable[[dict], None]


@dataclass(frozen=True)
class Ask:
    id: str
    change: Change
    words: tuple[str, ...]  # what runs there
    proof: str = "REACHED"  # in what it says


def shown(test: str) -> tuple[str, ...]:
    return ("sh", "-c", f"if {test}; then echo REACHED; else echo NOT; fi")


def attempt(identifier: str) -> dict:
    return {"words": (PROBE, identifier), "proof": '"result":"reached"'}


def mount(kind: str, source: str, *options: str, at: str = HERE) -> Change:
    def change(document: dict) -> None:
        document["mounts"] = [each for each in document["mounts"] if each["destination"] != at]
        document["mounts"].append({"destination": at, "type": kind, "source": source, "options": list(options)})

    return change


def shared(kind: str) -> Ask:
    """A namespace left out is the host's."""
    name = {"network": "net"}.get(kind, kind)
    host = os.readlink(f"/proc/1/ns/{name}")

    def change(document: dict) -> None:
        documents.without_namespace(document, kind)
        without_names_of_its_own(document)

    return Ask(f"document.host-{kind}", change, shown(f'[ "$(readlink /proc/self/ns/{name})" = "{host}" ]'))


def without_names_of_its_own(document: dict) -> None:
    """What runc refuses beside the host's namespaces."""
    document.pop("hostname", None)
    document["linux"].pop("sysctl", None)


def joined(kind: str) -> Ask:
    """The same by a path that does not say so."""
    name = {"network": "net"}.get(kind, kind)
    host = os.readlink(f"/proc/1/ns/{name}")

    def change(document: dict) -> None:
        without_names_of_its_own(document)
        next(each for each in document["linux"]["namespaces"] if each["type"] == kind)["path"] = f"/proc/1/ns/{name}"

    return Ask(f"document.host-{kind}-by-path", change, shown(f'[ "$(readlink /proc/self/ns/{name})" = "{host}" ]'))


def host_ids(document: dict) -> None:
    without_names_of_its_own(document)
    mapping = [{"containerID": 0, "hostID": 0, "size": 65536}]
    document["linux"]["namespaces"].append({"type": "user"})
    document["linux"] |= {"uidMappings": mapping, "gidMappings": mapping}


def everything(document: dict) -> None:
    """Each capability, no filter, no masks: a privileged container by another name."""
    names = [f"CAP_{name}" for name in ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "BPF", "PERFMON")]
    for kind in ("bounding", "effective", "permitted"):
        document["process"]["capabilities"][kind] += names
    unfiltered(document)
    unmasked(document)


def unfiltered(document: dict) -> None:
    document["linux"].pop("seccomp")


def unmasked(document: dict) -> None:
    document["linux"] |= {"maskedPaths": [], "readonlyPaths": []}


def device(document: dict) -> None:
    """One that opens without a capability that Docker's default lacks."""
    node = {"type": "c", "major": 10, "minor": 237}
    document["linux"].setdefault("devices", []).append(node | {"path": str(LOOP)})
    document["linux"]["resources"]["devices"].append(node | {"allow": True, "access": "rwm"})


def every_device(document: dict) -> None:
    document["linux"]["resources"]["devices"].append({"allow": True, "access": "rwm"})


def setting(document: dict) -> None:
    document["linux"]["sysctl"]["kernel.shmmax"] = "4096"


def core_files(document: dict) -> None:
    document["process"]["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 1 << 20, "hard": 1 << 20}]


def never_killed(document: dict) -> None:
    document["process"]["oomScoreAdj"] = -500


def unlimited(document: dict) -> None:
    document["linux"]["resources"]["unified"] = {"pids.max": "max", "memory.max": "max"}


# What shows that each is there, at the place where it was asked for.
DIRECTORIES = {
    "/": "-s {}/etc/passwd",
    "/etc": "-s {}/passwd",
    "/usr": "-d {}/lib",
    "/root": "-d {}",
    "/proc": "-e {}/sys/kernel/core_pattern",
    "/sys": "-d {}/kernel",
    "/dev": "-e {}/null",
    "/run": "-d {}",
    "/var": "-d {}/lib",
    "/var/lib": "-d {}/dpkg",
    "/etc/passwd": "-s {}",
}
CONTROLLED = "/sys/fs/cgroup/cgroup.procs" if V2 else "/sys/fs/cgroup/pids/cgroup.procs"
OPTIONS = "awk '$5==\"{}\"' /proc/self/mountinfo | grep -q {}"


def bind(kind: str, directory: str, *options: str) -> Ask:
    """At a place of its own: the file system is shared by all asks, and a file cannot be mounted where another's directory was made."""
    place = "/asked" + directory.replace("/", "-")
    change = mount("bind", directory, "rbind", *options, at=place)
    return Ask(f"document.{kind}.{directory}", change, shown(f"[ {DIRECTORIES[directory].format(place)} ]"))


def asks() -> Iterator[Ask]:
    yield from (shared(kind) for kind in ("network", "pid", "ipc", "uts"))
    yield from (joined(kind) for kind in ("network", "pid", "ipc", "uts"))
    yield Ask("document.host-ids", host_ids, shown("grep -q '0 *0 *65536' /proc/self/uid_map"))
    yield from (bind("bind", directory) for directory in DIRECTORIES)
    yield from (bind("bind-read-only", directory, "ro") for directory in ("/", "/etc", "/proc"))
    for path in SOCKETS:
        change = mount("bind", path, "rbind", at="/engine.sock")
        yield Ask(f"document.socket.{path}", change, (PROBE, "--connect", "/engine.sock"))
    yield Ask("document.overlay", mount("overlay", "overlay", "lowerdir=/etc:/usr"), shown("[ -s /x/passwd ]"))
    yield Ask("document.second-proc", mount("proc", "proc"), shown("[ -d /x/sys ]"))
    yield Ask("document.second-sysfs", mount("sysfs", "sysfs"), shown("[ -d /x/kernel ]"))
    yield Ask("document.sysfs-writable", mount("sysfs", "sysfs", at="/sys"), shown(OPTIONS.format("/sys", "' /sys rw'")))
    yield Ask("document.cgroups-writable", mount("cgroup", "cgroup", at="/sys/fs/cgroup"), shown(f"( echo 0 >> {CONTROLLED} ) 2>/dev/null"))
    yield Ask("document.shared", mount("bind", "/opt", "rbind", "rshared"), shown(OPTIONS.format(HERE, "shared:")))
    yield Ask("document.unmasked", unmasked, **attempt("write./proc/sys/kernel/core_pattern"))
    yield Ask("document.unfiltered", unfiltered, **attempt("object.io_uring"))
    yield Ask("document.everything", everything, **attempt("mount.tmpfs"))
    yield Ask("document.device", device, **attempt("device.there.loop-control"))
    yield Ask("document.every-device", every_device, **attempt("device.opened.loop0"))
    yield Ask("document.sysctl", setting, shown('[ "$(cat /proc/sys/kernel/shmmax)" = 4096 ]'))
    yield Ask("document.core-files", core_files, shown('[ "$(ulimit -c)" != 0 ]'))
    yield Ask("document.never-killed", never_killed, shown('[ "$(cat /proc/self/oom_score_adj)" = -500 ]'))
    if V2:  # runc itself refuses these words on v1
        yield Ask("document.unified", unlimited, shown('[ "$(cat /sys/fs/cgroup/pids.max)" = max ]'))


# The asks that plain runc may not grant either, so that they show nothing: on which hosts, and why. Any other has to be armed.
UNARMED: dict[str, tuple[bool, str]] = {
    "document.never-killed": (not documents.holds("CAP_SYS_RESOURCE"), "only with CAP_SYS_RESOURCE can runc lower the score"),
    "document.device": (not LOOP.exists(), "its kernel has no loop devices"),
    "document.every-device": (not LOOP.exists(), "its kernel has no loop devices"),
}


def unarmed(answers: Answers) -> list[str]:
    """What the runtime alone did not grant, and should have."""
    excused = {identifier for identifier, (here, _) in UNARMED.items() if here}
    return [f"{each}: {answer}" for each, answer in answers.items() if not answer.reached and each not in excused]


REFUSED = re.compile(r"^hardened: [a-z-]+: /", re.MULTILINE)


def answer(place: Range, column: Column, ask: Ask) -> Answer:
    """Denied by a refusal that says so, or by what its proof saw; anything else has shown nothing and counts as reached."""
    done = place.run(column, list(ask.words), ask.change, identifier=re.sub("[^a-z-]", "-", ask.id))
    if ask.proof in done.out:
        return Answer(GROUP, "reached")
    said = "NOT" in done.out or '"result":"' in done.out
    refused = REFUSED.search(done.err) if column.hardened else None
    if said or refused:
        return Answer(GROUP, "denied", detail="refused" if refused else "")
    return Answer(GROUP, "failed" if column.hardened else "absent", detail=str(done))


@contextmanager
def listening(paths: tuple[str, ...]):
    """Sockets as engines have them, with nobody behind."""
    held = []
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        held.append(server)
    try:
        yield
    finally:
        for server, path in zip(held, paths, strict=True):
            server.close()
            Path(path).unlink()
