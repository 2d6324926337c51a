# SPDX-License-Identifier: Apache-2.0
"""What a container may have at most holds for exec and update, whatever happened to its document and whoever made it."""
import json
import unittest
from pathlib import Path

from lib import command, sandbox, state
from lib.bundle import ENVIRONMENT, Bundle, Runtime
from lib.docker import RUNC

REFUSED, INVALID = 3, 2


class Ceiling(unittest.TestCase):
    def setUp(self) -> None:
        self.runtime = Runtime()
        self.name = self._testMethodName[:40]
        self.bundle = Bundle(sandbox.base() / self.name)
        self.bundle.shell("exec sleep 300")
        self.bundle.change("/process/user", {"uid": 1000, "gid": 1000})

    def started(self, program: str, *flags: str) -> None:
        Runtime(program).start(self.bundle, self.name, *flags, "run", "-d")
        self.addCleanup(lambda: Runtime(RUNC).call("delete", "--force", self.name))

    def strict(self, *words: str) -> command.Result:
        line = (self.runtime.program, "--profile", "strict", "--root", self.runtime.root, *words)
        return command.run(*line, environment=ENVIRONMENT)

    def most_processes(self) -> set[str]:
        found = [path / "pids.max" for path in state.cgroups(sandbox.base().name) if path.name == self.name]
        return {path.read_text().strip() for path in found if path.exists()}

    def expect_held(self) -> None:
        done = self.strict("exec", "-u", "0", self.name, "id")
        self.assertEqual(REFUSED, done.code, done)
        self.assertIn("rules.process.root_user", done.err)
        self.assertEqual("1000\n", self.strict("exec", self.name, "id", "-u").check().out)
        self.strict("update", "--pids-limit", "-1", self.name).check()
        self.assertEqual({"256"}, self.most_processes())

    def test_as_created(self):
        self.started(self.runtime.program, "--profile", "strict")
        self.expect_held()

    def test_after_its_document_was_changed(self):
        self.started(self.runtime.program, "--profile", "strict")
        self.bundle.config.write_text(self.bundle.config.read_text() + "\n")
        self.expect_held()
        # By its record's profile, also where nobody names it.
        done = self.runtime.call("exec", "-u", "0", self.name, "id")
        self.assertEqual(REFUSED, done.code, done)

    def test_after_the_policy_forgot_its_profile(self):
        policy = Path("/etc/hardened/policy.json")
        policy.write_text('{"profiles": {"mine": {"extends": "strict"}}}')
        self.started(self.runtime.program, "--profile", "mine")
        policy.unlink()
        done = self.runtime.call("exec", "-u", "0", self.name, "id")
        self.assertEqual(REFUSED, done.code, done)
        self.assertEqual("1000\n", self.runtime.call("exec", self.name, "id", "-u").check().out)

    def test_made_by_another_runtime(self):
        self.started(RUNC)
        self.expect_held()
        done = command.run(self.runtime.program, "--profile", "stric", "--root", self.runtime.root,
                           "exec", self.name, "id", environment=ENVIRONMENT)
        self.assertEqual(INVALID, done.code, done)
        self.assertIn('did you mean "strict"?', done.err)

    def test_made_by_another_runtime_with_more_capabilities(self):
        """runc fills in what a process document leaves out, from what it started the container with."""
        many = ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_CHOWN", "CAP_SETUID"]
        sets = ("bounding", "effective", "permitted", "inheritable", "ambient")
        self.bundle.change("/process/capabilities", {name: many for name in sets})
        self.started(RUNC)
        for absent in ({}, {"capabilities": None}):
            process = self.bundle.directory / "process.json"
            process.write_text(json.dumps(absent | {
                "cwd": "/", "args": ["grep", "Cap", "/proc/self/status"], "env": ["PATH=/bin"],
                "user": {"uid": 0, "gid": 0},
            }))
            done = self.runtime.call("exec", "--process", str(process), self.name).check()
            shown = {line.split()[0]: int(line.split()[1], 16) for line in done.out.splitlines()}
            chown_and_setuid = 1 << 0 | 1 << 7
            self.assertEqual(chown_and_setuid, shown["CapBnd:"], done.out)
            self.assertEqual(chown_and_setuid, shown["CapEff:"], done.out)
            self.assertEqual(0, shown["CapAmb:"], done.out)

    def test_descriptors_that_nobody_opened_are_not_handed_on(self):
        """runc would hand on what it has opened itself under that number: the host's /sys/fs/cgroup."""
        done = self.runtime.run(self.bundle, self.name, "--preserve-fds", "1")
        self.assertEqual(INVALID, done.code, done)
        self.assertIn("descriptor 3, which is not open", done.err)
        self.started(self.runtime.program)
        done = self.runtime.call("exec", "--preserve-fds", "2", self.name, "ls", "-l", "/proc/self/fd")
        self.assertEqual(INVALID, done.code, done)

    def test_a_process_document_through_a_slow_pipe(self):
        self.started(self.runtime.program)
        document = '{"cwd": "/", "args": ["echo", "through"], "user": {"uid": 1000, "gid": 1000}, "env": ["PATH=/bin"]}'
        script = f"(sleep 0.3; echo '{document}') | {self.runtime.program} --root {self.runtime.root} exec --process /dev/stdin {self.name}"
        self.assertEqual("through\n", command.run("sh", "-c", script, environment=ENVIRONMENT).check().out)


if __name__ == "__main__":
    unittest.main()
