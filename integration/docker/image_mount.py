# SPDX-License-Identifier: Apache-2.0
"""Docker's `--mount type=image`: another image's files inside a container (bundle/image_place: what else lies at such a place)."""
from lib.case import EngineCase
from lib.docker import IMAGE, engine_release
from lib.verdict import need_host

MOUNT = ("--mount", f"type=image,source={IMAGE},destination=/image")


class ImageMount(EngineCase):
    @classmethod
    def setUpClass(cls) -> None:
        need_host(engine_release() >= 28, "Docker before 28 mounts no images")
        super().setUpClass()

    def test_the_image_is_what_runc_shows(self):
        shown = self.same_as_runc(*MOUNT, IMAGE, "sh", "-c", "ls -ln /image /image/home; touch /image/x")
        self.assertNotIn("65534", shown.out)
        self.assertIn(" 1000 ", shown.out)
        self.assertIn("Read-only file system", shown.err)

    def test_it_stays_through_stop_and_start(self):
        container = self.sleeper(*MOUNT)
        self.engine.cli("restart", "-t", "0", container).check()
        self.assertIn("busybox", self.inside(container, "ls", "/image/bin"))


class OfContainerdsStore(ImageMount):
    settings = {"features": {"containerd-snapshotter": True}}
