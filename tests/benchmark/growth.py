# SPDX-License-Identifier: Apache-2.0
"""Time until execve against the size of the document, the mounts, the layers, and the other containers of the host."""
import statistics
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmark import figure, paired
from benchmark.crowd import Crowd, processes
from benchmark.line import Line
from benchmark.paired import Command, Runner
from benchmark.place import Place
from benchmark.programs import STRACE

GROUP = "growth of `create`"
STRAIGHT = 1.15  # of a straight line through the smallest and the middle size; a square would be at 2
TURNS = 7
LAYERS = (1, 10, 50, 100)
MOUNTS = (0, 50, 100, 200)
DOCUMENT = (10, 256, 512, 1024, 2560, 5120, 10240)  # KiB
TOO_LONG = 3000  # milliseconds: what takes longer once is left out of the turns, and said
RECORDS = (1, 1000, 2500, 5000)
PROCESSES = (0, 250, 500, 1000)
ENTRY = 100  # bytes of what a document is filled with


@dataclass
class Series:
    """One plot: the median by size for each curve."""

    name: str
    title: str
    label: str
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Growth:
    """Samples by size, each turn's of all sizes."""

    times: dict[int, list[float]]
    too_long: tuple[int, float] | None = None  # the first size that was left out, and what it took

    def curve(self) -> list[tuple[float, float]]:
        return [(size, figure.median(samples).middle) for size, samples in self.times.items()]

    def against_a_straight_line(self) -> figure.Figure:
        """The largest, of where a line through the smallest and the one nearest to the middle would lead."""
        least, most = min(self.times), max(self.times)
        middle = min((size for size in self.times if size not in (least, most)), key=lambda size: abs(size - (least + most) / 2))
        steps = (most - least) / (middle - least)
        turns = zip(self.times[least], self.times[middle], self.times[most], strict=True)
        return figure.median([last / (first + (between - first) * steps) for first, between, last in turns])

    def line(self, what: str) -> Line:
        least, most = min(self.times), max(self.times)
        first, last = (figure.median(self.times[size]).middle for size in (least, most))
        text = f"{what} ({least:,}: {first:.1f} ms, {most:,}: {last:.1f} ms), of a straight line"
        if self.too_long:
            text += f"; {self.too_long[0]:,} takes {self.too_long[1] / 1000:.1f} s, and is the last that was tried"
        return Line(GROUP, text, self.against_a_straight_line(), "x", STRAIGHT)


def grow(runner: Runner, commands: dict[int, Command]) -> Growth:
    kept: dict[str, Command] = {}
    too_long = None
    for size, command in commands.items():
        took = runner.once(command).whole
        if took > TOO_LONG:
            too_long = size, took
            break
        kept[str(size)] = command
    taken = runner.in_turns(TURNS, kept)
    return Growth({int(size): paired.before(samples) for size, samples in taken.items()}, too_long)


def documents(place: Place, runner: Runner, series: list[Series]) -> Iterator[Line]:
    place.become("arrival")
    plot = Series("document", "create, by the size of the document", "KiB")
    for kind, fill in (("environment", fill_environment), ("annotations", fill_annotations)):
        commands = {}
        for size in DOCUMENT:
            entries = max(0, size - DOCUMENT[0]) * 1024 // ENTRY
            bundle = place.bundle(f"{kind} {size}", 1, lambda config: fill(config, entries))
            commands[size] = place.create(place.wrapper, bundle)
        growth = grow(runner, commands)
        plot.curves[kind] = growth.curve()
        yield growth.line(f"KiB of document, {kind}")
    series.append(plot)


def fill_environment(config: dict, entries: int) -> None:
    config["process"]["env"] += [f"NAME{number:06}=".ljust(ENTRY - 3, "x") for number in range(entries)]


def fill_annotations(config: dict, entries: int) -> None:
    config["annotations"] = {f"org.example.{number:06}": "x" * (ENTRY - 24) for number in range(entries)}


