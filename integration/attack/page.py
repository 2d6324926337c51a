# SPDX-License-Identifier: Apache-2.0
"""docs/attack-surface.md, from what was measured (measured.json) and from the published facts; whatever is counted is counted here."""
import json
import platform
from collections.abc import Iterator
from pathlib import Path

from attack import asks, judge, numbers, published
from attack.columns import COLUMNS, Answers
from lib import command
from lib.docker import RUNC
from lib.kernel import V2

MEASURED = Path(__file__).with_name("measured.json")
PAGE = Path(__file__).resolve().parents[2] / "docs/attack-surface.md"
BEGIN, END = "<!-- integration/attack_surface --write -->\n", "<!-- end -->\n"
NAMES = tuple(column.name for column in COLUMNS)
HARDENED = judge.ALL


def host() -> dict:
    """What an answer depends on beside the wrapper."""
    runc = command.run(RUNC, "--version").check().out.splitlines()[0].removeprefix("runc version ")
    kernel = platform.release().partition("-")[0]
    return {"kernel": kernel, "runc": runc, "cgroups": "v2" if V2 else "v1", "libseccomp": numbers.version()}


def measured(answers: dict[str, Answers], asked: dict[str, Answers], doors: dict[str, bool]) -> dict:
    """What the page needs of a run, and what another run is compared with."""
    let_through = {name: judge.reached(answers[name], judge.armed(answers)) for name in HARDENED}
    for name, own in asked.items():
        if name in HARDENED:
            let_through[name] += judge.reached(own, judge.armed(asked))
    rows = judge.rows(answers) | judge.rows(asked)
    return {"host": host(), "doors": doors, "rows": rows, "let_through": let_through, "ways": judge.ways(answers)}


def text(found: dict) -> str:
    """One line for each row, so that a difference can be read."""
    blocks = []
    for key, value in found.items():
        inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in value.items())
        blocks.append(f" {json.dumps(key)}: {{\n{inner}\n }}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def head(*first: str) -> str:
    return line([*first, *(column.title for column in COLUMNS)]) + "|---" * (len(first) + len(COLUMNS)) + "|\n"


def attempts(found: dict) -> Iterator[str]:
    yield head("class", "armed of made")
    rows = dict(found["rows"])
    needed = rows.pop(judge.NEEDED_GROUP)
    for group, row in rows.items():
        yield line([group, f"{row['armed']} of {row['made']}", *(str(row["reached"].get(name, "—")) for name in NAMES)])
    sums = [sum(row[key] for row in rows.values()) for key in ("armed", "made")]
    totals = (sum(row["reached"].get(name, 0) for row in rows.values()) for name in NAMES)
    yield line(["**all**", f"**{sums[0]} of {sums[1]}**", *(f"**{total}**" for total in totals)])
    cells = (str(needed["reached"][name]) for name in NAMES)
    yield line([f"beside these: {judge.NEEDED_GROUP}", f"{needed['armed']} of {needed['made']}", *cells])


def score(found: dict) -> Iterator[str]:
    ways = found["ways"]
    all_of_them = {each["cve"] for each in published.facts()["submissions"]}
    yield head("what they need", "CVEs")
    for need, cves in sorted(published.by_way().items(), key=lambda item: (-len(item[1]), item[0])):
        cells = ["open" if need not in ways or name in ways[need] else "closed" for name in NAMES]
        yield line([f"`{need}`" + ("" if need in ways else " (not judged)"), str(len(cves)), *cells])
    counts = [f"**{len(published.reachable(ways, name))}**" for name in NAMES]
    yield line(["**CVEs with every way that they need open**", f"**{len(all_of_them)}**", *counts])


def remaining(found: dict) -> Iterator[str]:
    for column in COLUMNS:
        if column.name in HARDENED:
            cves = ", ".join(published.reachable(found["ways"], column.name)) or "none"
            yield f"- {column.title}: {cves}\n"


def left_open(found: dict) -> Iterator[str]:
    seen = {identifier for own in found["let_through"].values() for identifier in own}
    for start, (columns, why) in judge.OPEN.items():
        if any(identifier.startswith(start) for identifier in seen):
            yield f"- `{start}` in {', '.join(columns)}: {why}.\n"


def armed_doors(doors: dict[str, bool]) -> str:
    here, absent = (", ".join(door for door in doors if doors[door] is there) for there in (True, False))
    missing = f" It has no {absent}: no call there is armed." if absent else ""
    return f"Calls are armed at the doors that this kernel has: {here}.{missing}"


def generated(found: dict) -> str:
    facts = published.facts()
    on = found["host"]
    return "".join(
        [
            f"Measured on Linux {on['kernel']}, runc {on['runc']}, cgroup {on['cgroups']}, libseccomp {on['libseccomp']}.\n\n## Attempts\n\n",
            *attempts(found),
            f"\n{armed_doors(found['doors'])} `{asks.GROUP}`: a privileged container\n",
            "has no need to ask, so it was not asked.\n",
            "\n### What a hardened container still reaches, and why\n\n",
            *left_open(found),
            "\n## Published kernel exploits\n\n",
            f"Facts: [kernelCTF's submissions]({facts['source']}) as of {facts['date']}.\n\n",
            *score(found),
            "\nThose that stay within reach:\n\n",
            *remaining(found),
            "\n",
        ]
    )


def page(there: str, found: dict) -> str:
    before, rest = there.split(BEGIN)
    return before + BEGIN + generated(found) + END + rest.split(END)[1]


def recorded() -> dict:
    return json.loads(MEASURED.read_text())
