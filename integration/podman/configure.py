# SPDX-License-Identifier: Apache-2.0
"""`hardened configure podman`: Podman finds the runtime by its name, as the default too, and loses it again."""
import shutil
import unittest
from pathlib import Path

from lib import command, podman, sandbox
from lib.kernel import status_fields

DROP_IN = Path("/etc/containers/containers.conf.d/50-hardened.conf")
RUN = ("run", "--rm", "--network", "none", podman.IMAGE, "cat", "/proc/self/status")


TRIAL = Path("/var/cache/hardened-trial")


def place_for_trials(case: unittest.TestCase) -> None:
    """Where the wrapper tries a bundle, on a file system whose files can be id-mapped."""
    TRIAL.mkdir(mode=0o711, exist_ok=True)
    command.run("mount", "-t", "tmpfs", "-o", "mode=711", "trial", str(TRIAL)).check()

    def leave() -> None:
        left = list(TRIAL.iterdir())
        command.run("umount", str(TRIAL)).check()
        TRIAL.rmdir()
        case.assertEqual([], left)

    case.addCleanup(leave)


class Configure(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = podman.Podman(rootless=False)
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.import_image()
        cls.binary = sandbox.base() / "bin/hardened"
        cls.binary.parent.mkdir(exist_ok=True)
        shutil.copy(sandbox.binary(), cls.binary)

    def own(self, *words: str) -> command.Result:
        return command.run(str(self.binary), *words)

    def status(self, runtime: str = "") -> dict:
        return status_fields(self.engine.cli(*RUN, runtime=runtime).check().out)

    def default(self) -> str:
        return self.engine.cli("info", "--format", "{{.Host.OCIRuntime.Name}}").check().out.strip()

    def test_by_name_as_default_and_gone_again(self):
        place_for_trials(self)
        self.assertIn("50-hardened.conf", self.own("configure", "podman", "--dry-run").check().out)
        self.assertFalse(DROP_IN.exists())
        self.own("configure", "podman").check()
        self.assertEqual("1", self.status("hardened")["NoNewPrivs"])
        usual = self.default()
        self.assertNotEqual("hardened", usual)
        self.assertIn("nothing to be done", self.own("configure", "podman").check().out)

        self.assertIn("a trial container ran", self.own("configure", "podman", "--default").check().out)
        self.assertEqual("1", self.status()["NoNewPrivs"])
        self.assertEqual("hardened", self.default())
        refused = self.engine.cli("run", "--rm", "--network", "none", "--privileged", podman.IMAGE, "true")
        self.assertIn("hardened: privileged", refused.check_failed().err, "the JSON log is read")

        self.own("unconfigure", "podman").check()
        self.assertFalse(DROP_IN.exists())
        self.assertFalse(self.binary.with_name("hardened-pod").is_symlink())
        self.assertEqual(usual, self.default())
        self.assertIn("nothing to be done", self.own("unconfigure", "podman").check().out)

    def test_a_file_of_that_name_that_is_not_ours_is_left_alone(self):
        DROP_IN.parent.mkdir(exist_ok=True)
        DROP_IN.write_text("[engine]\n")
        self.addCleanup(DROP_IN.unlink)
        for word in ("configure", "unconfigure"):
            self.assertIn("was not made by configure", self.own(word, "podman").check_failed().err)
        self.assertEqual("[engine]\n", DROP_IN.read_text())
