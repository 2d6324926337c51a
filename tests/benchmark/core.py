# SPDX-License-Identifier: Apache-2.0
"""The parts of a create that need no kernel: time by Google Benchmark, instructions by callgrind."""
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmark import figure
from benchmark.line import Line
from benchmark.programs import VALGRIND
from lib import sandbox

GROUP = "parts of a `create` in the core"
WHAT = {
    "arguments": "the command line read",
    "policy": "the built-in policy laid together",
    "parse": "the document parsed",
    "fields": "its fields' types checked",
    "plan": "the rules",
    "verify": "the verifier",
    "evaluate_filter": "the seccomp filter compiled (by a child, whose instructions are not counted) and evaluated",
    "write": "the document written",
}


def parts(program: Path, scale: float) -> Iterator[Line]:
    counted = instructions(program)
    for name, samples in times(program, scale).items():
        yield Line(GROUP, f"{WHAT[name]}; {counted[name]:,} instructions", figure.median(samples), "ms")


def times(program: Path, scale: float) -> dict[str, list[float]]:
    flags = ["--benchmark_format=json", "--benchmark_repetitions=9", f"--benchmark_min_time={0.1 * scale}"]
    flags += ["--benchmark_enable_random_interleaving=true"]
    done = subprocess.run([program, *flags], check=True, capture_output=True, text=True)
    taken: dict[str, list[float]] = {name: [] for name in WHAT}
    for each in json.loads(done.stdout)["benchmarks"]:
        if each["run_type"] == "iteration":
            taken[each["run_name"]].append(each["real_time"])
    return taken


def instructions(program: Path) -> dict[str, int]:
    """Each step once and cold, as in the wrapper, with all that it calls."""
    output = sandbox.base() / "callgrind"
    line = [VALGRIND, "--tool=callgrind", "--quiet", f"--callgrind-out-file={output}", program, "--once"]
    subprocess.run(line, check=True, capture_output=True)
    line = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(output)]
    shown = subprocess.run(line, check=True, capture_output=True, text=True, errors="replace").stdout
    found = re.findall(r"^\s*([\d,]+) .*:step_(\w+)", shown, re.MULTILINE)
    os.unlink(output)
    return {name: int(number.replace(",", "")) for number, name in found}
