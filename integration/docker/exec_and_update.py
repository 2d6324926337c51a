# SPDX-License-Identifier: Apache-2.0
"""No process enters a container with more than it was started with, and no limit is lifted later."""
from pathlib import Path

from lib.case import EngineCase
from lib.docker import IMAGE
from lib.kernel import cgroup_file, memory, status_fields

SET = ("CapBnd", "CapEff", "CapPrm")


class ExecAndUpdate(EngineCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        started = cls.engine.cli(
            "run", "-d", "--runtime", "hardened", IMAGE, "sleep", "600"
        ).check()
        cls.container = started.out.strip()

    def entered(self, container: str, *flags: str) -> dict[str, str]:
        shown = self.engine.cli("exec", *flags, container, "cat", "/proc/self/status").check()
        self.assertEqual("", shown.err)
        return status_fields(shown.out)

    def first(self, container: str) -> dict[str, str]:
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        return status_fields(Path(f"/proc/{pid}/status").read_text())

    def assert_within(self, container: str, status: dict[str, str]) -> None:
        first = self.first(container)
        for name in SET:
            self.assertEqual(0, int(status[name], 16) & ~int(first["CapBnd"], 16), name)
        self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))

    def test_plain_exec(self):
        self.assert_within(self.container, self.entered(self.container))

    def test_privileged_exec(self):
        self.assert_within(self.container, self.entered(self.container, "--privileged"))

    def test_exec_as_root_and_as_another_user(self):
        self.assert_within(self.container, self.entered(self.container, "-u", "0"))
        self.assert_within(self.container, self.entered(self.container, "-u", "app"))

    def test_the_same_under_runc_would_have_everything(self):
        container = self.sleeper(runtime="runc")
        entered = self.engine.cli("exec", "--privileged", container, "cat", "/proc/self/status")
        if (
            "unable to apply caps" in entered.out + entered.err
        ):  # this host's root has not all of them itself, but runc tried
            return
        self.assertGreater(
            int(status_fields(entered.check().out)["CapEff"], 16),
            int(self.first(container)["CapEff"], 16),
        )

    def test_a_container_without_capabilities_gives_exec_none(self):
        container = self.sleeper("--cap-drop", "ALL")
        status = self.entered(container, "--privileged", "-u", "0")
        self.assertEqual([0] * 5, [int(status[name], 16) for name in (*SET, "CapInh", "CapAmb")])

    def test_exec_keeps_arguments_environment_directory_and_exit_code(self):
        words = ("-e", "A=b c", "-w", "/tmp", "-u", "1000:1000")
        script = 'pwd; id; echo "$A" "$0" "$@"; exit 9'
        plain = self.sleeper(runtime="runc")
        results = [
            self.engine.cli("exec", *words, name, "sh", "-c", script, "x y", "*", "")
            for name in (plain, self.container)
        ]
        self.assertEqual(9, results[1].code)
        self.assertEqual(
            (results[0].code, results[0].stdout, results[0].stderr),
            (results[1].code, results[1].stdout, results[1].stderr),
        )

    def test_exec_passes_standard_input_and_has_a_terminal(self):
        piped = self.engine.cli("exec", "-i", self.container, "cat", stdin=b"\0\xff\n")
        self.assertEqual(b"\0\xff\n", piped.stdout)
        shown = self.engine.cli_on_terminal(
            "exec", "-t", self.container, "sh", "-c", "test -t 1 && echo yes"
        )
        self.assertEqual((0, "yes\r\n"), (shown.code, shown.out))

    def test_a_missing_command_is_reported_as_under_runc(self):
        plain = self.sleeper(runtime="runc")
        codes = [self.engine.cli("exec", name, "/no/such").code for name in (plain, self.container)]
        self.assertIn(codes[0], (126, 127))
        self.assertEqual(codes[0], codes[1])

    def control(self, *names: str) -> str | None:
        return cgroup_file(self.engine.inspect(self.container, "{{.State.Pid}}"), *names)

    def test_update_cannot_lift_the_pids_limit(self):
        self.engine.cli("update", "--pids-limit", "-1", self.container)
        self.assertLessEqual(int(self.control("pids.max")), 1024)
        self.engine.cli("update", "--pids-limit", "500000", self.container)
        self.assertLessEqual(int(self.control("pids.max")), 1024)

    def test_update_lowers_a_limit(self):
        self.engine.cli("update", "--pids-limit", "77", self.container).check()
        self.assertEqual("77", self.control("pids.max"))
        self.engine.cli("update", "--pids-limit", "1000", self.container).check()

    def test_update_cannot_lift_the_memory_limit(self):
        self.engine.cli("update", "--memory", "1000g", "--memory-swap", "-1", self.container)
        limit = self.control("memory.max", "memory.limit_in_bytes")
        self.assertLessEqual(int(limit), memory() * 8 // 10)
