# SPDX-License-Identifier: Apache-2.0
"""The harness itself, under plain runc: what it says of a container has to be true before it judges another."""
import os
from pathlib import Path

from lib import sandbox, state
from lib.case import EngineCase
from lib.docker import IMAGE
from lib.kernel import status_fields


class Harness(EngineCase):
    def test_a_container_runs_and_its_output_arrives(self):
        done = self.engine.run(IMAGE, "sh", "-c", "echo out; echo err >&2; exit 7", runtime="runc")
        self.assertEqual((7, b"out\n", b"err\n"), (done.code, done.stdout, done.stderr))

    def test_the_container_lives_in_the_cgroup_of_this_run(self):
        container = self.sleeper(runtime="runc")
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        self.assertIn(
            f"{sandbox.cgroup_parent()}/{container}", Path(f"/proc/{pid}/cgroup").read_text()
        )

    def test_status_is_read_as_the_kernel_says_it(self):
        fields = status_fields(
            self.engine.run("--cap-drop", "ALL", IMAGE, "cat", "/proc/self/status", runtime="runc")
            .check()
            .out
        )
        self.assertEqual("0" * 16, fields["CapBnd"])
        self.assertEqual("0", fields["NoNewPrivs"])

    def test_a_terminal_is_one(self):
        shown = self.engine.cli_on_terminal("run", "--rm", "-t", "--runtime", "runc", IMAGE, "tty")
        self.assertEqual((0, "/dev/pts/0\r\n"), (shown.code, shown.out))

    def test_standard_input_arrives(self):
        self.assertEqual(
            b"a\0b", self.engine.run("-i", IMAGE, "cat", runtime="runc", stdin=b"a\0b").stdout
        )

    def test_the_policy_is_the_tests_own(self):
        with self.policy({"default_profile": "strict"}):
            self.assertIn("strict", Path("/etc/hardened/policy.json").read_text())
        self.assertEqual([], os.listdir("/etc/hardened"))

    def test_a_mount_left_behind_is_noticed(self):
        before = state.here()
        sandbox.mount("-t", "tmpfs", "probe", "/mnt")
        self.addCleanup(lambda: os.system("umount /mnt"))
        self.assertEqual({"mount /mnt tmpfs probe root=/"}, state.here() - before)
