# SPDX-License-Identifier: Apache-2.0
"""What holds below every engine that an ordinary user runs: the user's own ids are kept. The rest is on the list of truths (engines/truths.py)."""
import os

from lib.rootless import IDS, UID


class RootlessCases:
    """For a unittest.TestCase with `engine` (cli, run, directory), IMAGE and PLAIN, the name of runc there."""

    def started(self, *flags: str) -> str:
        """A container that waits."""
        raise NotImplementedError

    def container(self, *flags: str) -> str:
        name = self.started(*flags)
        self.addCleanup(lambda: self.engine.cli("rm", "-f", name))
        return name

    def inside(self, name: str, *words: str) -> str:
        return self.engine.cli("exec", name, *words).check().out

    def test_the_users_mapping_is_kept(self):
        words = (self.IMAGE, "cat", "/proc/self/uid_map")
        plain = self.engine.run(*words, runtime=self.PLAIN).check().out
        self.assertEqual(plain, self.engine.run(*words).check().out)
        self.assertIn(str(IDS[0]), plain)

    def test_copies_and_volumes_belong_to_the_user(self):
        volume = self.engine.directory / "volume"
        volume.mkdir()
        os.chown(volume, UID, UID)
        name = self.container("-v", f"{volume}:/vol")
        script = "echo of-root > /vol/root; echo of-seven > /vol/seven; chown 7:7 /vol/seven"
        self.inside(name, "sh", "-c", script)
        owners = [(volume / file).stat().st_uid for file in ("root", "seven")]
        self.assertEqual([UID, IDS[0] + 6], owners, "root is the user, 1 is the first of /etc/subuid")
        (volume / "in").write_text("copied\n")
        self.engine.cli("cp", str(volume / "in"), f"{name}:/tmp/in").check()
        self.assertEqual("copied\n", self.inside(name, "cat", "/tmp/in"))
        out = volume / "out"
        self.engine.cli("cp", f"{name}:/vol/seven", str(out)).check()
        self.assertEqual("of-seven\n", out.read_text())
