# SPDX-License-Identifier: Apache-2.0
"""containerd without Docker: `ctr run --runc-binary hardened`, beside the list of truths (truths.py)."""
import time
import unittest
from pathlib import Path

from lib import docker, sandbox, state
from lib.containerd import IMAGE, Containerd
from lib.kernel import status_fields


class Ctr(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.before = state.here()
        cls.engine = Containerd()
        cls.addClassCleanup(cls.stop_and_compare)
        cls.engine.start()

    @classmethod
    def stop_and_compare(cls) -> None:
        cls.engine.stop()
        left = sorted(state.here() ^ cls.before)
        if left:
            raise AssertionError("left behind:\n" + "\n".join(left))

    def container(self, name: str, *flags: str) -> str:
        place = ("--cgroup", f"{sandbox.cgroup_parent()}/{name}")
        words = ("run", "-d", "--runc-binary", str(sandbox.binary()), *place, *flags, IMAGE, name, "sleep", "300")
        self.engine.cli(*words).check()
        self.addCleanup(self.engine.remove, name)
        return name

    def inside(self, name: str, *words: str, flags: tuple[str, ...] = ()) -> str:
        number = str(time.monotonic_ns())
        return self.engine.cli("tasks", "exec", "--exec-id", number, *flags, name, *words).check().out

    def test_files_and_environment_are_as_under_runc(self):
        script = "stat -c '%n %u:%g %a' /* /home/app /bin/busybox | grep -v '/proc\\|/sys'; id; pwd; echo $KNOWN; hostname"
        outputs = [
            self.engine.run(name, "sh", "-c", script, flags=("--env", "KNOWN=yes"), runtime=runtime).check().out
            for name, runtime in (("same", docker.RUNC), ("same", ""))
        ]
        self.assertEqual(*outputs)

    def test_exec_joins_as_another_user_and_not_through_a_descriptor(self):
        name = self.container("held", "--cap-drop", "CAP_CHOWN")
        shown = status_fields(self.inside(name, "cat", "/proc/self/status"))
        self.assertEqual(0, int(shown["CapBnd"], 16) & 1, "CHOWN was dropped at the start")
        self.assertEqual("7\n", self.inside(name, "id", "-u", flags=("--user", "7")))
        words = ("tasks", "exec", "--exec-id", "x", "--cwd", "/proc/self/fd/7", name, "id")
        self.assertIn("CVE-2024-21626", self.engine.cli(*words).check_failed().err)

    def test_pause_and_processes(self):
        name = self.container("paused")
        self.engine.cli("tasks", "pause", name).check()
        self.assertIn("PAUSED", self.engine.cli("tasks", "ls").out)
        self.engine.cli("tasks", "resume", name).check()
        self.assertRegex(self.engine.cli("tasks", "ps", name).check().out, r"\n\d+")

    def test_volumes_and_snapshots_hold_no_shifted_id(self):
        volume = self.engine.directory / "volume"
        volume.mkdir()
        mount = f"type=bind,src={volume},dst=/vol,options=rbind:rw"
        name = self.container("written", "--mount", mount)
        script = "echo kept > /vol/f; chown 7:8 /vol/f; echo kept > /var/f; chown 7:8 /var/f"
        self.inside(name, "sh", "-c", script)
        self.assertEqual((7, 8), (Path(volume / "f").stat().st_uid, Path(volume / "f").stat().st_gid))
        seen, shifted = state.shifted(self.engine.directory / "root")
        self.assertEqual([], shifted[:5])
        self.assertGreater(seen, 100)

if __name__ == "__main__":
    unittest.main()
