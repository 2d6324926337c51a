# SPDX-License-Identifier: Apache-2.0
"""An image of many layers and a container's overlay over it, laid out as Docker's overlay2 does: directories, short names, options."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from lib import image


def overlay_options(prefix: str, lower: list[str], container: str) -> str:
    """Docker's: whole names as long as they fit into a page, else such as begin in its directory."""
    layers = ":".join(prefix + name for name in lower)
    return f"lowerdir={layers},upperdir={prefix}{container}/diff,workdir={prefix}{container}/work"


class Storage:
    """Docker's data root, so far as the wrapper looks at it."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.overlays = directory / "overlay2"
        (self.overlays / "l").mkdir(parents=True)
        image.unpack(self.layer("base") / "diff")
        self.layers = ["base"]

    def layer(self, name: str) -> Path:
        """A new one, with the short name under which it is mounted."""
        directory = self.overlays / name
        directory.mkdir()
        (self.overlays / "l" / self.short(name)).symlink_to(f"../{name}/diff")
        return directory

    def short(self, name: str) -> str:
        return hashlib.sha256(name.encode()).hexdigest()[:26].upper()

    def rootfs(self, container: str, count: int) -> Path:
        """A container's own, over the lowest `count` layers; mounted."""
        while len(self.layers) < count:
            name = f"layer{len(self.layers)}"
            files = self.layer(name) / "diff/usr/share" / name
            files.mkdir(parents=True)
            (files / "file").write_text(name)
            self.layers.append(name)
        place = self.layer(container)
        for part in ("diff", "work", "merged"):
            (place / part).mkdir()
        names = [f"l/{self.short(name)}" for name in reversed(self.layers[:count])]
        options = overlay_options(f"{self.overlays}/", names, container)
        if len(options) >= os.sysconf("SC_PAGE_SIZE"):
            options = overlay_options("", names, container)
        line = ["mount", "-t", "overlay", "-o", options, "overlay", f"{container}/merged"]
        subprocess.run(line, cwd=self.overlays, check=True)
        return place / "merged"

    def files(self, container: str) -> Path:
        """The three that Docker binds into every container."""
        directory = self.directory / "containers" / container
        directory.mkdir(parents=True)
        for name in ("resolv.conf", "hostname", "hosts"):
            (directory / name).write_text(f"{container}\n")
        return directory

    def clear(self) -> None:
        """What the wrapper made beside a container's layers; an engine removes it with them."""
        for directory in self.overlays.glob("*/hardened-*"):
            shutil.rmtree(directory)
