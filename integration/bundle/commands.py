# SPDX-License-Identifier: Apache-2.0
"""The command line of an OCI runtime, without an engine: every command goes as it does with runc, hardened where it must."""
import json
import unittest
from pathlib import Path

from lib import command, sandbox, state
from lib.bundle import ENVIRONMENT, Bundle, Runtime
from lib.docker import RUNC
from lib.kernel import status_fields

POLICY = Path("/etc/hardened/policy.json")


class Commands(unittest.TestCase):
    def setUp(self) -> None:
        sandbox.base().joinpath("cases").mkdir(exist_ok=True)
        self.runtime = Runtime()
        self.plain = Runtime(RUNC)
        self.bundle = Bundle(sandbox.base() / "cases" / self._testMethodName[:40])

    def created(self, script: str = "exec sleep 300") -> str:
        self.bundle.shell(script)
        identifier = self._testMethodName[:40]
        # The container's process inherits standard output and error: files, or the harness would wait for it.
        with open(self.bundle.directory / "output", "wb") as output:
            words = (
                self.runtime.program,
                "--root",
                self.runtime.root,
                "create",
                "--bundle",
                str(self.bundle.directory),
                identifier,
            )
            code = command.run_to_file(output, *words, environment=ENVIRONMENT)
        self.assertEqual(0, code, (self.bundle.directory / "output").read_text())
        self.addCleanup(lambda: self.plain.call("delete", "--force", identifier))
        return identifier

    def started(self) -> str:
        identifier = self.created()
        self.runtime.call("start", identifier).check()
        return identifier

    def entered(self, *words: str) -> dict[str, str]:
        done = self.runtime.call("exec", *words, "cat", "/proc/self/status").check()
        self.assertEqual("", done.err)
        return status_fields(done.out)

    def test_a_record_of_a_container_that_is_gone_is_not_believed(self):
        identifier = self.started()
        self.plain.call("delete", "--force", identifier).check()
        other = Bundle(sandbox.base() / "cases" / "other").shell("exec sleep 300")
        other.change("/process/capabilities", {})
        with open(other.directory / "output", "wb") as output:
            words = (
                RUNC,
                "--root",
                self.runtime.root,
                "create",
                "--bundle",
                str(other.directory),
                identifier,
            )
            self.assertEqual(0, command.run_to_file(output, *words, environment=ENVIRONMENT))
        self.plain.call("start", identifier).check()
        fields = self.entered("--cap", "CAP_CHOWN", identifier)
        self.assertEqual(
            "0" * 16, fields["CapBnd"], "the container of now has none, the one before had it"
        )
        # The document of an engine, and the old bundle is there still: its record would give this.
        fields = self.entered_by_document(identifier, {"bounding": ["CAP_CHOWN"]})
        self.assertEqual("0" * 16, fields["CapBnd"])
        self.runtime.call("update", "--resources=-", identifier, stdin=b"{}").check()

    def test_a_bundle_by_a_name_through_a_link_is_the_records_own(self):
        """runc keeps $PWD for the bundle's name; the record must not be lost by that."""
        link = sandbox.base() / "cases" / "link"
        link.symlink_to(self.bundle.directory)
        self.bundle.shell("exec sleep 300").name_cgroup("linked")
        with open(self.bundle.directory / "output", "wb") as output:
            words = ("create", "--bundle", str(link), "linked")
            code = command.run_to_file(
                output,
                self.runtime.program,
                "--root",
                self.runtime.root,
                *words,
                environment=ENVIRONMENT,
            )
        self.assertEqual(0, code, (self.bundle.directory / "output").read_text())
        self.addCleanup(lambda: self.plain.call("delete", "--force", "linked"))
        self.runtime.call("start", "linked").check()
        # Without its record it would get no more than this from now on.
        self.addCleanup(POLICY.unlink)
        POLICY.write_text(
            '{"profiles": {"standard": {"rules": {"capabilities": {"keep": ["CAP_CHOWN"]}}}}}'
        )
        fields = self.entered_by_document("linked", {"bounding": ["CAP_KILL", "CAP_SYS_ADMIN"]})
        self.assertEqual(("1", 1 << 5), (fields["NoNewPrivs"], int(fields["CapBnd"], 16)))

    def entered_by_document(self, identifier: str, capabilities: dict) -> dict[str, str]:
        return status_fields(self.by_document(identifier, capabilities=capabilities).check().out)

    def by_document(self, identifier: str, **more) -> command.Result:
        document = {
            "cwd": "/",
            "args": ["cat", "/proc/self/status"],
            "user": {"uid": 0, "gid": 0},
            "env": ["PATH=/bin"],
            **more,
        }
        file = self.bundle.directory / "process.json"
        file.write_text(json.dumps(document))
        return self.runtime.call("exec", "--process", str(file), identifier)

    def test_a_working_directory_that_is_a_link_to_a_descriptor_is_refused(self):
        """CVE-2024-21626, by a link of the image and by one that the container made since."""
        rootfs = self.bundle.directory / "rootfs"
        (rootfs / "work").symlink_to("/proc/self/fd")
        self.bundle.change("/process/cwd", "/work/7")
        done = self.runtime.run(self.bundle)
        self.assertEqual(3, done.code, str(done))
        self.assertIn(
            "/process/cwd: asks for the working directory /work/7, which leads to /proc/self/fd/7",
            done.err,
        )
        self.bundle.change("/process/cwd", "/")
        self.bundle.name_cgroup(self._testMethodName[:40])
        identifier = self.started()
        self.runtime.call("exec", identifier, "ln", "-s", "../proc/self", "/var/made").check()
        self.runtime.call("exec", identifier, "ln", "-s", "/tmp", "/var/fine").check()
        for cwd in ("/work", "/work/7", "/var/made/cwd"):
            with self.subTest(cwd):
                for done in (
                    self.by_document(identifier, cwd=cwd),
                    self.runtime.call("exec", "--cwd", cwd, identifier, "true"),
                ):
                    self.assertEqual(3, done.code, str(done))
                    self.assertIn("which leads to /proc/self", done.err)
        done = self.by_document(identifier, cwd="/var/fine", args=["pwd"]).check()
        self.assertEqual("/tmp\n", done.out)

    def test_exec_by_flags_into_a_container_of_another_runtime_is_lowered_not_refused(self):
        self.runtime = self.plain
        identifier = self.started()
        self.runtime = Runtime()
        fields = self.entered("--cap", "CAP_SYS_ADMIN", "--no-new-privs=false", identifier)
        self.assertEqual("1", fields["NoNewPrivs"])
        first = self.plain.state(identifier)["pid"]
        most = int(status_fields(Path(f"/proc/{first}/status").read_text())["CapBnd"], 16)
        self.assertEqual(0, int(fields["CapBnd"], 16) & ~most)
        script = 'echo "$A" $(id -u):$(id -g) $(pwd) $(ulimit -Hc) "$0"'
        words = (
            "-u",
            "7:8",
            "--cwd",
            "/tmp",
            "-e",
            "A=b c",
            identifier,
            "sh",
            "-c",
            script,
            "--cap",
        )
        done = self.runtime.call("exec", *words).check()
        self.assertEqual(("b c 7:8 /tmp 0 --cap\n", ""), (done.out, done.err))
        self.assertEqual(9, self.runtime.call("exec", identifier, "sh", "-c", "exit 9").code)

    def test_a_cgroup_in_use_or_of_another_name_is_refused(self):
        identifier = self.started()
        pid = self.plain.state(identifier)["pid"]
        other = Bundle(sandbox.base() / "cases" / "joins").shell("true")
        joined = self.bundle.document()["linux"]["cgroupsPath"]
        other.change("/linux/cgroupsPath", joined)
        words = ("run", "--bundle", str(other.directory))
        done = self.runtime.call(*words, "joins")
        self.assertEqual(3, done.code, str(done))
        self.assertIn("rules.cgroup.other_names", done.err)
        self.assertIn("rules.cgroup.occupied", done.err)
        # The same id below another root of containers: its own name, and in use all the same.
        done = Runtime(root="elsewhere").call(*words, identifier)
        self.assertEqual(3, done.code, str(done))
        self.assertIn("rules.cgroup.occupied", done.err)
        self.assertNotIn("other_names", done.err)
        self.assertTrue(Path(f"/proc/{pid}").exists())

    def test_run_prints_the_containers_output_and_nothing_else(self):
        done = self.runtime.run(self.bundle.shell("echo out; echo err >&2; exit 6"))
        self.assertEqual((6, "out\n", "err\n"), (done.code, done.out, done.err))

    def test_run_hardens(self):
        done = self.runtime.run(
            self.bundle.shell("cat /proc/self/status; touch /usr/x; touch /var/x && echo wrote")
        )
        self.assertEqual(
            ("1", "2"), tuple(status_fields(done.out)[name] for name in ("NoNewPrivs", "Seccomp"))
        )
        self.assertIn("Read-only file system", done.err)
        self.assertIn("wrote", done.out)

    def test_run_in_the_working_directory(self):
        self.bundle.shell("echo here").name_cgroup("one")
        done = self.runtime.call("run", "one", directory=self.bundle.directory)
        self.assertEqual("here\n", done.check().out)

    def test_a_second_run_of_the_same_bundle_changes_nothing_more(self):
        first = self.runtime.run(
            self.bundle.shell("cat /proc/self/mountinfo | wc -l"), "one"
        ).check()
        written = self.bundle.config.read_bytes()
        second = self.runtime.run(self.bundle, "one").check()
        self.assertEqual(first.out, second.out)
        self.assertEqual(written, self.bundle.config.read_bytes())

    def test_dry_run_says_what_run_writes(self):
        self.bundle.shell("true")
        said = command.run(
            self.runtime.program,
            "dry-run",
            "--bundle",
            str(self.bundle.directory),
            environment=ENVIRONMENT,
        ).check()
        self.assertEqual("sh", json.loads(said.out)["process"]["args"][0])
        self.runtime.run(self.bundle).check()
        again = command.run(
            self.runtime.program,
            "dry-run",
            "--config",
            "-",
            stdin=said.stdout,
            environment=ENVIRONMENT,
        )
        self.assertEqual(json.loads(said.out)["process"], json.loads(again.check().out)["process"])

    def test_owner_and_mode_of_the_document_are_kept(self):
        self.bundle.config.chmod(0o640)
        self.runtime.run(self.bundle).check()
        self.assertEqual(0o640, self.bundle.config.stat().st_mode & 0o777)

    def test_create_start_state_kill_delete(self):
        identifier = self.created()
        self.assertEqual("created", self.runtime.state(identifier)["status"])
        self.runtime.call("start", identifier).check()
        self.assertEqual("running", self.runtime.state(identifier)["status"])
        self.assertIn(identifier, self.runtime.call("list", "-q").check().out)
        self.runtime.call("pause", identifier).check()
        self.assertEqual("paused", self.runtime.state(identifier)["status"])
        self.runtime.call("resume", identifier).check()
        self.runtime.call("kill", identifier, "KILL").check()
        self.runtime.call("delete", "--force", identifier).check()
        self.assertNotEqual(0, self.runtime.call("state", identifier).code)

    def test_exec_flags_cannot_exceed_the_container(self):
        identifier = self.started()
        ceiling = self.entered(identifier)
        for flags in (
            ("--cap", "CAP_SYS_ADMIN"),
            ("--no-new-privs=false",),
            ("--cap=CAP_SYS_ADMIN", "-u", "0"),
            ("--user", "1000:1000", "--cap", "CAP_NET_ADMIN"),
        ):
            with self.subTest(flags):
                status = self.entered(*flags, identifier)
                self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
                self.assertEqual(0, int(status["CapBnd"], 16) & ~int(ceiling["CapBnd"], 16))

    def test_exec_with_a_process_document_cannot_exceed_the_container(self):
        identifier = self.started()
        everything = [f"CAP_{name}" for name in ("SYS_ADMIN", "NET_ADMIN", "CHOWN", "SYS_PTRACE")]
        document = {
            "cwd": "/",
            "args": ["cat", "/proc/self/status"],
            "user": {"uid": 0, "gid": 0},
            "env": ["PATH=/bin"],
            "noNewPrivileges": False,
            "capabilities": {
                kind: everything
                for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")
            },
        }
        file = self.bundle.directory / "process.json"
        file.write_text(json.dumps(document))
        plain = self.plain.call("exec", "--process", str(file), identifier).check()
        self.assertEqual("0", status_fields(plain.out)["NoNewPrivs"])
        status = status_fields(
            self.runtime.call("exec", "--process", str(file), identifier).check().out
        )
        self.assertEqual("1", status["NoNewPrivs"])
        self.assertEqual(0, int(status["CapEff"], 16) & (1 << 21 | 1 << 12 | 1 << 19))

    def test_exec_into_a_container_that_is_not_there_fails_as_under_runc(self):
        file = self.bundle.directory / "process.json"
        file.write_text(json.dumps({"cwd": "/", "args": ["true"], "user": {"uid": 0, "gid": 0}}))
        for words in (("no-such", "true"), ("--process", str(file), "no-such")):
            with self.subTest(words):
                plain, ours = (
                    runtime.call("exec", *words) for runtime in (self.plain, self.runtime)
                )
                self.assertEqual((plain.code, plain.stdout), (ours.code, ours.stdout))
                self.assertIn("does not exist", plain.err)
                self.assertEqual(plain.err.split(" level=")[1:], ours.err.split(" level=")[1:])

    def test_update_cannot_lift_a_limit(self):
        identifier = self.started()
        for words, stdin in (
            (("--pids-limit", "-1", identifier), b""),
            (("--resources", "-", identifier), b'{"pids": {"limit": -1}}'),
            (("--resources=-", identifier), b'{"pids": {"limit": 99999999}}'),
            (("--resources=-", identifier), b'{"unified": {"pids.max": "max"}}'),
        ):
            with self.subTest(words):
                self.runtime.call("update", *words, stdin=stdin)
                self.assertLessEqual(self.pids_limit(identifier), 1024)

    def test_update_with_a_broken_document_changes_nothing(self):
        identifier = self.started()
        before = self.pids_limit(identifier)
        done = self.runtime.call(
            "update", "--resources", "-", identifier, stdin=b'{"pids": {"limit": 5}, "pids": {}}'
        )
        self.assertEqual(2, done.code, str(done))
        self.assertEqual(before, self.pids_limit(identifier))

    def pids_limit(self, identifier: str) -> int:
        stats = json.loads(self.runtime.call("events", "--stats", identifier).check().out)
        return stats["data"]["pids"]["limit"]

    def test_what_is_forwarded_is_identical(self):
        for words in (
            ("--version",),
            ("--help",),
            ("features",),
            ("list",),
            ("state", "no-such"),
            ("kill", "no-such"),
            ("delete", "no-such"),
            ("delete", "--force", "no-such"),
            ("ps", "no-such"),
            ("start",),
            ("spec", "--help"),
            ("no-such-command",),
        ):
            with self.subTest(words):
                plain, ours = (runtime.call(*words) for runtime in (self.plain, self.runtime))
                self.assertEqual((plain.code, plain.stdout), (ours.code, ours.stdout))
                # runc's log line of an error carries the time.
                self.assertEqual(plain.err.split(" level=")[1:], ours.err.split(" level=")[1:])

    def test_restore_by_policy_needs_a_container_without_ids_of_its_own(self):
        self.bundle.name_cgroup("one")
        policy = Path("/etc/hardened/policy.json")
        self.addCleanup(policy.unlink)
        policy.write_text('{"restore": "allow"}')
        words = ("restore", "--bundle", str(self.bundle.directory), "one")
        done = self.runtime.call(*words)
        self.assertEqual(3, done.code, done)
        self.assertIn("rules.user-namespace.mode", done.err)
        rules = {"user-namespace": {"mode": "off"}}
        policy.write_text(json.dumps({"restore": "allow", "profiles": {"standard": {"rules": rules}}}))
        done = self.runtime.call(*words)
        self.assertNotIn("hardened: ", done.err)
        self.assertIn("level=error", done.err, "it is runc that speaks")

    def test_restore_is_refused(self):
        done = self.runtime.call("restore", "--bundle", str(self.bundle.directory), "one")
        self.assertEqual(3, done.code, str(done))
        self.assertIn("restore", done.err)

    def test_a_rootfs_without_pivot_root_is_refused(self):
        words = ("run", "--no-pivot", "--bundle", str(self.bundle.directory), "one")
        done = self.runtime.call(*words)
        self.assertEqual(3, done.code, str(done))
        self.assertIn("(pivot_root(2)); policy setting: no_pivot", done.err)
        self.addCleanup(POLICY.unlink)
        POLICY.write_text('{"no_pivot": "allow"}')
        self.bundle.shell("echo here").name_cgroup("one")
        self.assertEqual("here\n", self.runtime.call(*words).check().out)
        self.assertEqual(
            "here\n", self.runtime.run(self.bundle, "one", "--no-pivot=false").check().out
        )

    def test_a_number_of_descriptors_is_a_number(self):
        for given in ("abc", "", "99999999999", "2147483647", "1x"):
            words = ("run", f"--preserve-fds={given}", "--bundle", str(self.bundle.directory))
            done = self.runtime.call(*words, "one")
            self.assertEqual(2, done.code, str(done))
            self.assertIn("--preserve-fds", done.err)

    def test_a_dead_container_leaves_no_record_behind_the_next_create(self):
        self.runtime.run(self.bundle, "first").check()
        self.runtime.run(self.bundle, "second").check()
        self.assertEqual(
            [], [record for record in state.records() if record.endswith("/first.json")]
        )
