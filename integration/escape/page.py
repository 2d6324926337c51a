# SPDX-License-Identifier: Apache-2.0
"""The table of docs/escapes.md: the catalogue, with what was armed where it was measured last."""
import json
from pathlib import Path

from escape import repaired
from escape.case import Escape, Section
from escape.catalogue import SECTIONS

HERE = Path(__file__).resolve().parent
MEASURED = HERE / "measured.json"
PAGE = HERE.parents[1] / "docs/escapes.md"
BEGIN, END = "<!-- integration/escape_table --write -->\n", "<!-- end -->\n"


def recorded() -> dict:
    return json.loads(MEASURED.read_text())


def line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def stops(escape: Escape) -> str:
    if escape.passes:
        return f"**passes**: {escape.passes}"
    return f"refused: `{escape.setting}`" if escape.setting else escape.truth


def plain(escape: Escape, measured: dict) -> str:
    runtime = Path(escape.under).name
    there = measured["runtimes"][runtime]
    since = [f"since {escape.introduced}"] if escape.introduced else []
    until = [f"repaired in {', '.join(escape.fixed)}"] if escape.fixed else []
    versions = f" ({', '.join(since + until)})" if since or until else ""
    if escape.name in measured["armed"]:
        return f"{runtime}: works{versions}"
    without = repaired.older(there, escape.introduced) or repaired.has(there, escape.fixed)
    needs = f", needs {' and '.join(what for what, _ in escape.needs)}" if escape.needs else ""
    return f"{runtime}: {'nothing' if without else f'not armed{needs}'}{versions}"


def part(section: Section, measured: dict) -> str:
    head = f"\n## {section.title}\n\n" + line("attempt", "CVE", "without the wrapper", "under the wrapper") + "|---" * 4 + "|\n"
    return head + "".join(
        line(f"{each.how} (`{each.name}`)", each.cve or "—", plain(each, measured), stops(each)) for each in section.escapes
    )


def text(measured: dict) -> str:
    every = sum(len(section.escapes) for section in SECTIONS)
    runtimes = " and ".join(f"{name} {version}" for name, version in measured["runtimes"].items())
    head = f"Measured with {runtimes} on cgroup {measured['cgroups']}: {len(measured['armed'])} of {every} work without the wrapper.\n"
    return head + "".join(part(section, measured) for section in SECTIONS)


def page(there: str, measured: dict) -> str:
    """The page with today's table between its marks."""
    before, rest = there.split(BEGIN)
    return before + BEGIN + text(measured) + END + rest.split(END)[1]
