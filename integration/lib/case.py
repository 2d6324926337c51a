# SPDX-License-Identifier: Apache-2.0
"""The base of test cases that need an engine: one engine for all tests of a class, and nothing left after."""
import contextlib
import json
import unittest
from pathlib import Path

from lib import sandbox, state
from lib.command import Result
from lib.docker import IMAGE, Docker

POLICY = Path("/etc/hardened/policy.json")


class EngineCase(unittest.TestCase):
    settings: dict = {}
    engine_type = Docker
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        cls.before = state.here()
        cls.engine = cls.engine_type(cls.settings)
        cls.addClassCleanup(cls.stop_and_compare)
        cls.engine.start()

    @classmethod
    def stop_and_compare(cls) -> None:
        cls.engine.stop()
        left = sorted((state.here() ^ cls.before) - {"link docker0"})
        # BuildKit leaves an empty parent of its own; containers are called by 64 digits.
        left += [
            f"cgroup {path}" for path in state.cgroups(sandbox.base().name) if len(path.name) == 64
        ]
        if left:
            raise AssertionError("left behind:\n" + "\n".join(left))

    def same_as_runc(self, *words: str, stdin: bytes = b"") -> Result:
        """Runs the same under both; output to the byte and the exit code have to agree. Returns ours."""
        plain = self.engine.run(*words, runtime="runc", stdin=stdin)
        ours = self.engine.run(*words, runtime="hardened", stdin=stdin)
        self.assertEqual(
            (plain.code, plain.stdout, plain.stderr), (ours.code, ours.stdout, ours.stderr)
        )
        return ours

    def background(self, *words: str, runtime: str = "hardened") -> str:
        """A container that waits, removed when the test ends."""
        name = self.engine.cli("run", "-d", "--runtime", runtime, *words).check().out.strip()
        self.addCleanup(lambda: self.engine.cli("rm", "-f", "-v", name))
        return name

    def sleeper(self, *flags: str, runtime: str = "hardened") -> str:
        return self.background(*flags, IMAGE, "sleep", "300", runtime=runtime)

    def inside(self, container: str, *words: str) -> str:
        return self.engine.cli("exec", container, *words).check().out

    @contextlib.contextmanager
    def policy(self, document: dict):
        """The administrator's policy for the length of a block; the host's own is out of sight here."""
        POLICY.write_text(json.dumps(document))
        try:
            yield
        finally:
            POLICY.unlink()
