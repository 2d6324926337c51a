# SPDX-License-Identifier: Apache-2.0
"""Docker as an ordinary user (rootlesskit)."""
import unittest

from lib import docker, state
from lib.rootless import RootlessDocker
from lib.rootless_case import RootlessCases


class Rootless(RootlessCases, unittest.TestCase):
    IMAGE, PLAIN = docker.IMAGE, "runc"

    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = RootlessDocker()
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.start()

    def started(self, *flags: str) -> str:
        words = ("run", "-d", "--runtime", "hardened", *flags, self.IMAGE, "sleep", "300")
        return self.engine.cli(*words).check().out.strip()

    def test_a_refusal_reads_as_everywhere(self):
        done = self.engine.run("--privileged", self.IMAGE, "true").check_failed()
        self.assertIn("policy setting: rules.", done.err)

    def test_the_hosts_root_keeps_nothing_of_it(self):
        self.engine.run(self.IMAGE, "true").check()
        self.assertEqual(set(), state.records())
