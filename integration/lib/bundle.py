# SPDX-License-Identifier: Apache-2.0
"""A real bundle, made by `runc spec` over the busybox root file system, and the wrapper called as an engine would."""
import json
from pathlib import Path

from lib import command, image, sandbox
from lib.docker import RUNC

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class Bundle:
    def __init__(self, directory: Path, rootfs: Path | None = None):
        """`rootfs`: one that is there already, shared by many."""
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        if rootfs is None:
            image.unpack(directory / "rootfs")
        command.run(RUNC, "spec", "--bundle", str(directory)).check()
        document = self.document()
        document["process"].update(terminal=False, args=["true"])
        document["root"] = {"path": str(rootfs or "rootfs"), "readonly": False}
        self.write(document)
        self.name_cgroup(directory.name)

    def name_cgroup(self, identifier: str) -> None:
        """A cgroup is named after its container."""
        self.change("/linux/cgroupsPath", f"{sandbox.cgroup_parent()}/{identifier}")

    @property
    def config(self) -> Path:
        return self.directory / "config.json"

    def document(self) -> dict:
        return json.loads(self.config.read_text())

    def write(self, document: dict) -> None:
        self.config.write_text(json.dumps(document, indent=1))

    def change(self, pointer: str, value) -> None:
        """Sets one place of the document, named by its JSON pointer."""
        document = place = self.document()
        *way, last = pointer.strip("/").split("/")
        for word in way:
            place = place[int(word)] if isinstance(place, list) else place[word]
        place[int(last) if isinstance(place, list) else last] = value
        self.write(document)

    def shell(self, script: str) -> "Bundle":
        self.change("/process/args", ["sh", "-c", script])
        return self


class Runtime:
    """The wrapper or runc itself, with a root directory for its containers."""

    def __init__(self, program: str | Path | None = None, root: str = "containers"):
        self.program = str(program or sandbox.binary())
        self.root = str(sandbox.base() / root)

    def call(self, *words: str, stdin: bytes = b"", directory=None) -> command.Result:
        return command.run(
            self.program,
            "--root",
            self.root,
            *words,
            stdin=stdin,
            environment=ENVIRONMENT,
            directory=directory,
            timeout=20,
        )

    def run(self, bundle: Bundle, identifier: str = "one", *flags: str) -> command.Result:
        if not bundle.document()["linux"]["cgroupsPath"].endswith(f"/{identifier}"):
            bundle.name_cgroup(identifier)
        return self.call("run", "--bundle", str(bundle.directory), *flags, identifier)

    def start(self, bundle: Bundle, identifier: str, *words: str) -> None:
        """`words`: create, or run -d, after other global flags. What stays holds the output open, so that goes to a file."""
        output = bundle.directory / "output"
        with open(output, "wb") as file:
            line = (self.program, "--root", self.root, *words, "--bundle", str(bundle.directory), identifier)
            code = command.run_to_file(file, *line, environment=ENVIRONMENT)
        if code:
            raise AssertionError(output.read_text())

    def state(self, identifier: str) -> dict:
        return json.loads(self.call("state", identifier).check().out)
