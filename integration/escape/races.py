# SPDX-License-Identifier: Apache-2.0
"""Races: another container swaps a directory and a link in a volume that both have, for as long as containers start."""
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from escape.case import Escape, Section
from escape.place import SECRET, Place
from lib import command, slowness

STARTS = 60
EVENLY = (0.003, 0.003)
MOSTLY_A_DIRECTORY = (0.003, 0.0003)
# Between the look at the first of these and the making of the last lies the runtime's moment.
DEEP = "/d" * 200
DENIED = Path("/etc/of-the-host")
RAN = r"\b[1-9]\d* starts: "
REFUSED = re.compile(r"hardened: [^\n]*/mounts/[^\n]*\n")
SWAPPER = """
import ctypes, os, random, sys, time
AT_FDCWD, RENAME_EXCHANGE = -100, 2
libc = ctypes.CDLL(None)
one, other = (os.fsencode(word) for word in sys.argv[1:3])
while True:
    for longest in map(float, sys.argv[3:]):
        if longest:
            time.sleep(random.uniform(0, longest))
        libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)
"""


@contextmanager
def swapping(place: Place, name: Path, target: Path, directory: float, link: float) -> Iterator[None]:
    """`name` is a directory and a link to `target` in turn, each for up to so many seconds."""
    other = name.with_name("other")
    other.symlink_to(target)
    process = place.background(sys.executable, "-c", SWAPPER, str(name), str(other), str(directory), str(link))
    seen: set[bool] = set()
    while len(seen) < 2:
        seen.add(name.is_symlink())
    yield
    if process.poll() is not None:
        raise AssertionError("nobody swapped")


def starts(limit: float) -> Iterator[int]:
    """Enough of them, or as many as `limit` seconds allow."""
    end = time.monotonic() + slowness.seconds(limit)
    for number in range(STARTS):
        if time.monotonic() > end:
            return
        yield number


def tell(place: Place, ended: list[command.Result]) -> None:
    """Under the wrapper a start is whole, or refused by a line of the wrapper's own."""
    refused = [each for each in ended if each.code]
    place.note(f"{len(ended)} starts: {len(ended) - len(refused)} ran, {len(refused)} were refused")
    astray = [str(each) for each in refused if not REFUSED.fullmatch(each.err)]
    if astray and not place.plain:
        raise AssertionError(astray[0])


def mount_point(place: Place) -> bool:
    """runc resolves the way to a mount point and then makes it by name: on the host, where the link leads by then."""
    volume = place.volume()
    (volume / "dir").mkdir()
    place.bind(volume, "/data")
    place.bind("tmpfs", "/data/dir/made" + DEEP, "nosuid", kind="tmpfs")
    # The wrapper looks longer than the runtime does, and would refuse nearly all; some starts are to go on.
    pauses = EVENLY if place.plain else MOSTLY_A_DIRECTORY
    ended = []
    with swapping(place, volume / "dir", place.host, *pauses):
        for _ in starts(20 if place.plain else 6):
            place.run("touch /data/dir/made/inside 2>/dev/null || true")
            ended.append(place.said[-1])
            if (place.host / "made").exists():
                break
    tell(place, ended)
    return (place.host / "made").exists()


def source(place: Place) -> bool:
    """Looked at, and then mounted by name: another object by then. What is denied lies in /etc."""
    volume = place.volume()
    (volume / "dir").mkdir()
    (volume / "dir/secret").write_text("of the volume\n")
    DENIED.mkdir(exist_ok=True)
    (DENIED / "secret").write_text(SECRET + "\n")
    place.bind(volume / "dir", "/data")
    ended, reached = [], False
    with swapping(place, volume / "dir", DENIED, *EVENLY):
        for _ in starts(20 if place.plain else 6):
            if place.plain:  # what a wrapper would do that hands over names
                while (volume / "dir").is_symlink():
                    pass
            reached = SECRET in place.run("cat /data/secret")
            ended.append(place.said[-1])
            if reached:
                break
    tell(place, ended)
    return reached


SECTION = Section(
    "Races: a process swaps a directory and a link in a shared volume while containers start",
    (
        Escape(
            "race-of-a-mount-point",
            "CVE-2021-30465, CVE-2024-45310",
            "the directory in which a mount point is made, and a link to the host's: the runtime makes it there",
            mount_point,
            held=RAN,
            truth="made without following a link, or refused; never on the host",
            fixed="1.1.14",
        ),
        Escape(
            "race-of-a-source",
            "",
            "the source of a bind, and a link to `/etc`: looked at, then mounted by name",
            source,
            held=RAN,
            truth="the object that was looked at, or refused",
        ),
    ),
)
