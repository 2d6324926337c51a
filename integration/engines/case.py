# SPDX-License-Identifier: Apache-2.0
"""Runs the list of truths below one engine: a test for each that can be said there."""
import os
import re
import socket
import unittest

from engines.adapter import Adapter, Container, NotStarted
from engines.truths import TRUTHS, Truth

SOCKET = "/run/docker.sock"
# Asked of a running container, so that one which asked for nothing serves.
LATER = ("", "privileged exec", "update")


class TruthCase(unittest.TestCase):
    kind: type[Adapter]

    @classmethod
    def setUpClass(cls) -> None:
        cls.containers: dict[str, Container] = {}
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(SOCKET)
        cls.addClassCleanup(lambda: (listener.close(), os.unlink(SOCKET)))
        cls.adapter = cls.kind()
        cls.addClassCleanup(cls.stop)

    @classmethod
    def stop(cls) -> None:
        for container in cls.containers.values():
            container.remove()
        cls.adapter.stop()

    def container(self, ask: str) -> Container:
        """One for all that ask the same."""
        ask = "" if ask in LATER else ask
        if ask not in self.containers:
            self.containers[ask] = self.adapter.start(self.name(ask), ask)
        return self.containers[ask]

    def name(self, ask: str) -> str:
        return "-".join([self.kind.__name__.lower(), *ask.split()])

    def refused(self, truth: Truth) -> None:
        with self.assertRaises(NotStarted) as caught:
            self.adapter.start(self.name(truth.ask), truth.ask).remove()
        self.assertIn("hardened: ", str(caught.exception))
        self.assertIn(truth.refused, str(caught.exception))


def test_of(truth: Truth):
    def test(self: TruthCase) -> None:
        if truth.refused:
            return self.refused(truth)
        truth.judge(self, self.adapter, self.container(truth.ask))

    return test


def case_of(adapter: type[Adapter]) -> type[TruthCase]:
    """A class of tests for one column."""
    tests = {
        "test_" + re.sub(r"\W+", "_", truth.row).strip("_"): test_of(truth) for truth in TRUTHS if truth.holds(adapter)
    }
    return type(f"Truths{adapter.__name__}", (TruthCase,), {"kind": adapter, "__module__": __name__, **tests})
