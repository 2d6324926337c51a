# SPDX-License-Identifier: Apache-2.0
"""One line of the table: what was measured, its figure, and whether it keeps to its target."""
from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.figure import Figure

HEAD = ("what", "median", "95 % interval", "target", "verdict")


@dataclass(frozen=True)
class Line:
    group: str
    what: str
    figure: Figure
    unit: str
    target: float | None = None  # at most; None: stands beside the others to be compared with

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        word = "met" if self.figure.middle <= self.target else "missed"
        near = self.figure.low <= self.target < self.figure.high
        return f"{word}, within the noise" if near else word

    def cells(self) -> list[str]:
        low, high = number(self.figure.low, self.unit), number(self.figure.high, self.unit)
        interval = "exact" if low == high else f"{low} to {high}"
        target = "" if self.target is None else f"at most {number(self.target, self.unit)}"
        return [self.what, number(self.figure.middle, self.unit), interval, target, self.verdict]


COUNTED = ("instructions", "processes")


def number(value: float, unit: str) -> str:
    if unit in COUNTED:
        return f"{value:,.0f} {unit}"
    if unit == "ms" and abs(value) < 0.1:
        return f"{value * 1000:.1f} µs"
    return f"{value:,.2f} {unit}"


def rows(lines: list[Line]) -> Iterator[list[str]]:
    """By group, whose name stands in a row of its own."""
    for group in dict.fromkeys(line.group for line in lines):
        yield [group]
        yield from (line.cells() for line in lines if line.group == group)


def as_text(lines: list[Line]) -> str:
    table = [list(HEAD), *rows(lines)]
    widths = [max(len(row[column]) for row in table if len(row) > 1) for column in range(len(HEAD))]
    shown = []
    for row in table:
        if len(row) == 1:
            shown.append(f"\n{row[0]}")
        else:
            shown.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return "\n".join(shown)


def as_markdown(lines: list[Line]) -> str:
    table = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for row in rows(lines):
        cells = [f"**{row[0]}**"] + [""] * (len(HEAD) - 1) if len(row) == 1 else row
        table.append(f"| {' | '.join(cells)} |")
    return "\n".join(table) + "\n"
