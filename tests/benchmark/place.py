# SPDX-License-Identifier: Apache-2.0
"""Where commands are measured: a sandbox with the wrapper, what stands for its runtime, and bundles as Docker makes them."""
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from attack import documents
from lib import command, sandbox
from lib.bundle import ENVIRONMENT
from lib.docker import RUNC

from benchmark.layers import Storage
from benchmark.paired import Command

STATE = Path("/run/hardened")
# Bundles, and what runc knows of its containers, are in memory below every engine.
TASKS = Path("/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby")
RUNC_STATE = Path("/run/docker/runtime-runc/moby")
LINK = Path("/etc/hardened/runtime")


def document(name: str, kind: str = "config") -> dict:
    return json.loads((sandbox.SOURCE / "tests/corpus" / kind / f"{name}.json").read_text())


def identifier(name: str) -> str:
    """64 digits, as Docker's: its files are known by the id in their path."""
    return hashlib.sha256(name.encode()).hexdigest()


@dataclass(frozen=True)
class Bundle:
    directory: Path
    text: str

    def lay_out(self) -> None:
        """Anew each time: the wrapper rewrites it."""
        (self.directory / "config.json").write_text(self.text)


class Place:
    def __init__(self, programs: Path):
        self.base = sandbox.base()
        self.root = RUNC_STATE
        self.storage = Storage(self.base / "docker")
        self.wrapper = str(sandbox.binary())
        # A runtime is a file that only root can write, and is told by its name.
        self.runtimes = {"runc": Path(RUNC)}
        for name in ("arrival", "arrival_then_runc"):
            self.runtimes[name] = self.copy(programs / name, name) / "runc"
        self.trampoline = str(self.copy(programs / "trampoline", "trampoline") / "runc")
        self.become("runc")

    def copy(self, program: Path, name: str) -> Path:
        directory = self.base / "programs" / name
        directory.mkdir(parents=True)
        shutil.copy(program, directory / "runc")
        return directory

    def become(self, name: str) -> str:
        """What the wrapper and the trampoline become from now on; its path."""
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(self.runtimes[name])
        return str(self.runtimes[name])

    def bundle(self, name: str, layers: int = 1, change=lambda document: None) -> Bundle:
        """Docker's document for `docker run IMAGE true`, on this machine's files; `change` edits it."""
        container = identifier(name)
        config = document("docker28-default")
        config["root"] = {"path": str(self.storage.rootfs(container, layers))}
        config["process"].pop("apparmorProfile", None)
        config["linux"]["cgroupsPath"] = f"{sandbox.cgroup_parent()}/{container}"
        documents.within(config)
        files = self.storage.files(container)
        for mount in config["mounts"]:
            if mount["type"] == "bind":
                mount["source"] = str(files / Path(mount["source"]).name)
        change(config)
        directory = TASKS / container
        directory.mkdir(parents=True)
        return Bundle(directory, json.dumps(config))

    def words(self, *rest: object, root: Path | None = None) -> list[str]:
        """As containerd calls a runtime."""
        log = ["--log", str(self.base / "log.json"), "--log-format", "json"]
        return ["--root", str(root or self.root), *log, *map(str, rest)]

    def create(self, program: str, bundle: Bundle, word: str = "create") -> Command:
        """A container of that bundle, and nothing left of it. Under what only arrives there is no container."""

        def line() -> list[str]:
            bundle.lay_out()
            return [program, *self.words(word, "--bundle", bundle.directory, bundle.directory.name)]

        return Command(line, self.clear)

    def clear(self) -> None:
        """Records and leases, but not their directories: a host has had a container before."""
        for path in STATE.rglob("*"):
            if path.is_file() and path.suffix in (".json", ".start"):
                path.unlink()
        self.storage.clear()

    def start(self, name: str) -> Path:
        """A container that waits, under the wrapper and runc; its process document for an exec."""
        self.become("runc")
        bundle = self.bundle(name, 10, lambda config: config["process"].update(args=["sleep", "1000"]))
        bundle.lay_out()
        output = bundle.directory / "output"
        with open(output, "wb") as file:
            line = [self.wrapper, *self.words("run", "-d", "--bundle", bundle.directory, bundle.directory.name)]
            if command.run_to_file(file, *line, environment=ENVIRONMENT):
                raise AssertionError(output.read_text())
        process = document("docker28-exec-plain", "process") | {"args": ["true"]}
        process.pop("apparmorProfile", None)
        path = bundle.directory / "exec.json"
        path.write_text(json.dumps(process))
        return path

    def delete(self, name: str) -> None:
        command.run(RUNC, "--root", str(self.root), "delete", "--force", identifier(name)).check()


def processes_of(program: str) -> list[int]:
    """Those that run this very file."""
    wanted, found = os.stat(program), []
    for path in Path("/proc").glob("[0-9]*/exe"):
        try:
            there = os.stat(path)
        except OSError:  # a kernel thread, or gone
            continue
        if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino):
            found.append(int(path.parent.name))
    return found
