# SPDX-License-Identifier: Apache-2.0
"""All parts in their order, and what a run leaves: the lines, the series and the machine, as JSON."""
import argparse
import dataclasses
import functools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmark import calls, core, docker, growth, host
from benchmark.line import Line, as_text
from benchmark.paired import Runner
from benchmark.place import Place


@dataclasses.dataclass(frozen=True)
class Tools:
    place: Place
    runner: Runner
    programs: Path
    series: list[growth.Series]


def grown(part, tools: Tools) -> Iterator[Line]:
    return part(tools.place, tools.runner, tools.series)


PARTS: dict[str, Callable[[Tools], Iterator[Line]]] = {
    "passed-on": lambda tools: calls.passed_on(tools.place, tools.runner),
    "instructions": lambda tools: calls.instructions(tools.place, tools.programs / "count_instructions"),
    "create": lambda tools: calls.create(tools.place, tools.runner),
    "exec": lambda tools: calls.exec_(tools.place, tools.runner),
    "beside": lambda tools: calls.beside(tools.place, tools.runner),
    "docker": lambda tools: docker.runs(tools.place, tools.runner),
    **{name: functools.partial(grown, part) for name, part in growth.PARTS.items()},
    "core": lambda tools: core.parts(tools.programs / "core_benchmark", tools.runner.scale),
}


def measure(chosen: argparse.Namespace) -> int:
    machine = host.facts()
    tools = Tools(Place(chosen.programs), Runner(chosen.programs / "timed", chosen.scale), chosen.programs, [])
    lines: list[Line] = []
    for name, part in PARTS.items():
        if chosen.only in (None, name):
            began = time.monotonic()
            lines.extend(part(tools))
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    print(as_text(lines))
    found = {"host": machine, "lines": lines, "series": tools.series}
    chosen.inside.write_text(json.dumps(found, default=dataclasses.asdict, indent=1) + "\n")
    return 0
