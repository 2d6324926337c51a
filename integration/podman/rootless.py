# SPDX-License-Identifier: Apache-2.0
"""Podman as an ordinary user: the user's own ids are kept, the rest of the hardening holds."""
import unittest

from lib.case import status_fields
from lib.podman import IDS, IMAGE, Podman

KEPT = 0x4FB  # the eight capabilities of `standard`


class Rootless(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.podman = Podman(rootless=True)
        cls.addClassCleanup(cls.podman.stop)
        cls.podman.import_image()

    def test_the_users_mapping_is_kept(self):
        maps = {
            runtime: self.podman.run(IMAGE, "cat", "/proc/self/uid_map", runtime=runtime)
            .check()
            .out
            for runtime in ("/usr/sbin/runc", None)
        }
        self.assertEqual(maps["/usr/sbin/runc"], maps[None])
        self.assertIn(str(IDS[0]), maps[None])

    def test_the_rest_of_the_hardening_holds(self):
        done = self.podman.run(IMAGE, "cat", "/proc/self/status").check()
        status = status_fields(done.out)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(int(status["CapBnd"], 16), KEPT)
        self.assertEqual(done.err, "")
        self.assertIn("Read-only", self.podman.run(IMAGE, "sh", "-c", "touch /usr/x").err)
