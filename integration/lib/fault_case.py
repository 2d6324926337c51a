# SPDX-License-Identifier: Apache-2.0
"""The calls of the wrapper of which every system call is made to go wrong, each with what it needs around it: what is tried with one is
`each` of those who take this list (bundle/fault_points.py, bundle/kill_points.py)."""
import json
import os
import shutil
import unittest
from collections.abc import Callable
from pathlib import Path

from attack import documents
from lib import faults, sandbox, state, verdict
from lib.bundle import Bundle, Runtime

LINK = Path("/etc/hardened/runtime")
POLICY = Path("/etc/hardened/policy.json")
# One in so many; HARDENED_FAULTS_EVERY=1 for all, some minutes.
EVERY = int(os.environ.get("HARDENED_FAULTS_EVERY", "9"))
# For `doctor`: a line of the audit trail could not be written.
LOST = state.STATE / "trail-lost"
JUDGED = state.STATE / "seccomp"
# CRIU brings its own ids back: `restore` goes with no user namespace of ours.
RESTORING = {"restore": "allow", "profiles": {"standard": {"rules": {"user-namespace": {"mode": "off"}}}}}


class Calls(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        verdict.need_installed(bool(shutil.which("strace")), "strace is not installed")
        self.directory = sandbox.base() / "bundle"
        self.bundle = Bundle(self.directory)
        self.addCleanup(lambda: shutil.rmtree(self.directory))
        (self.directory / "rootfs").rename(self.directory / "lower")
        for name in ("rootfs", "upper", "work", "volume"):
            (self.directory / name).mkdir()
        parts = (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work"))
        options = ",".join(f"{option}={self.directory}/{name}" for option, name in parts)
        self.mount("-t", "overlay", "-o", options, "overlay", str(self.directory / "rootfs"))
        document = self.bundle.document()
        volume = {"destination": "/vol", "type": "bind", "source": str(self.directory / "volume")}
        document["mounts"].append({**volume, "options": ["rbind"]})
        self.bundle.write(document)
        self.bundle.name_cgroup("c")
        # /usr is the host's: the runtime lies on a file system of the test's own.
        self.mount("-t", "tmpfs", "-o", "mode=755", "runtime", "/usr/local/sbin")
        self.tracer = faults.Tracer(Path("/usr/local/sbin"))
        self.addCleanup(shutil.rmtree, state.STATE, ignore_errors=True)

    def mount(self, *words: str) -> None:
        sandbox.mount(*words)
        self.addCleanup(lambda: os.system(f"umount {words[-1]}"))

    def policy(self, document: dict) -> None:
        POLICY.write_text(json.dumps(document))
        self.addCleanup(POLICY.unlink)

    def of_docker(self) -> None:
        """Docker's own document, with its filter."""
        self.bundle.write(documents.docker(self.bundle, "docker28-default", self.directory / "volume", ["true"]))

    def forget(self, but: Path | None = None) -> None:
        """After a runtime that made no container: as after its engine's delete and the next create."""
        state.STATE.mkdir(exist_ok=True)
        own = [path for path in state.STATE.iterdir() if path != but]
        for path in [*own, *self.directory.glob("hardened-*")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.bundle.config.write_text(self.given)

    def forget_all_but_the_judged(self) -> None:
        self.forget(JUDGED)

    def remain(self) -> None:
        """The container that is there is not touched."""
        LOST.unlink(missing_ok=True)

    def container(self) -> None:
        """One that runs, recorded, while its wrapper is called."""
        runtime = Runtime(root="root")
        self.bundle.change("/process/args", ["sleep", "1000"])
        runtime.start(self.bundle, "c", "run", "-d")
        self.addCleanup(lambda: runtime.call("delete", "--force", "c").check())

    def process(self) -> str:
        path = self.directory.parent / "process.json"
        path.write_text(json.dumps(documents.privileged_process(["true"])))
        return str(path)

    def each(self, *words: str, clear: Callable[[], None], least: int) -> None:
        """`clear`: makes what stands what it was, after a call that passed. `least`: so many calls there are, or nothing was tried."""
        raise NotImplementedError

    def line(self, *words: str) -> tuple[str, ...]:
        """The call, below a runtime that only writes down what it was handed."""
        LINK.symlink_to(self.tracer.runtime)
        self.addCleanup(LINK.unlink)
        self.given = self.bundle.config.read_text()
        return (str(sandbox.binary()), "--root", str(sandbox.base() / "root"), *words)

    def now(self) -> set[str]:
        return {line for line in faults.standing(self.directory) if faults.path_of(line) != str(LOST)}

    def test_create(self):
        self.each("create", "--bundle", str(self.directory), "c", clear=self.forget, least=1000)

    def test_create_with_a_filter_of_docker(self):
        self.of_docker()
        self.each("create", "--bundle", str(self.directory), "c", clear=self.forget, least=1000)

    def test_create_with_a_filter_that_was_judged(self):
        self.of_docker()
        self.each("create", "--bundle", str(self.directory), "c", clear=self.forget_all_but_the_judged, least=1000)

    def test_run(self):
        words = ("run", "--detach", "--bundle", str(self.directory), "--pid-file", str(sandbox.base() / "pid"), "c")
        self.each(*words, clear=self.forget, least=1000)

    def test_restore(self):
        self.policy(RESTORING)
        self.each("restore", "--detach", "--bundle", str(self.directory), "--image-path", "/nowhere", "c", clear=self.forget, least=500)

    def test_exec_of_a_document(self):
        self.container()
        self.each("exec", "--process", self.process(), "c", clear=self.remain, least=100)

    def test_exec_of_flags(self):
        self.container()
        self.each("exec", "--cap", "CAP_SYS_ADMIN", "--user", "0", "c", "true", clear=self.remain, least=100)

    def test_update(self):
        self.container()
        file = sandbox.base() / "resources.json"
        file.write_text(json.dumps({"pids": {"limit": -1}, "memory": {"limit": 64 << 20}}))
        self.each("update", "--resources", str(file), "c", clear=self.remain, least=100)

    def test_update_by_flags(self):
        self.container()
        self.each("update", "--pids-limit", "-1", "--memory", "-1", "c", clear=self.remain, least=100)