def mounts(place: Place, runner: Runner, series: list[Series]) -> Iterator[Line]:
    place.become("arrival")
    sources = place.base / "sources"
    for number in range(max(MOUNTS)):
        (sources / str(number)).mkdir(parents=True)

    def bind(config: dict, count: int) -> None:
        for number in range(count):
            source = str(sources / str(number))
            mount = {"destination": f"/mnt/{number}", "type": "bind", "source": source, "options": ["rbind", "rprivate"]}
            config["mounts"].append(mount)

    commands = {}
    for count in MOUNTS:
        bundle = place.bundle(f"mounts {count}", 1, lambda config: bind(config, count))
        commands[count] = place.create(place.wrapper, bundle)
    growth = grow(runner, commands)
    series.append(Series("mounts", "create, by the number of bind mounts", "mounts", {"binds": growth.curve()}))
    yield growth.line("bind mounts")


def layers(place: Place, runner: Runner, series: list[Series]) -> Iterator[Line]:
    """Also the target of its own: what a hundred layers take, less what it takes to start a program, of what ten do."""
    arrival = place.become("arrival")
    bundles = {count: place.bundle(f"layers {count}", count) for count in LAYERS}
    commands = {count: place.create(place.wrapper, bundle) for count, bundle in bundles.items()}
    growth = grow(runner, commands | {0: place.create(arrival, bundles[LAYERS[0]])})
    direct = growth.times.pop(0)
    series.append(Series("layers", "create, by the layers of the image", "layers", {"layers": growth.curve()}))
    yield growth.line("layers")
    added = {count: [one - none for one, none in zip(growth.times[count], direct)] for count in (10, 100)}
    yield Line(GROUP, "what an image of 100 layers adds, of what one of 10 does", figure.ratio(added[100], added[10]), "x", 2)


def records(place: Place, runner: Runner, series: list[Series]) -> Iterator[Line]:
    place.become("arrival")
    bundles = [place.bundle(f"beside others {number}") for number in range(TURNS + 1)]
    crowds = {count: Crowd(place, runner, bundles, count) for count in RECORDS}
    growth = grow(runner, {count: crowd.create(bundles) for count, crowd in crowds.items()})
    title = "create, by the containers of the host (their records, no processes)"
    series.append(Series("records", title, "containers", {"records": growth.curve()}))
    yield growth.line("records of other containers")
    few, many = (mean_calls(place, crowds[count].create(bundles), len(bundles)) for count in (RECORDS[0], RECORDS[-1]))
    yield each("record", (many - few) / (RECORDS[-1] - RECORDS[0]))


def others(place: Place, runner: Runner, series: list[Series]) -> Iterator[Line]:
    """The number of processes cannot change from one command to the next, so the sizes come one after the other."""
    place.become("arrival")
    command = place.create(place.wrapper, place.bundle("beside processes"))
    times, calls = {}, {}
    for count in PROCESSES:
        with processes(count):
            times[count] = paired.before(runner.in_turns(TURNS, {"wrapper": command})["wrapper"])
            calls[count] = system_calls(place, command)
    growth = Growth(times)
    series.append(Series("processes", "create, by the processes of other containers", "processes", {"processes": growth.curve()}))
    yield growth.line("processes of other containers")
    most = PROCESSES[-1]
    yield each("process", (calls[most] - calls[0]) / most)


def each(what: str, value: float) -> Line:
    """Reading a list of names takes some for a hundred of them."""
    return Line(GROUP, f"system calls for each {what} of another container", figure.exact(value), "calls", 0.1)


def mean_calls(place: Place, command: Command, turns: int) -> float:
    """Of different containers: how many ranges one looks at before it finds a free one depends on its name."""
    return statistics.mean(system_calls(place, command) for _ in range(turns))


def system_calls(place: Place, command: Command) -> int:
    output = place.base / "strace"
    subprocess.run([STRACE, "-f", "-o", output, *command.line()], check=True, capture_output=True)
    command.clear()
    with open(output, errors="replace") as lines:
        return sum("resumed>" not in line and "(" in line for line in lines)


PARTS: dict[str, Callable[[Place, Runner, list[Series]], Iterator[Line]]] = {
    "documents": documents,
    "mounts": mounts,
    "layers": layers,
    "records": records,
    "processes": others,
}
