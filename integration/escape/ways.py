# SPDX-License-Identifier: Apache-2.0
"""The engine's socket and the host's namespaces by other names."""
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from attack import documents
from escape.case import Escape, Section
from escape.place import SECRET, Place
from lib import sandbox, slowness

HERE = "/engine"
NETWORK = "rules.host-namespaces.network"
# A process that is called like an engine.
LISTENER = """
import ctypes, socket, sys, time
ctypes.CDLL(None).prctl(15, b"dockerd", 0, 0, 0)
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
time.sleep(100)
"""
ENGINE = Path("/run/docker.sock")


def elsewhere() -> Path:
    """An engine that was told to listen in another place."""
    return sandbox.base() / "engine/docker.sock"


def connects(place: Place, below: str = "") -> bool:
    shutil.copy(sandbox.binary().parent / "hardened-probe", place.rootfs / "bin")
    return "REACHED" in place.run(f"hardened-probe --connect {HERE}{below}")


def bound(find: Callable[[Place], tuple[Path, str]], *options: str) -> Callable[[Place], bool]:
    """`find`: what is bound, and where in it the socket is."""

    def attempt(place: Place) -> bool:
        source, below = find(place)
        place.bind(source, HERE, "rbind", *options)
        return connects(place, below)

    return attempt


def hard_link(place: Place) -> tuple[Path, str]:
    name = place.volume() / "harmless"
    os.link(elsewhere(), name)
    return name, ""


def hard_link_below(place: Place) -> tuple[Path, str]:
    os.link(elsewhere(), place.volume() / "harmless")
    return place.directory / "volume", "/harmless"


def symbolic_link(place: Place) -> tuple[Path, str]:
    name = place.volume() / "harmless"
    name.symlink_to(ENGINE)
    return name, ""


def mounted_below(place: Place) -> tuple[Path, str]:
    """A recursive bind takes the mounts below along."""
    directory = place.volume() / "below"
    directory.mkdir()
    place.mount("--bind", "/run", str(directory))
    return place.directory / "volume", "/below/docker.sock"


def bound_to_a_file(place: Place) -> tuple[Path, str]:
    file = place.volume() / "harmless"
    file.touch()
    place.mount("--bind", str(ENGINE), str(file))
    return file, ""


def of_another_network_namespace(place: Place) -> tuple[Path, str]:
    """Where a rootless engine listens: /proc/net/unix of the host does not show it."""
    path = place.volume() / "docker.sock"
    place.background("unshare", "--net", sys.executable, "-c", LISTENER, str(path))
    for _ in slowness.moments(10):
        if path.exists():
            break
    return path.parent, "/docker.sock"


def of_a_kind_that_is_no_bind(place: Place) -> bool:
    """An option makes it a bind all the same."""
    place.bind(ENGINE.parent, HERE, "rbind", kind="tmpfs")
    return connects(place, "/docker.sock")


def abstract(place: Place) -> bool:
    """Whoever has the host's network has its abstract sockets."""
    name = f"escape-{place.name}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        place.edit(lambda document: documents.without_namespace(document, "network"))
        return name in place.run("cat /proc/net/unix")


def namespace(kind: str, way: Callable[[Place, str], str]) -> Callable[[Place], bool]:
    name = {"network": "net"}.get(kind, kind)

    def attempt(place: Place) -> bool:
        path = way(place, f"/proc/1/ns/{name}")

        def change(document: dict) -> None:
            document.pop("hostname", None)
            next(each for each in document["linux"]["namespaces"] if each["type"] == kind)["path"] = path

        place.edit(change)
        return os.readlink(f"/proc/1/ns/{name}") in place.run(f"readlink /proc/self/ns/{name}")

    return attempt


def itself(_: Place, path: str) -> str:
    return path


def by_link(place: Place, path: str) -> str:
    (place.volume() / "ns").symlink_to(path)
    return str(place.directory / "volume/ns")


def by_bind(place: Place, path: str) -> str:
    file = place.volume() / "ns"
    file.touch()
    place.mount("--bind", path, str(file))
    return str(file)


def by_task(_: Place, path: str) -> str:
    return path.replace("/proc/1/", f"/proc/{os.getpid()}/task/{os.getpid()}/")


