# SPDX-License-Identifier: Apache-2.0
"""Races: another container swaps a directory and a link in a volume that both have, for as long as containers start."""
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from escape import links
from escape.case import OF_2025, Escape, Section
from escape.place import SECRET, Place
from lib import command, slowness

# The same for the runtime alone, which is beaten by one of them, and for the wrapper, which has to stand all.
STARTS = 60 if slowness.FACTOR == 1 else 20
# Of these under the wrapper so many run: where all are refused, nothing raced with what comes after the look.
RAN = STARTS // 10
# Seconds for which a name is one thing, at most, and then the other. The wrapper looks longer than the runtime does and would refuse
# nearly all starts: one time in so many it is left for longer what it was, whoever starts.
PAUSES, ONE_IN, LONGER = (0.003, 0.003), 16, 0.15
# Between the look at the first of these and the making of the last lies the runtime's moment.
DEEP = "/d" * 200
DENIED = Path("/etc/of-the-host")
TOLD = r"\d+ starts: "
REFUSED = re.compile(r"hardened: [^\n]*/mounts/[^\n]*\n")
SWAPPER = """
import ctypes, os, random, sys, time
AT_FDCWD, RENAME_EXCHANGE = -100, 2
libc = ctypes.CDLL(None)
one, other = (os.fsencode(word) for word in sys.argv[1:3])
first, second, one_in, longer = map(float, sys.argv[3:])
while True:
    for longest in (longer if random.random() < 1 / one_in else first, second):
        time.sleep(random.uniform(0, longest))
        libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)
"""


@contextmanager
def swapping(place: Place, name: Path, target: Path | str) -> Iterator[None]:
    """`name` is what it was and a link to `target` in turn."""
    other = name.with_name("other")
    other.symlink_to(target)
    process = place.background(sys.executable, "-c", SWAPPER, str(name), str(other), *map(str, (*PAUSES, ONE_IN, LONGER)))
    seen: set[bool] = set()
    while len(seen) < 2:
        seen.add(name.is_symlink())
    yield
    if process.poll() is not None:
        raise AssertionError("nobody swapped")


def race(place: Place, name: Path, target: Path | str, start: Callable[[], bool], counted: bool = True) -> bool:
    """Whether one of so many starts came to the host. `counted`: what the wrapper makes of a start is a matter of the moment."""
    ended, reached = [], False
    with swapping(place, name, target):
        while not reached and len(ended) < STARTS:
            reached = start()
            ended.append(place.said[-1])
    if counted:
        tell(place, ended)
    return reached


def tell(place: Place, ended: list[command.Result]) -> None:
    """Under the wrapper a start is whole, or refused by a line of the wrapper's own."""
    refused = [each for each in ended if each.code]
    ran = len(ended) - len(refused)
    place.note(f"{len(ended)} starts: {ran} ran, {len(refused)} were refused")
    if place.plain:
        return
    astray = [str(each) for each in refused if not REFUSED.fullmatch(each.err)]
    if astray:
        raise AssertionError(astray[0])
    if ran < RAN:
        raise AssertionError(f"{ran} of {len(ended)} starts ran: hardly anything raced")


def mount_point(place: Place) -> bool:
    """runc resolves the way to a mount point and then makes it by name: on the host, where the link leads by then."""
    volume = place.volume()
    (volume / "dir").mkdir()
    place.bind(volume, "/data")
    place.bind("tmpfs", "/data/dir/made" + DEEP, "nosuid", kind="tmpfs")

    def start() -> bool:
        place.run("touch /data/dir/made/inside 2>/dev/null || true")
        return (place.host / "made").exists()

    return race(place, volume / "dir", place.host, start)


