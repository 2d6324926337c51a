# SPDX-License-Identifier: Apache-2.0
"""Where Docker mounts an image for `--mount type=image` it mounts rootfs too: what of one a container can be given."""
import os
import shutil
import unittest
from pathlib import Path

from lib import sandbox
from lib.bundle import Bundle, Runtime

REFUSED = 3


class ImagePlace(unittest.TestCase):
    def setUp(self) -> None:
        self.runtime = Runtime(root=self._testMethodName[:40])
        directory = sandbox.base() / self._testMethodName[:40]
        self.bundle = Bundle(directory)
        self.storage = directory / "docker/overlay2"
        for name in ("base", "image"):
            (self.storage / name).mkdir(parents=True)
        shutil.move(directory / "rootfs", self.storage / "base/diff")
        (self.storage / "image/diff").mkdir()
        (self.storage / "image/diff/of-the-image").write_text("image\n")
        self.bundle.change("/root/path", str(self.overlay("own", "base")))
        self.other = self.overlay("other", "image")

    def overlay(self, name: str, lower: str) -> Path:
        place = self.storage / name
        for part in ("diff", "work", "merged"):
            (place / part).mkdir(parents=True)
        layers = f"lowerdir={self.storage}/{lower}/diff,upperdir={place}/diff,workdir={place}/work"
        sandbox.mount("-t", "overlay", "-o", layers, "overlay", str(place / "merged"))
        self.addCleanup(lambda: os.system(f"umount {place}/merged"))
        return place / "merged"

    def give(self, *options: str) -> None:
        document = self.bundle.document()
        mount = {"destination": "/other", "type": "bind", "source": str(self.other), "options": list(options)}
        document["mounts"].append(mount)
        self.bundle.write(document)

    def expect_refused(self) -> None:
        done = self.runtime.run(self.bundle)
        self.assertEqual(REFUSED, done.code, done)
        self.assertIn("rules.mounts.allowed_sources", done.err)

    def test_where_nobody_has_written_it_shows_the_image_and_nothing_later(self):
        self.give("rbind", "ro", "rprivate")
        self.bundle.shell("exec sleep 100")
        self.bundle.name_cgroup("reader")
        self.runtime.start(self.bundle, "reader", "run", "-d")
        self.addCleanup(lambda: self.runtime.call("delete", "--force", "reader"))
        (self.other / "secret").write_text("of another container\n")
        (self.other / "of-the-image").write_text("changed\n")
        done = self.runtime.call(
            "exec", "reader", "sh", "-c", "ls -ln /other; cat /other/*; touch /other/x"
        )
        self.assertIn("of-the-image", done.out, done)
        self.assertTrue(done.out.endswith("image\n"), done.out)
        self.assertNotIn("secret", done.out)
        self.assertNotIn("65534", done.out)
        self.assertIn("Read-only file system", done.err)

    def test_what_a_container_has_written_to_is_refused(self):
        self.give("rbind", "ro", "rprivate")
        (self.other / "secret").write_text("of another container\n")
        self.expect_refused()

    def test_writable_it_is_refused(self):
        self.give("rbind", "rprivate")
        self.expect_refused()


if __name__ == "__main__":
    unittest.main()