def handed_over(place: Place) -> bool:
    def change(document: dict) -> None:
        document.pop("hostname", None)
        next(each for each in document["linux"]["namespaces"] if each["type"] == "network")["path"] = "/proc/self/fd/3"

    place.edit(change)
    host = Path("/proc/1/ns/net")
    return os.readlink(host) in place.run("readlink /proc/self/ns/net", "--preserve-fds", "1", opened=host)


def root_of_another_process(place: Place) -> bool:
    place.edit(lambda document: documents.without_namespace(document, "pid"))
    for kind in ("bounding", "effective", "permitted"):
        place.edit(lambda document, kind=kind: document["process"]["capabilities"][kind].append("CAP_SYS_PTRACE"))
    return SECRET in place.run(f"cat /proc/1/root{place.secret}")


SETTING = "rules.mounts.allowed_sources"
SETTING = "rules.mounts.allowed_sources"
SOCKETS = Section(
    "The engine's socket by another path",
    (
        Escape("socket", "", "itself", bound(lambda _: (ENGINE, "")), SETTING),
        Escape("socket-read-only", "", "itself, read-only", bound(lambda _: (ENGINE, ""), "ro"), SETTING),
        Escape("socket-elsewhere", "", "of an engine that listens in a directory of its own", bound(lambda _: (elsewhere(), "")), SETTING),
        Escape("socket-directory", "", "its directory", bound(lambda _: (ENGINE.parent, "/docker.sock")), SETTING),
        Escape(
            "socket-directory-elsewhere",
            "",
            "its directory, of an engine that listens elsewhere",
            bound(lambda _: (elsewhere().parent, "/docker.sock")),
            SETTING,
        ),
        Escape("socket-link", "", "a symbolic link", bound(symbolic_link), SETTING),
        Escape("socket-hard-link", "", "a hard link of another name", bound(hard_link), SETTING),
        Escape("socket-bound-to-a-file", "", "a file of another name that it is mounted on", bound(bound_to_a_file), SETTING),
        Escape("socket-mounted-below", "", "a directory in which another has `/run` mounted on it, by `rbind`", bound(mounted_below), SETTING),
        Escape(
            "socket-through-proc",
            "",
            "`/proc/self/root/run/docker.sock`",
            bound(lambda _: (Path("/proc/self/root/run/docker.sock"), "")),
            SETTING,
        ),
        Escape(
            "socket-directory-by-type",
            "",
            "its directory, as a mount of the type `tmpfs` with the option `rbind`",
            of_a_kind_that_is_no_bind,
            SETTING,
        ),
        Escape(
            "socket-of-another-netns",
            "",
            "its directory, of an engine in a network namespace of its own, as a rootless one is",
            bound(of_another_network_namespace),
            SETTING,
            passes="`/proc/net/unix` shows the sockets of one network namespace; below `/run`, where engines listen, it is refused",
        ),
        Escape(
            "socket-hard-link-below",
            "",
            "a directory with a hard link of it",
            bound(hard_link_below),
            SETTING,
            passes="a bind is not searched file by file. Root and the socket's owner alone can make such a link, and none leads out of `/run`",
        ),
        Escape(
            "socket-abstract",
            "CVE-2020-15257",
            "an abstract socket, by the host's network namespace",
            abstract,
            "rules.host-namespaces.network",
        ),
    ),
)
NAMESPACES = Section(
    "Namespaces of the host",
    (
        *(
            Escape(
                f"{kind}-namespace",
                "",
                f"the {kind} namespace by `/proc/1/ns/`",
                namespace(kind, itself),
                f"rules.host-namespaces.{kind}",
            )
            for kind in ("network", "ipc", "uts", "pid")
        ),
        Escape("network-namespace-link", "", "by a link to it", namespace("network", by_link), NETWORK),
        Escape("network-namespace-bind", "", "by a file that it is mounted on", namespace("network", by_bind), NETWORK),
        Escape("network-namespace-thread", "", "by `/proc/PID/task/TID/ns/net` of another process", namespace("network", by_task), NETWORK),
        Escape(
            "network-namespace-handed-over",
            "",
            "by a descriptor that `--preserve-fds` hands on",
            handed_over,
            NETWORK,
        ),
        Escape(
            "root-of-a-process",
            "",
            "no pid namespace, and then the host's files by `/proc/1/root`",
            root_of_another_process,
            "rules.host-namespaces.pid",
        ),
    ),
)
