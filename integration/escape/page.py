# SPDX-License-Identifier: Apache-2.0
"""The table of docs/escapes.md: the catalogue, with what was armed where it was measured last."""
import json
from pathlib import Path

from escape.case import UNKNOWN, Escape, Section
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
    if escape.name in measured["armed"]:
        return f"{runtime}: works" + (f" (repaired in {escape.fixed})" if escape.fixed not in ("", UNKNOWN) else "")
    return f"{runtime}: nothing (repaired in {escape.fixed})"


def part(section: Section, measured: dict) -> str:
    head = f"\n## {section.title}\n\n" + line("attempt", "CVE", "without the wrapper", "under the wrapper") + "|---" * 4 + "|\n"
    return head + "".join(
        line(f"{each.how} (`{each.name}`)", each.cve or "—", plain(each, measured), stops(each)) for each in section.escapes
    )


def text(measured: dict) -> str:
    every = sum(len(section.escapes) for section in SECTIONS)
    head = f"Measured with {' and '.join(measured['runtimes'])}: {len(measured['armed'])} of {every} work without the wrapper.\n"
    return head + "".join(part(section, measured) for section in SECTIONS)


def page(there: str, measured: dict) -> str:
    """The page with today's table between its marks."""
    before, rest = there.split(BEGIN)
    return before + BEGIN + text(measured) + END + rest.split(END)[1]
