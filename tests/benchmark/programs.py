# SPDX-License-Identifier: Apache-2.0
"""The programs that are run beside the wrapper, built with it."""
import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
NAMES = ("trampoline", "arrival", "arrival_then_runc", "timed", "count_instructions", "core_benchmark")
BUILT = SOURCE / "build/release/tests/benchmark"


def build() -> None:
    """The wrapper too: what is measured is what the sources say."""
    for words in (
        ["--preset", "release", "-DHARDENED_BENCHMARK=ON", "--log-level=WARNING"],
        ["--build", "--preset", "release", "--target", "hardened", *NAMES, "--", "--quiet"],
    ):
        subprocess.run(["cmake", *words], cwd=SOURCE, check=True, stdout=subprocess.DEVNULL)


def missing(directory: Path) -> list[str]:
    return [name for name in NAMES if not os.access(directory / name, os.X_OK)]
