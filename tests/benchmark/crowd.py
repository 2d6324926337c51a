# SPDX-License-Identifier: Apache-2.0
"""Other containers of the host: what the wrapper and the runtime keep of them, and their processes."""
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lib import sandbox, slowness
from lib.image import BUSYBOX

from benchmark.paired import Command, Runner
from benchmark.place import STATE, Bundle, Place, identifier

BLOCK = 65536
# A pool has 4,094 ranges; beyond these a container stands for one without a user namespace of its own.
MOST_LEASES = 4000


def hash_of(text: str) -> int:
    """As id_lease.cpp: from where on a container looks for ids."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def pool() -> tuple[int, int]:
    """The first block and their number, of the profile `standard`."""
    profile = json.loads((sandbox.SOURCE / "defaults/profiles/standard.json").read_text())
    settings = profile["rules"]["user-namespace"]["pool"]
    first = -(-settings["first_id"] // BLOCK)
    return first, (settings["first_id"] + settings["size"]) // BLOCK - first


class Crowd:
    """`count` living containers below a root directory of their own; their state takes the place of the host's for a create."""

    def __init__(self, place: Place, runner: Runner, bundles: list[Bundle], count: int):
        self.place = place
        self.root = place.base / f"crowd-{count}"
        self.state = STATE.with_name(f"crowd-{count}")
        self.aside = STATE.with_name("aside")
        # The wrapper makes the first one, which the others are copies of.
        runner.once(Command(lambda: self.create_line(bundles[0])))
        self.records = next((STATE / "records").glob("*crowd*"))
        record, start = (next(self.records.glob(f"*.{kind}")).read_text() for kind in ("json", "start"))
        holder = json.loads(next((STATE / "ids").glob("*.json")).read_text())[0]
        place.clear()
        shutil.copytree(STATE, self.state)
        shutil.rmtree(self.records)
        self.fill([identifier(f"other {number}") for number in range(count)], record, start, holder)
        self.leases = set(os.listdir(self.state / "ids"))

    def fill(self, names: list[str], record: str, start: str, holder: dict) -> None:
        """The runtime has a directory of each, by which it lives."""
        records = self.state / self.records.relative_to(STATE)
        first, count = pool()
        taken = set()
        for number, name in enumerate(names):
            (self.root / name).mkdir(parents=True)
            write(records / f"{name}.json", record)
            write(records / f"{name}.start", start)
            if number < MOST_LEASES:
                at = hash_of(f"{self.root}/{name}")
                block = next(b for b in (first + (at + step) % count for step in range(count)) if b not in taken)
                taken.add(block)
                write(self.state / "ids" / f"{block}.json", json.dumps([holder | {"root": str(self.root), "id": name}]))

    def create_line(self, bundle: Bundle) -> list[str]:
        bundle.lay_out()
        words = self.place.words("create", "--bundle", bundle.directory, bundle.directory.name, root=self.root)
        return [self.place.wrapper, *words]

    def enter(self) -> None:
        STATE.rename(self.aside)
        self.state.rename(STATE)

    def leave(self, bundles: list[Bundle]) -> None:
        """What the container just created left; the crowd stays."""
        for lease in set(os.listdir(STATE / "ids")) - self.leases:
            (STATE / "ids" / lease).unlink()
        for bundle, kind in itertools.product(bundles, ("json", "start")):
            (self.records / f"{bundle.directory.name}.{kind}").unlink(missing_ok=True)
        self.place.storage.clear()
        STATE.rename(self.state)
        self.aside.rename(STATE)

    def create(self, bundles: list[Bundle]) -> Command:
        """A different container each time: where one looks for ids depends on its name."""
        turns = itertools.cycle(bundles)

        def line() -> list[str]:
            self.enter()
            return self.create_line(next(turns))

        return Command(line, lambda: self.leave(bundles))


def write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


@contextlib.contextmanager
def processes(count: int) -> Iterator[None]:
    """So many, each in a user namespace of its own, as one process of each of so many containers."""
    script = f"i=0; while [ $i -lt {count} ]; do {BUSYBOX} unshare -r {BUSYBOX} sleep 1000 & i=$((i+1)); done; wait"
    before = running()
    shell = subprocess.Popen([BUSYBOX, "sh", "-c", script], start_new_session=True)
    try:
        for _ in slowness.moments(60):
            if running() >= before + count + 1:
                break
        yield
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
        for _ in slowness.moments(60):
            if running() <= before:
                break


def running() -> int:
    return sum(name.isdigit() for name in os.listdir("/proc"))
