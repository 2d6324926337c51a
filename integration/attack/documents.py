# SPDX-License-Identifier: Apache-2.0
"""The documents of the columns: what Docker wrote for `docker run` and for `docker run --privileged`, laid over a bundle of this machine."""
import json
import os
import shutil
import struct
from pathlib import Path

from lib import sandbox
from lib.bundle import Bundle

CORPUS = sandbox.SOURCE / "tests/corpus/config"
PROBE = "/usr/bin/hardened-probe"
# As tests/probe/places.hpp names them.
RAISED, CAPABLE, BIND = "/usr/bin/raised", "/usr/bin/capable", "/bind"
PRESENT = ("present.written", "present.mapped")
ORDINARY_USER = 1000


def lay_out(rootfs: Path, probe: Path) -> None:
    """The probe; a set-user-ID copy and one with a capability of the file, as images have them."""
    for place in (PROBE, RAISED, CAPABLE):
        shutil.copy(probe, rootfs / place.lstrip("/"))
    (rootfs / RAISED.lstrip("/")).chmod(0o4755)
    # struct vfs_cap_data, revision 2, effective: CAP_NET_RAW (13)
    data = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
    os.setxattr(rootfs / CAPABLE.lstrip("/"), "security.capability", data)
    (rootfs / "lib").mkdir(exist_ok=True)
    (rootfs / BIND.lstrip("/")).mkdir()


def volume(directory: Path) -> Path:
    """A directory of the host, with programs of root's that raise whoever runs them."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    directory.chmod(0o777)
    for name in PRESENT:
        (directory / name).write_bytes(bytes(4096))
        (directory / name).chmod(0o4755)
    return directory


def held() -> int:
    """The capabilities that this machine's root has: a container of a container has fewer, and runc wants no more."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("CapBnd")), 16)


def order() -> list[str]:
    """The capabilities' names in the order of their numbers: Docker lists all of them so."""
    return json.loads((CORPUS / "docker28-privileged.json").read_text())["process"]["capabilities"]["bounding"]


def holds(name: str) -> bool:
    return bool(held() >> order().index(name) & 1)


def privileged_process(words: list[str], user: int = 0) -> dict:
    """What an engine hands over for `exec --privileged`."""
    process = {"cwd": "/", "args": words, "user": {"uid": user, "gid": user}, "env": ["PATH=/bin"], "noNewPrivileges": False}
    return process | {"capabilities": {kind: order() for kind in ("bounding", "effective", "permitted", "inheritable")}}


def within(document: dict) -> None:
    """No capability that this machine's root lacks itself."""
    for kind, names in document["process"]["capabilities"].items():
        document["process"]["capabilities"][kind] = [name for name in names if holds(name)]


def docker(bundle: Bundle, name: str, share: Path, words: list[str]) -> dict:
    """Docker's own document, without what only Docker's host has: its files, its profile of AppArmor."""
    document = json.loads((CORPUS / f"{name}.json").read_text())
    # Not as the bundle has it: the wrapper rewrote that for the container before.
    document["root"] = {"path": "rootfs"}
    document["linux"]["cgroupsPath"] = bundle.document()["linux"]["cgroupsPath"]
    document["process"].pop("apparmorProfile", None)
    document["process"]["args"] = words
    document["mounts"] = [mount for mount in document["mounts"] if mount["type"] != "bind"]
    document["mounts"].append({"destination": BIND, "type": "bind", "source": str(share), "options": ["rbind", "rprivate"]})
    within(document)
    return document


def without_namespace(document: dict, kind: str) -> None:
    own = document["linux"]["namespaces"]
    own[:] = [each for each in own if each["type"] != kind]
