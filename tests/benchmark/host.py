# SPDX-License-Identifier: Apache-2.0
"""The machine that figures are of, and the versions of what ran on it."""
import os
import platform
from pathlib import Path

from lib import command, kernel, sandbox
from lib.docker import DAEMON, RUNC

from benchmark.programs import CRUN


def facts() -> dict[str, str]:
    return {
        "processor": f"{os.cpu_count()} x {processor()}",
        "memory": f"{kernel.memory() / 2**30:.0f} GiB",
        "kernel": f"Linux {platform.release().partition('-')[0]}, cgroup {'v2' if kernel.V2 else 'v1'}",
        "hardened": first(str(sandbox.binary()), "version"),
        "runc": first(RUNC, "--version"),
        "crun": first(CRUN, "--version"),
        "docker": first(DAEMON, "--version"),
        "load when it began": load(),
    }


def load() -> str:
    busy = os.getloadavg()[0]
    return f"{busy:.1f}" + (", a machine that was not quiet: these are no figures to keep" if busy > 0.5 else "")


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def first(*line: str) -> str:
    """The first line that it says, without its own name and what that needs to be read."""
    words = command.run(*line).check().out.splitlines()[0].split()
    return next(word.rstrip(",") for word in words if word[0].isdigit())