def source(place: Place) -> bool:
    """Looked at, and then mounted by name: another object by then. What is denied lies in /etc."""
    volume = place.volume()
    (volume / "dir").mkdir()
    (volume / "dir/secret").write_text("of the volume\n")
    DENIED.mkdir(exist_ok=True)
    (DENIED / "secret").write_text(SECRET + "\n")
    place.bind(volume / "dir", "/data")

    def start() -> bool:
        if place.plain:  # what a wrapper would do that hands over names
            while (volume / "dir").is_symlink():
                pass
        return SECRET in place.run("cat /data/secret")

    return race(place, volume / "dir", DENIED, start)


def null_source(place: Place) -> bool:
    """A bind on /dev/null of its own node, which rootless engines make: by name it is whatever the link leads to by then."""
    volume = place.volume()
    os.mknod(volume / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    place.bind(volume / "null", "/dev/null")

    def start() -> bool:
        place.run("[ -c /dev/null ] || echo ESCAPED > /tmp/seen")
        return "ESCAPED" in links.seen(place)

    return race(place, volume / "null", links.HARMLESS, start)


def file_of_proc(place: Place) -> bool:
    """A bind inside a volume, and on the way to it a directory and a link to /proc: it lands over a file of /proc."""
    volume = place.volume()
    (volume / "dir").mkdir()
    (volume / "dir/uptime").touch()
    (volume / "file").write_text("REPLACED\n")
    place.bind(volume, "/data")
    place.bind(volume / "file", "/data/dir/uptime")
    return race(place, volume / "dir", "/proc", lambda: "REPLACED" in place.run("cat /proc/uptime"))


def null_of_a_volume(place: Place) -> bool:
    """What masks a file of /proc is the container's /dev/null: here a node and a link in turn."""
    volume = place.volume()
    os.mknod(volume / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    place.without_mounts(*links.MADE_BY_RUNC)
    place.bind(volume, "/dev")
    return race(place, volume / "null", links.HARMLESS, lambda: links.masked_by_a_setting(place), counted=False)


def console_of_a_volume(place: Place) -> bool:
    """The runtime mounts a terminal on /dev/console: a file and a link in turn."""
    volume = links.volume_with_terminals(place)
    (volume / "console").touch()
    return race(place, volume / "console", links.HARMLESS, lambda: links.terminal_on_a_setting(place), counted=False)


SECTION = Section(
    "Races: a process swaps a directory and a link in a shared volume while containers start",
    (
        Escape(
            "race-of-a-mount-point",
            "CVE-2021-30465, CVE-2024-45310",
            "the directory in which a mount point is made, and a link to the host's: the runtime makes it there",
            mount_point,
            held=TOLD,
            truth="made without following a link, or refused; never on the host",
            fixed=("1.1.14", "1.2.0-rc.3"),
            race=True,
        ),
        Escape(
            "race-of-a-source",
            "",
            "the source of a bind, and a link to `/etc`: looked at, then mounted by name",
            source,
            held=TOLD,
            truth="the object that was looked at, or refused",
            race=True,
        ),
        Escape(
            "race-of-null",
            "CVE-2025-31133",
            "the source of a bind on `/dev/null`: its node, and a link to a kernel setting",
            null_source,
            held=TOLD,
            truth="the node that was looked at, or refused",
            race=True,
        ),
        Escape(
            "race-of-a-masked-path",
            "CVE-2025-31133",
            "`null` of a volume at `/dev`, which masks `/proc/keys`: the node, and such a link",
            null_of_a_volume,
            "rules.device-directory",
            fixed=OF_2025,
            race=True,
        ),
        Escape(
            "race-of-the-console",
            "CVE-2025-52565",
            "`console` of a volume at `/dev`: a file, and such a link",
            console_of_a_volume,
            "rules.device-directory",
            fixed=OF_2025,
            race=True,
        ),
        Escape(
            "race-of-a-file-of-proc",
            "CVE-2025-52881, CVE-2021-30465",
            "a directory of a volume in which a file is bound, and a link to `/proc`: over `/proc/uptime`",
            file_of_proc,
            held=TOLD,
            truth="in the volume, or refused; never over `/proc`",
            race=True,
        ),
    ),
)
