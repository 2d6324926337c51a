# SPDX-License-Identifier: Apache-2.0
"""Podman as an ordinary user: the user's own ids are kept, the rest of the hardening holds."""
import os
import unittest

from lib.case import status_fields
from lib.podman import IMAGE, Podman
from lib.rootless import IDS, UID

KEPT = 0x4FB  # the eight capabilities of `standard`


class Rootless(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.podman = Podman(rootless=True)
        cls.addClassCleanup(cls.podman.stop)
        cls.podman.import_image()

    def test_the_users_mapping_is_kept(self):
        maps = {
            runtime: self.podman.run(IMAGE, "cat", "/proc/self/uid_map", runtime=runtime)
            .check()
            .out
            for runtime in ("/usr/sbin/runc", None)
        }
        self.assertEqual(maps["/usr/sbin/runc"], maps[None])
        self.assertIn(str(IDS[0]), maps[None])

    def test_the_rest_of_the_hardening_holds(self):
        done = self.podman.run(IMAGE, "cat", "/proc/self/status").check()
        status = status_fields(done.out)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(int(status["CapBnd"], 16), KEPT)
        self.assertEqual(done.err, "")
        self.assertIn("Read-only", self.podman.run(IMAGE, "sh", "-c", "touch /usr/x").err)

    def container(self, *words: str) -> str:
        name = self.podman.start(*words, IMAGE, "sleep", "300")
        self.addCleanup(lambda: self.podman.cli("rm", "-f", "-t", "0", name))
        return name

    def test_exec_is_held_to_the_container(self):
        name = self.container()
        for flags in ((), ("--privileged",)):
            said = self.podman.cli("exec", *flags, name, "cat", "/proc/self/status").check().out
            status = status_fields(said)
            self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
            self.assertEqual(int(status["CapBnd"], 16), KEPT)
        self.assertEqual("7\n", self.podman.cli("exec", "-u", "7", name, "id", "-u").check().out)

    def test_copies_and_volumes_belong_to_the_user(self):
        volume = self.podman.directory / "volume"
        volume.mkdir()
        os.chown(volume, UID, UID)
        name = self.container("-v", f"{volume}:/vol")
        script = "echo of-root > /vol/root; echo of-seven > /vol/seven; chown 7:7 /vol/seven"
        self.podman.cli("exec", name, "sh", "-c", script).check()
        owners = [(volume / file).stat().st_uid for file in ("root", "seven")]
        self.assertEqual([UID, IDS[0] + 6], owners, "root is the user, 1 is the first of /etc/subuid")
        (volume / "in").write_text("copied\n")
        self.podman.cli("cp", str(volume / "in"), f"{name}:/tmp/in").check()
        self.assertEqual("copied\n", self.podman.cli("exec", name, "cat", "/tmp/in").check().out)
        self.podman.cli("cp", f"{name}:/vol/seven", str(self.podman.directory / "tmp/out")).check()
        self.assertEqual("of-seven\n", (self.podman.directory / "tmp/out").read_text())
