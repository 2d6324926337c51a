# SPDX-License-Identifier: Apache-2.0
"""Each class of escapes that became a CVE, re-enacted without harm: it works under the plain runtime and comes to nothing under the wrapper."""
import json
import os
import socket
import unittest
from pathlib import Path

from escape import page, races, ways
from escape.case import CRUN
from escape.catalogue import ESCAPES
from escape.judge import tests_of, version
from lib import sandbox
from lib.docker import RUNC
from lib.verdict import need_installed

# Where integration/escape_table --write wants what was measured.
WRITE = os.environ.get("HARDENED_ESCAPES_MEASURED")
# A race may be lost on a busy machine.
BY_CHANCE = {escape.name for escape in races.SECTION.escapes}
UNIFIED = "/sys/fs/cgroup/unified"


class Escapes(unittest.TestCase):
    maxDiff = None
    armed: dict[str, bool] = {}

    @classmethod
    def setUpClass(cls) -> None:
        need_installed(os.access(sandbox.binary().parent / "hardened-probe", os.X_OK), "hardened-probe is not built")
        need_installed(os.access(CRUN, os.X_OK), f"{CRUN} is not installed")
        # crun takes no hybrid hierarchy with controllers on both sides; what it cannot see is none.
        if os.path.ismount(UNIFIED):
            sandbox.mount("-t", "tmpfs", "hidden", UNIFIED)
        for path in (ways.ENGINE, ways.elsewhere()):
            path.parent.mkdir(exist_ok=True)
            server = socket.socket(socket.AF_UNIX)
            server.bind(str(path))
            server.listen()
            cls.addClassCleanup(server.close)

    def test_z_the_page_says_what_is_armed(self):
        """The last, when all have been tried; by the names of the runtimes that were measured."""
        now = {"runtimes": [version(RUNC), version(CRUN)], "armed": sorted(name for name, works in self.armed.items() if works)}
        if WRITE:
            Path(WRITE).write_text(json.dumps(now, indent=1) + "\n")
            return
        then = page.recorded()
        if now["runtimes"] == then["runtimes"] and len(self.armed) == len(ESCAPES):
            self.assertEqual(*({name for name in each["armed"] if name not in BY_CHANCE} for each in (then, now)))


for name, method in tests_of(ESCAPES).items():
    setattr(Escapes, name, method)
