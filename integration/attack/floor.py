# SPDX-License-Identifier: Apache-2.0
"""Calls that have to be attempted and denied, whatever the profile says (floor.txt). The list of attempts is made from the profile: a call
that every column lets pass leaves it without a word, and would be open with nobody asking why."""
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attack.columns import STRICT, Answers
from attack.judge import ALL
from attack.numbers import DOORS, TRACING, group_of, listed

CALLS = Path(__file__).with_name("floor.txt")


@dataclass(frozen=True)
class Call:
    name: str
    door: str
    number: int
    only_strict: bool

    @property
    def groups(self) -> tuple[str, ...]:
        """The rows that it may count in: what `standard` lets pass and `strict` denies has one of its own."""
        return (group_of(self.door), TRACING) if self.only_strict else (group_of(self.door),)

    @property
    def columns(self) -> tuple[str, ...]:
        return (STRICT.name,) if self.only_strict else ALL


def calls() -> Iterator[Call]:
    for line in CALLS.read_text().splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        name, *numbers = words
        only_strict = numbers[len(DOORS) :] == [STRICT.name]
        for door, number in zip(DOORS, numbers[: len(DOORS)], strict=True):
            if number != "-":
                yield Call(name, door, int(number), only_strict)


def lapsed(table: str, answers: dict[str, Answers], doors: dict[str, bool]) -> list[str]:
    """Those that are not attempted as calls that a profile denies, and those that some column does not deny at a door that the kernel has."""
    there = {(each.door, each.number): each for each in listed(table)}
    found = []
    for call in calls():
        attempt = there[call.door, call.number]
        if attempt.group not in call.groups:
            found.append(f"{call.name}@{call.door} is not attempted: {attempt.group}")
            continue
        own = {column: answers[column][attempt.id] for column in call.columns}
        found += [f"{call.name}@{call.door} in {column}: {answer}" for column, answer in own.items() if doors[call.door] and not answer.kept_out]
    return found
