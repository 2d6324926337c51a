# SPDX-License-Identifier: Apache-2.0
"""What the project says it stops, by CVE, and whether the catalogue shows it."""
import json
import re
from collections.abc import Iterable
from pathlib import Path

from escape.case import Escape

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r'"(CVE-\d{4}-\d+)"')
# What cannot be tried on a test's machine, and why, in a line: {"CVE-2020-00000": "needs ..."}. All of today's can.
NOT_HERE: dict[str, str] = {}


def advisories() -> list[dict]:
    return json.loads((ROOT / "defaults/runtime_advisories.json").read_text())["advisories"]


def claimed() -> set[tuple[str, str]]:
    """By doctor, of each runtime (a hole of one is not shown by trying the other); by refusals, of none."""
    of_doctor = {(each["id"], each["runtime"]) for each in advisories() if each["hardened"] in ("stopped", "reduced")}
    of_refusals = {(cve, "") for file in sorted(ROOT.glob("src/**/*.cpp")) for cve in NAMED.findall(file.read_text())}
    return of_doctor | of_refusals


def faults(claims: set[tuple[str, str]], escapes: Iterable[Escape], reasons: dict[str, str]) -> list[str]:
    """A claim that nothing shows and no reason excuses; a reason that excuses nothing."""
    shown = {(cve, runtime) for each in escapes for cve in each.cve.split(", ") for runtime in (Path(each.under).name, "")}
    without = claims - shown
    claim = [f"{cve}{runtime and f' of {runtime}'}: neither re-enacted nor excused" for cve, runtime in sorted(without) if cve not in reasons]
    return claim + [f"{cve}: excused for nothing" for cve in sorted(reasons) if cve not in {each for each, _ in without}]
