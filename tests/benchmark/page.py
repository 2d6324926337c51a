# SPDX-License-Identifier: Apache-2.0
"""docs/performance.md and its plots, from what a run left (measured.json); what stands outside the markers is written by hand."""
import json
from difflib import unified_diff
from pathlib import Path

from benchmark.chart import chart
from benchmark.figure import Figure
from benchmark.line import Line, as_markdown

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
MEASURED = HERE / "measured.json"
PAGE = DOCS / "performance.md"
PLOTS = DOCS / "performance"
BEGIN, END = "<!-- tests/benchmark/run --write -->\n", "<!-- end -->\n"


def lines_of(found: dict) -> list[Line]:
    return [Line(**each | {"figure": Figure(**each["figure"])}) for each in found["lines"]]


def body(found: dict) -> str:
    lines = lines_of(found)
    judged = [line for line in lines if line.target is not None]
    met = sum(line.verdict.startswith("met") for line in judged)
    machine = "".join(f"- {name}: {value}\n" for name, value in found["host"].items())
    plots = "".join(f"![{each['title']}](performance/{each['name']}.svg)\n" for each in found["series"])
    return f"{machine}\n{met} of {len(judged)} targets are met.\n\n{as_markdown(lines)}\n{plots}"


def page(there: str, found: dict) -> str:
    before, begin, rest = there.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise AssertionError(f"{PAGE} has not both markers")
    return before + BEGIN + body(found) + END + after


def files(found: dict) -> dict[Path, str]:
    """Every file that a run writes, with its text."""
    plots = {PLOTS / f"{each['name']}.svg": chart(each["title"], each["label"], each["curves"]) for each in found["series"]}
    return {PAGE: page(PAGE.read_text(), found)} | plots


def write(found: dict) -> None:
    PLOTS.mkdir(exist_ok=True)
    for path, text in files(found).items():
        path.write_text(text)


def check() -> int:
    """Whether the files say what was measured last; not whether that is so today."""
    different = []
    for path, text in files(json.loads(MEASURED.read_text())).items():
        there = path.read_text() if path.exists() else ""
        different += unified_diff(there.splitlines(), text.splitlines(), path.name, "what was measured", "", "", 0, "")
    print("\n".join(different))
    return 1 if different else 0
