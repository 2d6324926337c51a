# SPDX-License-Identifier: Apache-2.0
"""What goes wrong leaves nothing: no mount on the host, no range of ids, no record, no directory, once the engine has
deleted what it made and one more container was created."""
import os
import re
import subprocess
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import command, sandbox, state
from lib.bundle import ENVIRONMENT, Bundle, Runtime
from lib.docker import RUNC

ID = "faulty"


class Host:
    """The mounts that another mount namespace receives from ours: `/` is shared, as under systemd."""

    def __init__(self):
        words = ["unshare", "--mount", "--propagation", "slave", "sleep", "280"]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        own = os.readlink("/proc/self/ns/mnt")
        while os.readlink(f"/proc/{self.process.pid}/ns/mnt") == own:
            time.sleep(0.01)

    def mounts(self) -> list[str]:
        lines = Path(f"/proc/{self.process.pid}/mountinfo").read_text().splitlines()
        return sorted(line.split(" ")[4] for line in lines)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class NothingLeft(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = sandbox.base() / self._testMethodName[:40]
        self.directory.mkdir()
        self.runtime = Runtime(root=self._testMethodName)
        self.plain = Runtime(RUNC, root=self._testMethodName)
        self.bundle = Bundle(self.directory)
        self.overlay()
        self.host = Host()
        self.addCleanup(self.host.end)
        self.one_more("before")
        self.before = self.everything()

    def overlay(self) -> None:
        """An engine's rootfs: an upper directory over a layer."""
        (self.directory / "rootfs").rename(self.directory / "lower")
        for name in ("rootfs", "upper", "work"):
            (self.directory / name).mkdir()
        options = ",".join(
            f"{option}={self.directory}/{name}"
            for option, name in (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work"))
        )
        sandbox.mount("-t", "overlay", "-o", options, "overlay", str(self.directory / "rootfs"))
        self.addCleanup(lambda: os.system(f"umount {self.directory}/rootfs"))

    def one_more(self, identifier: str) -> None:
        self.runtime.run(self.bundle, identifier).check()

    def everything(self) -> dict:
        """Which container left a record or a range last differs; how many there are does not."""
        beside = [path.name for path in self.directory.iterdir()]
        ours = [name for name in beside if name.startswith("hardened-")]
        beside = sorted(set(beside) - set(ours))
        return {
            "mounts": sorted(state.mounts()),
            "mounts outside": self.host.mounts(),
            "records": len(state.records()),
            "ranges": len(list((state.STATE / "ids").iterdir())),
            "stage": sorted(path.name for path in (state.STATE / "stage").rglob("*")),
            "state": sorted(path.name for path in state.STATE.iterdir()),
            "bundle": beside,
            "work directories": len(ours),
            "work": sorted(path.name for path in (self.directory / "work").iterdir()),
            "cgroups": sorted(map(str, state.cgroups(sandbox.base().name))),
        }

    def delete(self, identifier: str = ID) -> None:
        """As engines do after whatever happened."""
        self.runtime.call("delete", "--force", identifier)

    def expect_nothing_left(self) -> None:
        self.delete()
        self.one_more("after")
        self.assertEqual(self.everything(), self.before)

    def create(self, identifier: str) -> tuple[int, str]:
        """Exit code and what was said. A container inherits standard output: a file, or nobody would come back."""
        # Two at once must not write the document while the other's wrapper reads it.
        if not self.bundle.document()["linux"]["cgroupsPath"].endswith(f"/{identifier}"):
            self.bundle.name_cgroup(identifier)
        words = ("--root", self.runtime.root, "create", "--bundle", str(self.directory))
        path = sandbox.base() / f"{self._testMethodName}-{threading.get_ident()}"
        with open(path, "wb") as output:
            code = command.run_to_file(
                output, self.runtime.program, *words, identifier, environment=ENVIRONMENT
            )
        return code, path.read_text()

    def refused_create(self) -> str:
        self.bundle.name_cgroup(ID)
        asked = self.bundle.config.read_bytes()
        code, said = self.create(ID)
        self.assertNotEqual(code, 0)
        self.assertEqual(self.bundle.config.read_bytes(), asked, "the engine's file is as it was")
        return said

    def test_run_is_full(self):
        # The records of the dead are cleared first, which makes room; nobody is dead here.
        self.bundle.shell("exec sleep 100")
        self.assertEqual(self.create("alive")[0], 0)
        self.addCleanup(self.delete, "alive")
        filler = Path("/run/filler")
        self.addCleanup(lambda: filler.unlink(missing_ok=True))
        sandbox.mount("-o", "remount,size=1m", "/run")
        self.addCleanup(lambda: sandbox.mount("-o", "remount,size=64m", "/run"))
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        said = self.refused_create()
        self.assertRegex(said, r"^hardened: [^\n]*\n$")
        filler.unlink()
        self.bundle.shell("true")
        self.delete("alive")
        self.expect_nothing_left()

    def test_the_runtime_fails_after_the_mounts(self):
        self.bundle.change("/process/args", ["/no/such/program"])
        done = self.runtime.run(self.bundle, ID).check_failed()
        self.assertIn("/no/such/program", done.err)
        self.bundle.change("/process/args", ["true"])
        self.expect_nothing_left()

    def test_two_creates_of_one_id(self):
        self.bundle.shell("exec sleep 100")
        self.bundle.name_cgroup(ID)
        with ThreadPoolExecutor(2) as pool:
            ends = sorted(pool.map(self.create, (ID, ID)))
        self.assertEqual(ends[0][0], 0, ends)
        self.assertNotEqual(ends[1][0], 0, ends)
        self.runtime.call("kill", ID, "KILL")
        self.delete()
        self.bundle.shell("true")
        self.expect_nothing_left()

    def test_delete_of_what_never_started(self):
        plain = self.plain.call("delete", "never")
        ours = self.runtime.call("delete", "never")
        time_less = [re.sub(r'time="[^"]*"', "", done.err) for done in (ours, plain)]
        self.assertEqual(ours.code, plain.code)
        self.assertEqual(*time_less)
        self.expect_nothing_left()

    def test_a_refusal(self):
        self.bundle.change("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW"})
        self.bundle.change("/root/path", "/")
        self.refused_create()
        self.bundle.change("/root/path", "rootfs")
        self.expect_nothing_left()

    def started(self) -> subprocess.Popen:
        self.bundle.name_cgroup(ID)
        words = [self.runtime.program, "--root", self.runtime.root, "create", "--bundle"]
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        return subprocess.Popen([*words, str(self.directory), ID], env=ENVIRONMENT, **quiet)

    def still_ours(self, process: subprocess.Popen) -> bool:
        """The process becomes the runtime, whose own remains are not the question here."""
        return Path(f"/proc/{process.pid}/comm").read_text().startswith("hardened")

    def test_killed_while_it_works(self):
        """At moments spread over its whole run; tests/root/faults.cpp kills it at every call."""
        begun = time.monotonic()
        process = self.started()
        while not Path(f"/proc/{process.pid}/comm").read_text().startswith("runc"):
            time.sleep(0.001)
        whole = time.monotonic() - begun
        process.wait()
        self.delete()
        killed = 0
        for step in range(20):
            asked = self.bundle.config.read_bytes()
            process = self.started()
            time.sleep(whole * step / 20)
            if self.still_ours(process):
                process.kill()
                killed += 1
            process.wait()
            self.delete()
            self.bundle.config.write_bytes(asked)  # an engine makes its bundles anew
        self.assertGreater(killed, 5)
        self.expect_nothing_left()
