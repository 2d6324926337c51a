# SPDX-License-Identifier: Apache-2.0
"""Docker's other image store, containerd's (the default of new installations of Docker 29): what user_namespace shows holds there too."""
import io
import json
import tarfile
import tempfile
from pathlib import Path

from lib import state
from lib.case import EngineCase
from lib.docker import IMAGE, engine_release
from lib.verdict import need_host


class ContainerdStore(EngineCase):
    settings = {"features": {"containerd-snapshotter": True}}

    @classmethod
    def setUpClass(cls) -> None:
        need_host(engine_release() >= 26, "Docker before 26 has no finished containerd image store")
        super().setUpClass()

    def root(self, container: str) -> Path:
        """The container's root file system as the engine mounts it, from the kernel's table."""
        place = str(self.engine.directory / "data/rootfs")
        found = [
            line.split()[4]
            for line in Path("/proc/self/mountinfo").read_text().splitlines()
            if line.split()[4].startswith(place) and line.split()[4].endswith(container)
        ]
        self.assertEqual(1, len(found), found)
        return Path(found[0])

    def test_the_engine_uses_that_store(self):
        shown = json.loads(self.engine.cli("info", "-f", "{{json .DriverStatus}}").check().out)
        self.assertIn(["driver-type", "io.containerd.snapshotter.v1"], shown)

    def test_files_of_the_image_keep_their_owners(self):
        out = self.same_as_runc(IMAGE, "sh", "-c", "ls -ln /bin/busybox /home; ls -lnd / /etc").out
        self.assertNotIn("65534", out)
        self.assertIn(" 1000 ", out)

    def test_what_is_written_has_the_ids_that_runc_would_have_written(self):
        container = self.sleeper()
        self.inside(
            container, "sh", "-c", "echo kept > /var/f; touch /tmp/app; chown 33:44 /tmp/app"
        )
        root = self.root(container)
        self.assertEqual("kept\n", (root / "var/f").read_text())
        self.assertEqual((0, 0), owner(root / "var/f"))
        self.assertEqual((33, 44), owner(root / "tmp/app"))

    def test_copies_go_in_and_out_running_and_stopped(self):
        container = self.sleeper()
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, "in").write_text("copied\n")
            self.engine.cli("cp", f"{directory}/in", f"{container}:/tmp/in").check()
            self.assertEqual("copied\n", self.inside(container, "cat", "/tmp/in"))
            self.inside(container, "sh", "-c", "echo made > /var/made; chown 7 /var/made")
            self.assertEqual((7, 5), self.copied_out(container))
            self.engine.cli("stop", "-t", "0", container).check()
            self.assertEqual((7, 5), self.copied_out(container))
            self.engine.cli("cp", f"{directory}/in", f"{container}:/var/late").check()
        self.engine.cli("start", container).check()
        self.assertEqual("copied\n", self.inside(container, "cat", "/var/late"))

    def copied_out(self, container: str) -> tuple[int, int]:
        stream = self.engine.cli("cp", f"{container}:/var/made", "-").check().stdout
        with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
            member = archive.getmembers()[0]
            return member.uid, member.size

    def test_diff_commit_and_export_see_what_was_written(self):
        container = self.sleeper()
        self.inside(container, "sh", "-c", "echo kept > /var/f; rm -rf /home/app; chown 12 /var/f")
        diff = self.engine.cli("diff", container).check().out.splitlines()
        self.assertLessEqual({"A /var/f", "D /home/app"}, set(diff))
        image = self.engine.cli("commit", container, "committed").check().out.strip()
        self.addCleanup(lambda: self.engine.cli("rmi", "-f", image))
        out = self.same_as_runc("committed", "sh", "-c", "cat /var/f; ls -ln /var/f; ls /home").out
        self.assertIn("kept\n", out)
        self.assertRegex(out, r" 12 +0 ")
        exported = self.engine.cli("export", container).check().stdout
        with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
            self.assertEqual(12, archive.getmember("var/f").uid)
            self.assertEqual(0, archive.getmember("bin/busybox").uid)

    def test_state_survives_a_restart(self):
        container = self.sleeper()
        self.inside(container, "sh", "-c", "echo kept > /var/state; chown 5 /var/state")
        self.engine.cli("restart", "-t", "0", container).check()
        self.assertEqual("kept\n", self.inside(container, "cat", "/var/state"))
        self.assertEqual("5\n", self.inside(container, "stat", "-c", "%u", "/var/state"))

    def test_volumes_and_their_owners(self):
        container = self.sleeper("-v", "/named")
        self.inside(container, "sh", "-c", "echo named > /named/f; chown 3 /named/f")
        source = self.engine.inspect(container, "{{(index .Mounts 0).Source}}")
        self.assertEqual(3, Path(source, "f").stat().st_uid)

    def test_nothing_stays_in_the_mount_table(self):
        before = state.here()
        for _ in range(3):
            self.engine.run(IMAGE, "touch", "/var/f").check()
        self.engine.run("-v", "/etc:/host", IMAGE, "true").check_failed()
        self.assertEqual(before, state.here())


def owner(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_uid, status.st_gid
