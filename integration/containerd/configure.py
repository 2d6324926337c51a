# SPDX-License-Identifier: Apache-2.0
"""`hardened configure containerd`: what containerd itself makes of the file that results, by its `config dump`."""
import os
import re
import shutil
import unittest
from pathlib import Path

from lib import command, sandbox, verdict

CONTAINERD = "/usr/bin/containerd"
DEBIAN = """version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/of-the-test"
"""
OWN_RUNTIMES = """version = 2
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "mine"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.mine]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
"""


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
    def setUp(self) -> None:
        verdict.need_installed(os.access(CONTAINERD, os.X_OK), f"{CONTAINERD} is not installed")
        self.directory = sandbox.base() / "etc-containerd"
        self.directory.mkdir()
        self.addCleanup(shutil.rmtree, self.directory)
        self.file = self.directory / "config.toml"
        self.binary = sandbox.base() / "bin/hardened"
        self.binary.parent.mkdir(exist_ok=True)
        shutil.copy(sandbox.binary(), self.binary)
        self.link = self.binary.with_name("hardened-pod")
        self.addCleanup(self.link.unlink, missing_ok=True)

    def own(self, *words: str) -> command.Result:
        return command.run(str(self.binary), *words, "--file", str(self.file))

    def dump(self) -> str:
        return command.run(CONTAINERD, "--config", str(self.file), "config", "dump").check().out

    def options_of(self, runtime: str) -> str:
        found = re.search(rf"\.runtimes\.{runtime}\.options\]\n(.*?)\n\n", self.dump(), re.DOTALL)
        return found[1] if found else ""

    def default(self) -> str:
        return re.search(r"default_runtime_name = ['\"](.*?)['\"]", self.dump())[1]

    def test_containerd_reads_the_runtime_and_keeps_what_it_had(self):
        self.file.write_text(DEBIAN)
        before = self.dump()
        self.own("configure", "containerd", "--dry-run").check()
        self.assertEqual(DEBIAN, self.file.read_text())
        self.assertFalse(self.link.is_symlink())
        self.own("configure", "containerd").check()
        self.assertIn(f'BinaryName = "{self.link}"', self.options_of("hardened").replace("'", '"'))
        self.assertIn("SystemdCgroup = false", self.options_of("hardened"))
        self.assertIn(".runtimes.runc]", self.dump(), "containerd 1.x forgets its own beside others")
        self.assertEqual("runc", self.default())
        self.assertIn("/etc/cni/of-the-test", self.dump())
        self.assertEqual(os.stat(self.binary).st_ino, os.stat(self.link).st_ino)
        text = self.file.read_text()
        self.assertIn("nothing to be done", self.own("configure", "containerd").check().out)
        self.assertEqual(text, self.file.read_text())
        self.own("unconfigure", "containerd").check()
        self.assertFalse(self.link.is_symlink())
        self.assertEqual(before.split("imports")[0], self.dump().split("imports")[0])
        self.assertEqual("runc", self.default())

    def test_the_cgroup_driver_is_taken_over_and_the_default_comes_back(self):
        self.file.write_text(OWN_RUNTIMES)
        place_for_trials(self)
        done = self.own("configure", "containerd", "--default").check()
        self.assertIn("a trial container ran", done.out)
        self.assertIn("SystemdCgroup = true", self.options_of("hardened"))
        self.assertEqual("hardened", self.default())
        self.own("unconfigure", "containerd").check()
        self.assertEqual("mine", self.default())
        self.assertNotIn("runtimes.hardened", self.dump())

    def test_a_file_of_version_1_is_refused(self):
        self.file.write_text('root = "/var/lib/containerd"\n')
        if "1." in command.run(CONTAINERD, "--version").out.split()[2][:2]:
            self.assertIn("version = 2", self.own("configure", "containerd").check_failed().err)

    def test_a_package_asks_whether_it_may_go(self):
        self.assertEqual(0, command.run(str(self.binary), "unconfigure", "--check").code)
        Path("/etc/containerd").mkdir(exist_ok=True)
        Path("/etc/containerd/config.toml").write_text(DEBIAN)
        command.run(str(self.binary), "configure", "containerd").check()
        asked = command.run(str(self.binary), "unconfigure", "--check")
        self.assertEqual(3, asked.code)
        self.assertIn("hardened unconfigure containerd", asked.out)
        command.run(str(self.binary), "unconfigure", "containerd").check()
        self.assertEqual(0, command.run(str(self.binary), "unconfigure", "--check").code)
