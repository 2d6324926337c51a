# SPDX-License-Identifier: Apache-2.0
"""The base of test cases that type the operator's own commands."""
import json
import shutil
import unittest

from lib import command, sandbox
from lib.bundle import ENVIRONMENT

CORPUS = sandbox.SOURCE / "tests/corpus"
DOCKER = CORPUS / "config/docker28-default.json"


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = sandbox.base() / cls.__name__
        cls.directory.mkdir()
        # The build directory may be closed to other users.
        cls.program = cls.directory / "hardened"
        shutil.copy(sandbox.binary(), cls.program)

    def call(self, *words: str, stdin: bytes = b"", user: int = 0, directory=None, **environment):
        before = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups") if user else ()
        return command.run(
            *before,
            str(self.program),
            *words,
            stdin=stdin,
            environment={**ENVIRONMENT, **environment},
            directory=directory,
            timeout=20,
        )

    def dry_run(self, *words: str, **options) -> command.Result:
        return self.call("dry-run", *words, **options)

    def printed(self, *words: str, **options) -> str:
        return self.dry_run(*words, **options).check().out

    def failed(self, code: int, *words: str, **options) -> str:
        """Standard error of a call that says why, and says it there alone."""
        done = self.call(*words, **options)
        self.assertEqual((code, b""), (done.code, done.stdout), str(done))
        for line in done.err.splitlines():
            self.assertTrue(line.startswith("hardened: "), done.err)
        return done.err

    def file(self, name: str, content) -> str:
        path = self.directory / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)
