# SPDX-License-Identifier: Apache-2.0
"""Commands measured in turns, in a new order each turn: what the machine does beside falls on all of them alike."""
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lib import slowness
from lib.bundle import ENVIRONMENT

LIMIT = 60  # seconds for one command


@dataclass(frozen=True)
class Sample:
    whole: float  # milliseconds from start to end
    before: float | None  # until it arrived where the runtime would be; None: it did not say
    peak: int  # KiB of memory


@dataclass(frozen=True)
class Command:
    line: Callable[[], list[str]]  # called before each turn, not timed: it can lay out what the command needs
    clear: Callable[[], None] = lambda: None  # likewise, after
    code: int = 0


def always(*words: object, code: int = 0) -> Command:
    return Command(lambda: [str(word) for word in words], code=code)


class Runner:
    def __init__(self, timed: Path, scale: float = 1, environment: dict[str, str] = ENVIRONMENT):
        """`timed`: the program; `scale`: of the turns asked for."""
        self.timed, self.scale, self.environment = timed, scale, environment

    def once(self, command: Command) -> Sample:
        line = command.line()
        done = subprocess.run(
            [self.timed, *line],
            capture_output=True,
            text=True,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            timeout=slowness.seconds(LIMIT),
        )
        whole, before, peak, code = done.stdout.split()
        if int(code) != command.code:
            raise AssertionError(f"{' '.join(line)}\nexit code {code}: {done.stderr}")
        command.clear()
        return Sample(float(whole) * 1e3, None if before == "-" else float(before) * 1e3, int(peak))

    def in_turns(self, turns: int, commands: dict[str, Command]) -> dict[str, list[Sample]]:
        """One turn more comes first, which fills the caches and is not counted."""
        order = random.Random(0)
        taken: dict[str, list[Sample]] = {name: [] for name in commands}
        for turn in range(max(3, round(turns * self.scale)) + 1):
            names = list(commands)
            order.shuffle(names)
            for name in names:
                sample = self.once(commands[name])
                if turn:
                    taken[name].append(sample)
        return taken


def whole(samples: list[Sample]) -> list[float]:
    return [sample.whole for sample in samples]


def before(samples: list[Sample]) -> list[float]:
    """Of commands that all arrived."""
    times = [sample.before for sample in samples if sample.before is not None]
    if len(times) != len(samples):
        raise AssertionError("a command that did not come to the runtime")
    return times
