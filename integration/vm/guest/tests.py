# SPDX-License-Identifier: Apache-2.0
"""Inside the machine: runs each file of tests, keeps its output and exit code on the results disk, and says so on the console."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

PAYLOAD = Path("/payload")
RESULTS = Path("/results")


def say(*words) -> None:
    print("hardened-vm:", *words, flush=True)


def facts() -> None:
    """What was tested, in the log for whoever reads it later."""
    say("kernel", os.uname().release, "boot", Path("/proc/uptime").read_text().split()[0])
    for program in ("dockerd", "containerd", "runc", "crun", "podman"):
        done = subprocess.run((program, "--version"), capture_output=True, text=True)
        say(done.stdout.split("\n")[0] if done.returncode == 0 else f"no {program}")
    say("cgroup", "v2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "v1")
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    say("AppArmor", enabled.read_text().strip() if enabled.exists() else "absent")


def prepare(profile: Path) -> None:
    """As the package would: the shipped AppArmor profile is loaded."""
    subprocess.run(["apparmor_parser", "--replace", "--skip-cache", profile], check=True)


def run(name: str, tests: list[str], environment: dict) -> tuple[int, float]:
    start = time.monotonic()
    with open(RESULTS / (name.replace("/", ".") + ".log"), "wb") as log:
        code = subprocess.run(
            ["integration/run", "--binary", PAYLOAD / "build/release/hardened", name, *tests],
            cwd=PAYLOAD,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ).returncode
    return code, time.monotonic() - start


def main() -> None:
    order = json.loads((PAYLOAD / "order.json").read_text())
    facts()
    if order["own_kernel"]:
        prepare(PAYLOAD / "defaults/apparmor/hardened-default")
    done = {}
    for name in order["files"]:
        say("start", name)
        code, seconds = run(name, order["tests"], order["environment"])
        done[name] = {"code": code, "seconds": round(seconds, 1)}
        (RESULTS / "results.json").write_text(json.dumps(done))
        os.sync()
        say("end", name, code, f"{seconds:.1f}")
    say("done")


if __name__ == "__main__":
    try:
        main()
    finally:
        sys.stdout.flush()
        os.sync()
