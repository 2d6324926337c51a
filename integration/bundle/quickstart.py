# SPDX-License-Identifier: Apache-2.0
"""integration/quickstart's second half tells what the kernel says: the table's two columns differ where they must."""
import os
import unittest

from lib import command, sandbox, verdict


class Quickstart(unittest.TestCase):
    def test_nothing_is_fetched_where_the_packages_are_there(self):
        """The two commands work without network then, which these tests do not have."""
        script = """
            set -euo pipefail
            source integration/lib/setup.sh
            packages=("${build_packages[@]}" "${test_packages[@]}")
            (($(missing "${packages[@]}" | wc -l) == 0)) || { missing "${packages[@]}"; exit 77; }
            install_packages tests "${packages[@]}"
        """
        done = command.run("/bin/bash", "-c", script, directory=sandbox.SOURCE)
        verdict.need_installed(done.code != 77, f"not installed: {done.out}")
        self.assertEqual((0, "", ""), (done.code, done.out, done.err))

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
