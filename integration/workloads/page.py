# SPDX-License-Identifier: Apache-2.0
"""docs/workloads.md: what ran, as it ran last."""
from pathlib import Path

from workloads.cases import WORKLOADS, Workload

PATH = Path(__file__).resolve().parents[2] / "docs/workloads.md"
HEAD = """# Servers that run hardened

Written by `integration/workloads/run --write`. Each is built from Debian 12's packages with the paths, the entrypoint and the way to
drop privileges of the official image of that name, and started by `docker run -d -p 127.0.0.1::PORT --runtime=hardened IMAGE` under the profile
`standard`, with no other flag. It has to serve, to be restarted and to serve again (what it had stored is read back); the same under runc
comes first, so that a row says something about the profile.

| image | starts as | user of its own | keeps over a restart | result |
|---|---|---|---|---|
"""


def row(workload: Workload, passed: bool) -> str:
    drops = "USER " in workload.dockerfile
    how = "its user" if drops else "root"
    own = "from the start" if drops else "by gosu" if "gosu" in str(workload.files) else "by itself, or none"
    keeps = "what was stored" if workload.reads else ""
    return f"| {workload.like} | {how} | {own} | {keeps} | {'works' if passed else '**fails**'} |\n"


def text(passed: set[str]) -> str:
    return HEAD + "".join(row(each, each.name in passed) for each in WORKLOADS)


def is_current() -> bool:
    """Whatever the results were."""
    written = PATH.read_text()
    return written == text({each.name for each in WORKLOADS if row(each, True) in written})
