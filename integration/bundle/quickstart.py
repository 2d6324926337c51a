# SPDX-License-Identifier: Apache-2.0
"""integration/quickstart's second half tells what the kernel says: the table's two columns differ where they must."""
import os
import unittest

from lib import command, sandbox


class Quickstart(unittest.TestCase):
    def test_the_table_shows_what_changed(self):
        script = sandbox.SOURCE / "integration/lib/quickstart.py"
        before = set(os.listdir("/tmp"))
        done = command.run("/usr/bin/python3", "-B", str(script), str(sandbox.binary())).check()
        self.assertEqual("", done.err)
        self.assertIn('"noNewPrivileges": true', done.out)
        rows = {
            line[2:].split("  ")[0]: line for line in done.out.splitlines() if line.startswith("* ")
        }
        for name in (
            "root is the host's uid",
            "NoNewPrivs",
            "CapBnd",
            "Seccomp",
            "mount options of /",
            "write to /usr",
            "processes (pids.max)",
        ):
            self.assertIn(name, rows)
        self.assertNotIn("write to /var", rows)
        self.assertEqual(
            [], [name for name in set(os.listdir("/tmp")) - before if "hardened-quickstart" in name]
        )
