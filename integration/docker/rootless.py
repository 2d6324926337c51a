# SPDX-License-Identifier: Apache-2.0
"""Docker as an ordinary user: the user's own ids are kept, the rest of the hardening holds."""
import os
import unittest

from lib import state
from lib.case import status_fields
from lib.docker import IMAGE
from lib.rootless import IDS, UID, RootlessDocker

KEPT = 0x4FB  # the eight capabilities of `standard`


class Rootless(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = RootlessDocker()
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.start()

    def sleeper(self, *flags: str) -> str:
        words = ("run", "-d", "--runtime", "hardened", *flags, IMAGE, "sleep", "300")
        name = self.engine.cli(*words).check().out.strip()
        self.addCleanup(lambda: self.engine.cli("rm", "-f", name))
        return name

    def inside(self, name: str, *words: str) -> str:
        return self.engine.cli("exec", name, *words).check().out

    def test_the_users_mapping_is_kept(self):
        words = (IMAGE, "cat", "/proc/self/uid_map")
        plain = self.engine.run(*words, runtime="runc").check().out
        self.assertEqual(plain, self.engine.run(*words).check().out)
        self.assertIn(str(IDS[0]), plain)

    def test_the_rest_of_the_hardening_holds(self):
        done = self.engine.run(IMAGE, "cat", "/proc/self/status").check()
        status = status_fields(done.out)
        self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
        self.assertEqual(int(status["CapBnd"], 16), KEPT)
        self.assertEqual(done.err, "")
        self.assertIn("Read-only", self.engine.shell("touch /usr/x").err)

    def test_exec_is_held_to_the_container(self):
        name = self.sleeper()
        for flags in ((), ("--privileged",)):
            said = self.engine.cli("exec", *flags, name, "cat", "/proc/self/status").check().out
            status = status_fields(said)
            self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
            self.assertEqual(int(status["CapBnd"], 16), KEPT)

    def test_copies_and_volumes_belong_to_the_user(self):
        volume = self.engine.directory / "volume"
        volume.mkdir()
        os.chown(volume, UID, UID)
        name = self.sleeper("-v", f"{volume}:/vol")
        self.inside(name, "sh", "-c", "echo of-seven > /vol/seven; chown 7:7 /vol/seven; touch /vol/root")
        owners = [(volume / file).stat().st_uid for file in ("root", "seven")]
        self.assertEqual([UID, IDS[0] + 6], owners, "root is the user, 1 is the first of /etc/subuid")
        self.engine.cli("cp", "-", f"{name}:/tmp", stdin=self.engine.archive()).check()
        self.assertTrue(self.inside(name, "ls", "/tmp").strip())

    def test_a_refusal_reads_as_everywhere(self):
        done = self.engine.run("--privileged", IMAGE, "true").check_failed()
        self.assertIn("policy setting: rules.", done.err)

    def test_the_hosts_root_keeps_nothing_of_it(self):
        self.engine.run(IMAGE, "true").check()
        self.assertEqual(set(), state.records())
