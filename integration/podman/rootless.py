# SPDX-License-Identifier: Apache-2.0
"""Podman as an ordinary user."""
import unittest

from lib import docker, podman
from lib.rootless_case import RootlessCases


class Rootless(RootlessCases, unittest.TestCase):
    IMAGE, PLAIN = podman.IMAGE, docker.RUNC

    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = podman.Podman(rootless=True)
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.import_image()

    def started(self, *flags: str) -> str:
        return self.engine.start(*flags, self.IMAGE, "sleep", "300")
