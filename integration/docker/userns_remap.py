# SPDX-License-Identifier: Apache-2.0
"""An engine with userns-remap of its own: its ids are kept, the rest of the hardening holds."""
import os
import tempfile
from pathlib import Path

from lib.case import EngineCase
from lib.docker import IMAGE
from lib.kernel import status_fields

FIRST, COUNT = 300000, 65536
KEPT = 0x4FB  # the eight capabilities of `standard`


class UsernsRemap(EngineCase):
    settings = {"userns-remap": "remapped"}

    @classmethod
    def setUpClass(cls) -> None:
        for name, line in {
            "passwd": "remapped:x:4711:4711::/:/usr/sbin/nologin",
            "group": "remapped:x:4711:",
            "subuid": f"remapped:{FIRST}:{COUNT}",
            "subgid": f"remapped:{FIRST}:{COUNT}",
        }.items():
            with open(f"/etc/{name}", "a", encoding="ascii") as file:
                file.write(line + "\n")
        super().setUpClass()

    def test_the_engines_mapping_is_kept(self):
        name = self.sleeper()
        self.assertEqual(
            self.inside(name, "cat", "/proc/1/uid_map").split(), ["0", str(FIRST), str(COUNT)]
        )
        self.assertEqual(
            self.inside(name, "cat", "/proc/self/uid_map").split(), ["0", str(FIRST), str(COUNT)]
        )
        self.assertFalse(list(Path("/run/hardened").glob("ids/*.json")), "no range of ours is taken")

    def test_the_rest_of_the_hardening_holds(self):
        status = status_fields(self.engine.run(IMAGE, "cat", "/proc/self/status").check().out)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(int(status["CapBnd"], 16), KEPT)
        self.assertIn("Read-only", self.engine.shell("touch /usr/x").err)
        self.assertEqual(self.engine.shell("echo kept > /var/f && cat /var/f").out, "kept\n")

    def test_volumes_and_copies_are_as_under_runc(self):
        for runtime in ("runc", "hardened"):
            with self.subTest(runtime), tempfile.TemporaryDirectory() as directory:
                name = self.sleeper("-v", "/named", runtime=runtime)
                self.inside(name, "sh", "-c", "echo of root > /named/f; chown 33 /named/f")
                source = self.engine.inspect(name, "{{(index .Mounts 0).Source}}")
                self.assertEqual(os.stat(f"{source}/f").st_uid, FIRST + 33)
                Path(directory, "in").write_text("copied\n")
                self.engine.cli("cp", f"{directory}/in", f"{name}:/tmp/in").check()
                self.assertEqual(self.inside(name, "cat", "/tmp/in"), "copied\n")

    def test_leaving_the_remapping_is_refused(self):
        """The layers belong to the engine's ids: neither the host's nor a range of our own fits them."""
        done = self.engine.run("--userns=host", IMAGE, "echo", "started").check_failed()
        self.assertNotIn("started", done.out)
        self.assertRegex(done.err, f"hardened: user-namespace: /root/path: .*{FIRST}:{FIRST}")
