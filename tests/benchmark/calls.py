# SPDX-License-Identifier: Apache-2.0
"""Whole calls of the wrapper beside a trampoline, runc and crun: what is passed on, create, exec, run, memory."""
import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lib import sandbox
from lib.bundle import ENVIRONMENT
from lib.docker import RUNC

from benchmark import figure, paired
from benchmark.line import Line
from benchmark.paired import Runner, always
from benchmark.place import Place, identifier, processes_of
from benchmark.programs import CRUN

PASSED_ON = "passed on untouched"
ADDED = "added before execve"
BESIDE = "a whole `run` of busybox' `true`, Docker's document"
MEMORY = "memory, and what stays"
TURNS = 40
UNIFIED = "/sys/fs/cgroup/unified"
KEPT, MISSING = identifier("kept"), identifier("missing")


# Errors among them (what is not there, what runs already): they go the same way through every program.
PASSED_ON_CALLS = ((["state", KEPT], 0), (["kill", KEPT, "0"], 0), (["start", KEPT], 1), (["delete", MISSING], 1), (["features"], 0))


def passed_on(place: Place, runner: Runner) -> Iterator[Line]:
    place.start("kept")
    runtime = place.become("runc")
    programs = {"trampoline": place.trampoline, "wrapper": place.wrapper, "runc": runtime}
    for words, code in PASSED_ON_CALLS:
        line = place.words(*words)
        taken = runner.in_turns(TURNS, {name: always(program, *line, code=code) for name, program in programs.items()})
        times = {name: paired.whole(samples) for name, samples in taken.items()}
        what = f"`{words[0]}`, to runc's end: hardened / trampoline"
        yield Line(PASSED_ON, what, figure.ratio(times["wrapper"], times["trampoline"]), "x", 1.10)
        yield Line(PASSED_ON, f"`{words[0]}`: trampoline / runc itself", figure.ratio(times["trampoline"], times["runc"]), "x")
    yield from passed_on_alone(place, runner)
    place.delete("kept")
    place.clear()


def passed_on_alone(place: Place, runner: Runner) -> Iterator[Line]:
    runtime = place.become("arrival")
    line = place.words("state", KEPT)
    programs = {"none": runtime, "trampoline": place.trampoline, "wrapper": place.wrapper}
    taken = runner.in_turns(4 * TURNS, {name: always(program, *line) for name, program in programs.items()})
    times = {name: paired.before(samples) for name, samples in taken.items()}
    yield Line(PASSED_ON, "`state`, added until execve: trampoline", figure.difference(times["trampoline"], times["none"]), "ms")
    yield Line(PASSED_ON, "`state`, added until execve: hardened", figure.difference(times["wrapper"], times["none"]), "ms")


def instructions(place: Place, count: Path) -> Iterator[Line]:
    """All that is passed on goes the same way, so three of them do."""
    place.become("arrival")
    for words in (["state", KEPT], ["delete", MISSING], ["features"]):
        own, limit = (counted(count, program, *place.words(*words)) for program in (place.wrapper, place.trampoline))
        what = f"`{words[0]}`, instructions until execve: hardened {own:,} / trampoline {limit:,}"
        yield Line(PASSED_ON, what, figure.exact(own / limit), "x", 3)


def counted(count: Path, *words: str) -> int:
    """With its children's."""
    done = subprocess.run([count, *words], check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return sum(int(number) for number in done.stdout.split())


def added(
    place: Place, runner: Runner, kind: str, wrapper: paired.Command, direct: paired.Command, then_runc: paired.Command
) -> Iterator[Line]:
    """The wrapper until its execve, less what it takes to start a program at all; then as a share of what runc does after it."""
    place.become("arrival")
    taken = runner.in_turns(TURNS, {"wrapper": wrapper, "direct": direct})
    before = {name: paired.before(samples) for name, samples in taken.items()}
    more = figure.difference(before["wrapper"], before["direct"])
    yield Line(ADDED, kind, more, "ms", 3)
    place.become("arrival_then_runc")
    samples = runner.in_turns(TURNS // 2, {"whole": then_runc})["whole"]
    runc = figure.difference(paired.whole(samples), paired.before(samples)).middle
    share = figure.Figure(*(100 * each / runc for each in (more.middle, more.low, more.high)))
    yield Line(ADDED, f"{kind}: of the {runc:.1f} ms that runc takes then", share, "%", 10)
    peak = max(sample.peak for sample in taken["wrapper"]) / 1024
    yield Line(MEMORY, f"{kind}: peak of the wrapper", figure.exact(peak), "MiB", 8)


def create(place: Place, runner: Runner) -> Iterator[Line]:
    bundle = place.bundle("created", 10)
    direct = place.create(str(place.runtimes["arrival"]), bundle)
    wrapper, then_runc = place.create(place.wrapper, bundle), place.create(place.wrapper, bundle, "run")
    yield from added(place, runner, "`create`, an image of ten layers", wrapper, direct, then_runc)
    yield reclaiming(place, runner, direct)


def reclaiming(place: Place, runner: Runner, direct: paired.Command) -> Line:
    """Two names by turns, and nothing cleared: each finds what the other left, as on a host where one container follows another."""
    place.become("arrival")
    turns = itertools.cycle([place.create(place.wrapper, place.bundle(f"reclaiming {number}", 10)) for number in range(2)])
    commands = {"wrapper": paired.Command(lambda: next(turns).line()), "direct": paired.Command(direct.line)}
    before = {name: paired.before(samples) for name, samples in runner.in_turns(TURNS, commands).items()}
    place.clear()
    return Line(ADDED, "`create`, the container before it reclaimed too", figure.difference(before["wrapper"], before["direct"]), "ms")


def exec_(place: Place, runner: Runner) -> Iterator[Line]:
    process = place.start("entered")
    words = place.words("exec", "--process", process, identifier("entered"))
    arrival = str(place.runtimes["arrival"])
    yield from added(place, runner, "`exec`", always(place.wrapper, *words), always(arrival, *words), always(place.wrapper, *words))
    stay = len(processes_of(place.wrapper))
    yield Line(MEMORY, "processes of the wrapper beside a running container", figure.exact(stay), "processes", 0)
    place.become("runc")
    place.delete("entered")
    place.clear()


@contextlib.contextmanager
def one_hierarchy() -> Iterator[None]:
    """crun takes no cgroup v2 with controllers beside v1; all of them run without it, then."""
    hybrid = os.path.ismount(UNIFIED)
    if hybrid:
        sandbox.mount("-t", "tmpfs", "hidden", UNIFIED)
    try:
        yield
    finally:
        if hybrid:
            subprocess.run(["umount", UNIFIED], check=True)


def beside(place: Place, runner: Runner) -> Iterator[Line]:
    place.become("runc")
    programs = {"runc": RUNC, "trampoline": place.trampoline, "hardened": place.wrapper, "crun": CRUN}
    commands = {}
    for name, program in programs.items():
        # Debian 12's crun reads no later version; the document has nothing of one.
        bundle = place.bundle(f"beside {name}", 10, lambda config: config.update(ociVersion="1.0.2"))
        commands[name] = place.create(program, bundle, "run")
    with one_hierarchy():
        taken = runner.in_turns(TURNS, commands)
    times = {name: paired.whole(samples) for name, samples in taken.items()}
    plain = figure.median(times["runc"]).middle
    for name in ("trampoline", "hardened", "crun"):
        yield Line(BESIDE, f"{name} / runc ({plain:.0f} ms)", figure.ratio(times[name], times["runc"]), "x")
