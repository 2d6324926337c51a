# SPDX-License-Identifier: Apache-2.0
"""Every system call of a create made to fail, by the kernel's tracer and not by an interface of ours: also those of the
libraries and those that no test thought of. What is refused says so in one line and leaves nothing behind."""
import os
import re
import shutil
import unittest
from collections import Counter
from pathlib import Path

from lib import command, sandbox, state, verdict
from lib.bundle import ENVIRONMENT, Bundle

LINK = Path("/etc/hardened/runtime")
RUNTIME = """#!/bin/sh
case "$*" in *--version*) printf 'runc version 1.1.5\\nspec: 1.0.2-dev\\n' ;; esac
"""
# One in so many; HARDENED_FAULTS_EVERY=1 for all, some minutes.
EVERY = int(os.environ.get("HARDENED_FAULTS_EVERY", "9"))
# The tracer's own way in; what never fails, or what does its work whatever it answers (close, and kill of a child); what the C library
# ends the process for, before main.
SKIPPED = {"execve", "exit_group", "rt_sigreturn", "brk", "close", "kill", "futex", "arch_prctl", "mprotect"}
ERRORS = {"mmap": "ENOMEM", "mremap": "ENOMEM", "clone": "EAGAIN"}
CALL = re.compile(r"^(\w+)\(")


class FaultPoints(unittest.TestCase):
    def setUp(self) -> None:
        verdict.need_installed(bool(shutil.which("strace")), "strace is not installed")
        self.directory = sandbox.base() / "bundle"
        self.bundle = Bundle(self.directory)
        (self.directory / "rootfs").rename(self.directory / "lower")
        for name in ("rootfs", "upper", "work", "volume"):
            (self.directory / name).mkdir()
        parts = (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work"))
        options = ",".join(f"{option}={self.directory}/{name}" for option, name in parts)
        sandbox.mount("-t", "overlay", "-o", options, "overlay", str(self.directory / "rootfs"))
        self.addCleanup(lambda: os.system(f"umount {self.directory}/rootfs"))
        document = self.bundle.document()
        volume = {"destination": "/vol", "type": "bind", "source": str(self.directory / "volume")}
        document["mounts"].append({**volume, "options": ["rbind"]})
        self.bundle.write(document)
        self.bundle.name_cgroup("c")
        self.given = self.bundle.config.read_text()
        # /usr is the host's: the runtime lies on a file system of the test's own.
        sandbox.mount("-t", "tmpfs", "-o", "mode=755", "runtime", "/usr/local/sbin")
        self.addCleanup(lambda: os.system("umount /usr/local/sbin"))
        runtime = Path("/usr/local/sbin/runtime-of-nothing")
        runtime.write_text(RUNTIME)
        runtime.chmod(0o755)
        LINK.symlink_to(runtime)
        self.addCleanup(LINK.unlink)

    def create(self, *inject: str) -> tuple[command.Result, list[str]]:
        """The calls as the tracer saw them, up to the execve that starts the runtime."""
        log = self.directory.parent / "calls"
        words = [str(sandbox.binary()), "--root", str(sandbox.base() / "root"), "create"]
        words += ["--bundle", str(self.directory), "c"]
        done = command.run("strace", "-o", str(log), *inject, *words, environment=ENVIRONMENT, timeout=60)
        lines = [line for line in log.read_text(errors="replace").splitlines() if CALL.match(line)]
        starts = [index for index, line in enumerate(lines) if line.startswith("execve(")]
        return done, lines[1 : starts[1] if len(starts) > 1 else None]

    def left(self) -> dict:
        ranges = state.STATE / "ids"
        return {
            "mounts": sorted(state.mounts()),
            "records": sorted(state.records()),
            "ranges": sorted(path.name for path in ranges.rglob("*") if path.is_file()) if ranges.exists() else [],
            "bundle": sorted(path.name for path in self.directory.iterdir()),
            "config": self.bundle.config.read_text(),
        }

    def shape(self) -> dict:
        """What is handed on, without what is another's every time: host ids, and where things are staged."""
        document = self.bundle.document()
        for entry in document["linux"]["uidMappings"] + document["linux"]["gidMappings"]:
            del entry["hostID"]
        for mount in document["mounts"]:
            del mount["source"]
        del document["root"]["path"]
        return document

    def clear(self) -> None:
        """After a runtime that made no container: as after its engine's delete and the next create."""
        shutil.rmtree(state.STATE, ignore_errors=True)
        for path in self.directory.glob("hardened-*"):
            shutil.rmtree(path)
        self.bundle.config.write_text(self.given)

    def test_whichever_fails_nothing_stays(self):
        done, calls = self.create()
        done.check()
        whole = self.shape()
        self.assertGreater(len(calls), 200)
        self.clear()
        (state.STATE / "ids").parent.mkdir(exist_ok=True)
        before = self.left()
        counts: Counter = Counter()
        refused = passed = missed = 0
        for number, line in enumerate(calls):
            name = CALL.match(line)[1]
            counts[name] += 1
            if name in SKIPPED or number % EVERY:
                continue
            error = ERRORS.get(name, "EIO")
            with self.subTest(call=number, line=line[:150]):
                done, seen = self.create("-e", f"inject={name}:error={error}:when={counts[name]}")
                injected = any("(INJECTED)" in line for line in seen)
                missed += not injected
                if done.code == 0:
                    passed += injected
                    self.assertEqual(whole, self.shape(), "started, and as something else")
                else:
                    refused += 1
                    self.assertEqual(1, len(done.err.strip().splitlines()), done.err)
                    self.assertTrue(done.err.startswith("hardened: "), done.err)
                    self.assertGreater(done.code, 0, "a signal")
                    self.assertEqual(before, self.left(), done.err)
            self.clear()
            (state.STATE / "ids").parent.mkdir(exist_ok=True)
        print(f"{len(calls)} calls, one in {EVERY} failed: {refused} refused, {passed} without consequence")
        self.assertGreater(refused, 10)
        self.assertLess(missed, (refused + passed) / 10, "the calls are others every time")


if __name__ == "__main__":
    unittest.main()
