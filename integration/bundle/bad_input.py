# SPDX-License-Identifier: Apache-2.0
"""Bad input: a clear error of the right kind, nothing started, nothing changed and nothing left."""
import json
import os
import unittest
from pathlib import Path

from lib import sandbox, state
from lib.bundle import Bundle, Runtime

POLICY = Path("/etc/hardened/policy.json")
INVALID, REFUSED, SYSTEM = 2, 3, 1
OBJECTS = (
    "/process",
    "/process/capabilities",
    "/process/user",
    "/root",
    "/mounts/0",
    "/linux",
    "/linux/resources",
)


class BadInput(unittest.TestCase):
    def setUp(self) -> None:
        sandbox.base().joinpath("cases").mkdir(exist_ok=True)
        self.bundle = Bundle(sandbox.base() / "cases" / self._testMethodName[:40])
        self.bundle.name_cgroup("one")
        self.bundle.change("/process/args", ["touch", "/tmp/started"])
        self.log = self.bundle.directory / "log.json"

    def rejected(self, code: int, *said: str, program: str | None = None) -> dict:
        """The object in the log, having looked that nothing else happened."""
        before, text = state.mounts() | state.records(), self.read_config()
        done = Runtime(program).call(
            "--log",
            str(self.log),
            "--log-format",
            "json",
            "create",
            "--bundle",
            str(self.bundle.directory),
            "--pid-file",
            str(self.bundle.directory / "pid"),
            "one",
        )
        self.assertEqual(code, done.code, str(done))
        self.assertEqual("", done.out)
        self.assertEqual(1, done.err.count("hardened: "), done.err)
        lines = self.log.read_text().splitlines()
        self.assertEqual(1, len(lines), lines)
        entry = json.loads(lines[0])
        self.assertEqual({"level": "error"}, {"level": entry["level"]})
        self.assertRegex(
            entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
        )
        for word in said:
            self.assertIn(word, entry["msg"])
        self.assertIn(entry["msg"].removeprefix("hardened: "), done.err)
        self.assertEqual(before, state.mounts() | state.records())
        self.assertEqual(text, self.read_config())
        self.assertFalse((self.bundle.directory / "pid").exists())
        self.assertFalse((self.bundle.directory / "rootfs/tmp/started").exists())
        self.assertLessEqual(
            set(os.listdir(self.bundle.directory)),
            {"config.json", "rootfs", "log.json", "other.json"},
        )
        return entry

    def read_config(self) -> bytes | None:
        return self.bundle.config.read_bytes() if self.bundle.config.exists() else None

    def test_truncated(self):
        whole = self.bundle.config.read_bytes()
        self.bundle.config.write_bytes(whole[: len(whole) // 2])
        self.rejected(INVALID)

    def test_empty(self):
        self.bundle.config.write_bytes(b"")
        self.rejected(INVALID)

    def test_missing(self):
        self.bundle.config.unlink()
        self.rejected(SYSTEM, "config.json")

    def test_not_an_object(self):
        self.bundle.config.write_text("[1]")
        self.rejected(INVALID)

    def test_nothing_to_run(self):
        document = self.bundle.document()
        for pointer, changed in (
            ("/process", {key: value for key, value in document.items() if key != "process"}),
            ("/process/args", document | {"process": document["process"] | {"args": []}}),
        ):
            with self.subTest(pointer):
                self.log.unlink(missing_ok=True)
                self.bundle.write(changed)
                self.rejected(INVALID, f"{pointer}: missing")

    def test_duplicate_keys(self):
        text = self.bundle.config.read_text()
        self.bundle.config.write_text(text.replace("{", '{"root": {"path": "rootfs"},', 1))
        self.rejected(INVALID, "root")

    def test_a_key_that_differs_in_case(self):
        text = self.bundle.config.read_text()
        self.bundle.config.write_text(text.replace("{", '{"Linux": {},', 1))
        self.rejected(INVALID, "Linux")

    def test_depth(self):
        self.bundle.config.write_text('{"annotations": ' + "[" * 100000 + "]" * 100000 + "}")
        self.rejected(INVALID)

    def test_size(self):
        self.bundle.change("/hostname", "x" * (64 << 20))
        self.rejected(INVALID)

    def test_invalid_utf8(self):
        whole = self.bundle.config.read_bytes()
        self.bundle.config.write_bytes(whole.replace(b'"runc"', b'"ru\xff\xfe"'))
        self.rejected(INVALID)

    def test_wrong_types(self):
        original = self.bundle.config.read_text()
        for pointer in (
            "/process",
            "/process/capabilities",
            "/process/args",
            "/process/rlimits",
            "/process/user",
            "/root",
            "/mounts",
            "/mounts/0",
            "/mounts/0/options",
            "/linux",
            "/linux/namespaces",
            "/linux/resources",
            "/linux/maskedPaths",
            "/process/noNewPrivileges",
            "/linux/resources/devices",
        ):
            for value in (
                (7, "text", [[1]]) if pointer in OBJECTS else (7, "text", {"x": [None]}, [[1]])
            ):
                with self.subTest(pointer, value=value):
                    self.bundle.config.write_text(original)
                    before = self.bundle.document()
                    self.bundle.change(pointer, value)
                    self.log.unlink(missing_ok=True)
                    if self.bundle.document() != before:
                        self.rejected(INVALID, pointer)

    def test_a_link_in_the_place_of_the_document(self):
        other = self.bundle.directory / "other.json"
        self.bundle.config.rename(other)
        self.bundle.config.symlink_to("other.json")
        self.rejected(INVALID, "config.json")
        self.assertTrue(self.bundle.config.is_symlink())

    def test_a_fifo_in_the_place_of_the_document(self):
        self.bundle.config.unlink()
        os.mkfifo(self.bundle.config)
        self.read_config = lambda: None
        self.rejected(INVALID, "config.json")

    def test_no_runtime_on_the_host(self):
        os.symlink("/no/such/runc", "/etc/hardened/runtime")
        self.addCleanup(os.unlink, "/etc/hardened/runtime")
        self.rejected(REFUSED, "/etc/hardened/runtime")

    def test_the_wrapper_as_its_own_runtime(self):
        os.symlink(sandbox.binary(), "/etc/hardened/runtime")
        self.addCleanup(os.unlink, "/etc/hardened/runtime")
        self.rejected(REFUSED, "/etc/hardened/runtime")

    def test_a_policy_that_others_can_write(self):
        POLICY.write_text("{}")
        self.addCleanup(POLICY.unlink)
        POLICY.chmod(0o666)
        self.rejected(INVALID, str(POLICY))

    def test_a_policy_that_cannot_be_read(self):
        def a_link_to_nowhere():
            POLICY.symlink_to("/no/such/policy.json")

        def anothers_file():
            POLICY.write_text("{}")
            os.chown(POLICY, 1000, 1000)

        for make in (POLICY.mkdir, a_link_to_nowhere, lambda: os.mkfifo(POLICY), anothers_file):
            with self.subTest(make):
                self.log.unlink(missing_ok=True)
                make()
                try:
                    self.rejected(INVALID, str(POLICY))
                finally:
                    POLICY.rmdir() if POLICY.is_dir() else POLICY.unlink()

    def test_a_policy_that_is_no_policy(self):
        self.addCleanup(POLICY.unlink)
        for text, said in (
            ("{", str(POLICY)),
            ('{"default_profil": "strict"}', "default_profile"),
            ('{"default_profile": "no-such"}', "no-such"),
        ):
            with self.subTest(text):
                self.log.unlink(missing_ok=True)
                POLICY.write_text(text)
                self.rejected(INVALID, said)

    def test_a_full_disk(self):
        small = sandbox.base() / "small"
        small.mkdir()
        sandbox.mount("-t", "tmpfs", "-o", "size=64k", "small", str(small))
        self.addCleanup(lambda: os.system(f"umount {small}"))
        self.bundle.change("/root/path", str(self.bundle.directory / "rootfs"))
        (small / "config.json").write_bytes(self.bundle.config.read_bytes())
        with open(small / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        before = (
            (small / "config.json").read_bytes(),
            sorted(os.listdir(small)),
            state.records() | state.mounts(),
        )
        done = Runtime().call("run", "--bundle", str(small), "one")
        self.assertEqual(SYSTEM, done.code, str(done))
        self.assertIn("hardened: ", done.err)
        self.assertEqual(
            before,
            (
                (small / "config.json").read_bytes(),
                sorted(os.listdir(small)),
                state.records() | state.mounts(),
            ),
        )

    def test_a_refusal(self):
        self.bundle.change(
            "/mounts/0",
            {"destination": "/x", "type": "bind", "source": "/etc", "options": ["bind"]},
        )
        self.rejected(REFUSED, "/etc", "mounts", "rules.mounts.allowed_sources")

    def test_an_unknown_global_flag(self):
        done = Runtime().call("--no-such-flag", "create", "one")
        self.assertEqual(INVALID, done.code, str(done))
        self.assertIn("no-such-flag", done.err)
