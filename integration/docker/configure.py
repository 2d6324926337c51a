# SPDX-License-Identifier: Apache-2.0
"""`hardened configure docker` against a real dockerd: registered, tried, made the default, and taken out again without stranding it."""
import json
import shutil
import unittest
from pathlib import Path

from lib import command, sandbox, slowness
from lib.kernel import status_fields
from lib.docker import IMAGE, Docker

STATUS = ("cat", "/proc/self/status")


class Engine(unittest.TestCase):
    flags: tuple = ()

    def setUp(self) -> None:
        flags = self.flags

        class WithFlags(Docker):
            def daemon_line(self, configuration: Path) -> list[str]:
                return [*super().daemon_line(configuration), *flags]

        self.engine = WithFlags()
        self.engine.settings.pop("runtimes")
        self.addCleanup(self.stop)
        self.engine.start()
        self.file = self.engine.directory / "daemon.json"
        self.binary = sandbox.base() / "bin/hardened"
        self.binary.parent.mkdir(exist_ok=True)
        shutil.copy(sandbox.binary(), self.binary)

    def stop(self) -> None:
        self.engine.stop()
        shutil.rmtree(self.engine.directory, ignore_errors=True)

    def own(self, *words: str) -> command.Result:
        return command.run(str(self.binary), *words, "--file", str(self.file))

    def status(self, *flags: str) -> dict:
        return status_fields(self.engine.cli("run", "--rm", *flags, IMAGE, *STATUS).check().out)

    def images(self) -> set[str]:
        return set(self.engine.cli("images", "-aq").check().out.split())


class Configure(Engine):
    def test_registered_default_and_taken_out_again(self):
        original = self.file.read_text()
        shown = self.own("configure", "docker", "--dry-run").check().out
        self.assertIn(f'+++ {self.file}\n', shown)
        self.assertEqual(original, self.file.read_text())

        done = self.own("configure", "docker", "--reload").check()
        self.assertIn("docker run --runtime=hardened", done.out)
        self.assertEqual("1", self.status("--runtime=hardened")["NoNewPrivs"])
        self.assertEqual("0", self.status()["NoNewPrivs"])
        backup = self.file.with_name("daemon.json.hardened-backup")
        self.assertEqual(original, backup.read_text())
        self.assertEqual(
            json.loads(original) | {"runtimes": {"hardened": {"path": str(self.binary)}}},
            json.loads(self.file.read_text()),
        )
        backup.unlink()
        again = self.own("configure", "docker", "--reload").check()
        self.assertIn("nothing to be done", again.out)
        self.assertFalse(backup.exists())

        self.engine.cli("create", "--name", "old", IMAGE, "true").check()
        images, containers = self.images(), self.engine.cli("ps", "-aq").out
        done = self.own("configure", "docker", "--default").check()
        self.assertIn("a trial container ran", done.out)
        self.assertIn("keeps its runtime runc until it is made again: container old", done.out)
        self.assertEqual((images, containers), (self.images(), self.engine.cli("ps", "-aq").out))
        self.assertEqual("1", self.status()["NoNewPrivs"])

        self.engine.cli("create", "--name", "new", IMAGE, "true").check()
        refused = self.own("unconfigure", "docker", "--reload").check_failed()
        self.assertIn("cannot start again without the runtime: new", refused.err)
        self.assertEqual(3, refused.code)
        self.engine.cli("rm", "new").check()
        self.own("unconfigure", "docker", "--reload").check()
        self.assertEqual("0", self.status()["NoNewPrivs"])
        self.assertEqual(
            json.loads(original) | {"default-runtime": "runc"}, json.loads(self.file.read_text())
        )
        self.engine.cli("start", "-a", "old").check()
        self.engine.stop_daemon()
        self.engine.settings = json.loads(self.file.read_text())  # what start() writes
        self.engine.start()
        self.assertIn("nothing to be done", self.own("unconfigure", "docker").check().out)

    def test_taken_out_without_a_reload_the_daemon_starts_and_reloads(self):
        self.own("configure", "docker", "--default").check()
        done = self.own("unconfigure", "docker").check()
        self.assertIn("systemctl reload docker", done.out)
        text = self.file.read_text()
        self.engine.daemon.send_signal(1)
        for _ in slowness.moments(5):
            if "hardened" not in self.engine.cli("info", "-f", "{{.Runtimes}}").out:
                break
        self.assertEqual("0", self.status()["NoNewPrivs"])
        self.assertEqual(text, self.file.read_text())

    def test_a_failed_trial_leaves_the_default_alone(self):
        """Nothing starts under a policy that cannot be read."""
        policy = Path("/etc/hardened/policy.json")
        policy.write_text("{")
        self.addCleanup(policy.unlink)
        images = self.images()
        done = self.own("configure", "docker", "--default").check_failed()
        self.assertIn("the trial container did not run: ", done.err)
        self.assertIn("policy.json", done.err)
        self.assertNotIn("default-runtime", self.file.read_text())
        self.assertEqual((images, ""), (self.images(), self.engine.cli("ps", "-aq").out))

    def test_broken_json_is_refused_with_its_place(self):
        broken = self.file.read_text().replace("{", '{\n "debug" true,', 1)
        self.file.write_text(broken)
        done = self.own("configure", "docker").check_failed()
        self.assertIn("line 2, column 13", done.err)
        self.assertEqual(broken, self.file.read_text())

    def test_an_executable_that_others_can_write_is_refused(self):
        self.binary.chmod(0o777)
        done = self.own("configure", "docker").check_failed()
        self.assertIn("can be written by others than root", done.err)
        self.assertNotIn("runtimes", self.file.read_text())


class FlagConflict(Engine):
    flags = ("--add-runtime", "other=/usr/sbin/runc")

    def test_a_daemon_that_has_the_directive_as_a_flag_is_not_stranded(self):
        before = self.file.read_text()
        done = self.own("configure", "docker", "--reload").check_failed()
        self.assertIn("--add-runtime", done.err)
        self.assertEqual((3, before), (done.code, self.file.read_text()))
