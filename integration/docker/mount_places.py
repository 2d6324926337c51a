# SPDX-License-Identifier: Apache-2.0
"""Where mounts land: links in images and volumes lead nowhere, and a mount inside another one works."""
import os
import socket

from lib import sandbox
from lib.case import EngineCase
from lib.docker import IMAGE

REFUSED = {
    "proc by a link of the image": ("-v", "{base}/a:/lp/sys"),
    "proc by a link in a volume": ("-v", "{base}/links:/data", "-v", "{base}/a:/data/proc"),
    "sys by a link of the image": ("--tmpfs", "/ls/kernel"),
    "dev by a link of the image": ("-v", "{base}/a:/ldev"),
    "the whole rootfs by a link": ("-v", "{base}/a:/top"),
    "the terminals": ("-v", "{base}/a:/dev/pts"),
}


class MountPlaces(EngineCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for name in ("a", "links", "engine", "outer"):
            (sandbox.base() / name).mkdir()
        (sandbox.base() / "outer/t").mkdir()
        (sandbox.base() / "outer/t").chmod(0o751)
        os.symlink("/proc", sandbox.base() / "links/proc")
        (sandbox.base() / "a/file").write_text("a\n")
        links = "ln -s /proc /lp; ln -s /sys /ls; ln -s /dev /ldev; ln -s / /top; ln -s /opt /lopt"
        cls.engine.cli(
            "run", "--name", "maker", "--runtime", "runc", IMAGE, "sh", "-c", links
        ).check()
        cls.engine.cli("commit", "maker", "linked").check()

    def words(self, flags) -> list[str]:
        return [flag.format(base=sandbox.base()) for flag in flags]

    def refused(self, *flags: str) -> str:
        done = self.engine.run(*self.words(flags), "linked", "echo", "started")
        self.assertNotIn("started", done.out, str(done))
        line = [line for line in done.err.splitlines() if "hardened: " in line]
        self.assertEqual(1, len(line), str(done))
        return line[0]

    def test_a_link_leads_no_mount_to_the_kernels_own_places(self):
        for name, flags in REFUSED.items():
            with self.subTest(name):
                line = self.refused(*flags)
                self.assertRegex(line, "mounts: |device-directory: ")
                self.assertIn("/mounts/", line)

    def test_an_ordinary_link_works_as_with_runc(self):
        words = self.words(("-v", "{base}/a:/lopt/a"))
        self.assertEqual("a\n", self.same_as_runc(*words, "linked", "cat", "/opt/a/file").out)

    def test_a_mount_inside_another_works_as_with_runc(self):
        words = self.words(
            ("-v", "{base}/outer:/data", "-v", "{base}/a:/data/in/a:ro", "--tmpfs", "/data/t")
        )
        script = (
            "cat /data/in/a/file; touch /data/in/a/new 2>&1; touch /data/t/x && ls /data; "
            "stat -c '%u %g %a' /data/t /data/t/x; grep -o ' /data/t [^ ]*' /proc/self/mountinfo"
        )
        done = self.same_as_runc(*words, IMAGE, "sh", "-c", script)
        self.assertIn("a\n", done.out)
        self.assertIn("Read-only", done.out)
        self.assertIn("0 0 751\n", done.out)
        self.assertEqual([], os.listdir(sandbox.base() / "outer/t"))

    def test_the_directory_of_a_listening_engine_is_refused_wherever_it_is(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(f"{sandbox.base()}/engine/docker.sock")
        self.assertIn("mounts: /mounts/", self._refused_after_listening(listener))

    def _refused_after_listening(self, listener) -> str:
        self.engine.run(*self.words(("-v", "{base}/engine:/x")), IMAGE, "true").check()
        listener.listen()
        return self.refused("-v", "{base}/engine:/x")

    def test_the_directory_of_this_very_engine_is_refused(self):
        # Which of its sockets is named first (its own, its containerd's) follows the kernel's table.
        self.assertRegex(self.refused("-v", "{base}/docker:/x"), r"reaches \S+(/socket|\.sock)\b")
