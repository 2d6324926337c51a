# SPDX-License-Identifier: Apache-2.0
"""Files by which a container's root becomes the host's: the runtime's program, the kernel's helpers. Opened for writing, and not written."""
import os
import re
import shutil

from attack.documents import without_namespace
from escape.case import V1, Escape, Section
from escape.place import Place
from lib import command, sandbox
from lib.docker import RUNC
from lib.kernel import CGROUPS, V2


def opened(file: str) -> str:
    return f"(: >> {file}) && echo OPENED"


def powerful(document: dict) -> None:
    for kind in ("bounding", "effective", "permitted"):
        document["process"]["capabilities"][kind] += ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]


def bare(document: dict) -> None:
    """A document that masks nothing and mounts /sys to be written."""
    powerful(document)
    document["linux"] |= {"maskedPaths": [], "readonlyPaths": []}
    for mount in document["mounts"]:
        if mount["destination"].startswith("/sys"):
            mount["options"] = [option for option in mount["options"] if option != "ro"]


def core_pattern(place: Place) -> bool:
    place.edit(bare)
    return "OPENED" in place.run(opened("/proc/sys/kernel/core_pattern"))


def release_agent(place: Place) -> bool:
    """A hierarchy of cgroups mounted anew, in the host's cgroup namespace: its root names a program for the host's root."""
    place.edit(bare)
    place.edit(lambda document: without_namespace(document, "cgroup"))
    script = "mkdir /tmp/c && mount -t cgroup -o pids cgroup /tmp/c && " + opened("/tmp/c/release_agent")
    return "OPENED" in place.run(script)


def new_namespace(place: Place) -> bool:
    """The capability that CVE-2022-0492 needs is one of a new user namespace."""
    return "MADE" in place.run("unshare -U true && echo MADE")


def cgroups_of_a_writable_mount(place: Place) -> bool:
    place.edit(bare)
    place.edit(lambda document: without_namespace(document, "cgroup"))
    return "MADE" in place.run(f"cd /sys/fs/cgroup/{'' if V2 else 'pids'} && mkdir made && rmdir made && echo MADE")


def cgroups_of_the_host_bound(place: Place) -> bool:
    """What a rootless runc fell back to, and forgot to make read-only: a bind of the caller's whole hierarchy."""
    controllers = "" if V2 else "pids"
    made = CGROUPS / controllers / sandbox.cgroup_parent().lstrip("/") / "made"
    place.without_mounts("/sys/fs/cgroup")
    place.bind(CGROUPS, "/sys/fs/cgroup", "rbind", "rw")
    return "MADE" in place.run(f"mkdir {made} && rmdir {made} && echo MADE")


def own_program(place: Place) -> bool:
    """The runtime as the container's first process, held where it opens its log: a pipe that nobody reads."""
    place.edit(lambda document: document["process"].update(args=["/proc/self/exe", "--log", "/tmp/pipe", "list"]))
    for library in re.findall("/[^ ]+", command.run("ldd", RUNC).out):
        target = place.rootfs / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    os.mkfifo(place.rootfs / "tmp/pipe")
    place.start("")
    script = "stat -Lc 'owner %u file %d:%i' /proc/1/exe; " + opened("/proc/1/exe")
    said = place.call("exec", place.name, "sh", "-c", script)
    program = os.stat(RUNC)
    return f"owner 0 file {program.st_dev}:{program.st_ino}\n" in said.out


SECTION = Section(
    "Files by which a container's root becomes the host's (opened for writing, not written)",
    (
        Escape(
            "runtime-file",
            "CVE-2019-5736",
            "the container's first process is `/proc/self/exe`: the runtime's own file on the host's disk, which the container's root owns",
            own_program,
            # runc 1.2 starts from a read-only overlay of itself, which answers before the owner is asked for.
            held="owner 65534 .*\n(.*\n)*.*(Permission denied|Read-only file system)",
            truth="the file belongs to an id that the container does not have: `Permission denied`",
            fixed=("1.2.0",),
        ),
        Escape(
            "release-agent",
            "CVE-2022-0492",
            "a document with CAP_SYS_ADMIN that masks nothing; a cgroup hierarchy is mounted anew, whose `release_agent` the host's root runs",
            release_agent,
            held="permission denied",
            truth="`mount`: not permitted",
            needs=V1,
        ),
        Escape(
            "release-agent-namespace",
            "CVE-2022-0492",
            "a new user namespace, whose root has the capability for that",
            new_namespace,
            held="Operation not permitted",
            truth="`unshare`: not permitted",
        ),
        Escape(
            "cgroups-writable",
            "CVE-2022-0492",
            "`/sys/fs/cgroup` without `ro`: a cgroup is made",
            cgroups_of_a_writable_mount,
            held="Read-only file system",
            truth="mounted read-only",
        ),
        Escape(
            "cgroups-bound",
            "CVE-2023-25809",
            "the host's `/sys/fs/cgroup` bound to be written, as a rootless runc did by itself: a cgroup is made outside of the container's own",
            cgroups_of_the_host_bound,
            "rules.mounts.allowed_sources",
        ),
        Escape(
            "core-pattern",
            "",
            "`core_pattern`, where the document makes nothing read-only",
            core_pattern,
            held="Permission denied",
            truth="the container's root is nobody there: `Permission denied`",
        ),
    ),
)
