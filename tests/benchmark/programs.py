# SPDX-License-Identifier: Apache-2.0
"""The programs that are run beside the wrapper: those built with it, and those that a machine has."""
import os
import subprocess
from pathlib import Path

from lib.docker import CLIENT, DAEMON, RUNC

CRUN, STRACE, VALGRIND = "/usr/bin/crun", "/usr/bin/strace", "/usr/bin/valgrind"
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
    """What was not built, or is not installed."""
    paths = [*(str(directory / name) for name in NAMES), RUNC, CRUN, CLIENT, DAEMON, STRACE, VALGRIND]
    return [path for path in paths if not os.access(path, os.X_OK)]
