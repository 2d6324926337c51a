# SPDX-License-Identifier: Apache-2.0
"""Each server does its work hardened, with no flag that runc would not need. Run by integration/workloads/run, which makes the image."""
import os
import subprocess
import time
import unittest
from pathlib import Path

from lib import command, slowness
from lib.case import EngineCase
from lib.kernel import status_fields
from lib.verdict import need_installed
from workloads.cases import WORKLOADS, Workload, script

ROOT = "HARDENED_WORKLOADS_ROOT"  # the archive, made outside: there is no network here


class Servers(EngineCase):
    @classmethod
    def setUpClass(cls) -> None:
        archive = os.environ.get(ROOT, "")
        need_installed(os.access(archive, os.R_OK), "only by integration/workloads/run")
        super().setUpClass()
        cls.engine.cli("import", archive, "debian", timeout=slowness.seconds(300)).check()

    def build(self, workload: Workload) -> None:
        directory = self.engine.directory / workload.name
        directory.mkdir()
        (directory / "Dockerfile").write_text(f"FROM debian\n{workload.dockerfile}\n")
        for name, text in workload.files.items():
            (directory / name).write_text(text)
        environment = self.engine.environment() | {"DOCKER_BUILDKIT": "0"}
        words = ("docker", "build", "-q", "-t", workload.name, str(directory))
        command.run(*words, environment=environment, timeout=120).check()

    def wait_for(self, workload: Workload, container: str, words: str, shows: str) -> None:
        deadline = time.monotonic() + slowness.seconds(workload.patience)
        while True:
            done = self.ask(workload, container, words)
            if shows in done.stdout:
                return
            if time.monotonic() > deadline:
                logs = self.engine.cli("logs", container)
                self.fail(f"{done.stdout}{done.stderr}\nits log:\n{logs.out}{logs.err}")
            time.sleep(0.3)

    def ask(self, workload: Workload, container: str, words: str) -> subprocess.CompletedProcess:
        port = ""
        if workload.port:
            published = self.engine.cli("port", container, str(workload.port)).out.split("\n")[0]
            port = published.rpartition(":")[2]
        line = script(workload, words, container, port)
        environment = self.engine.environment()
        return subprocess.run(
            line, env=environment, capture_output=True, text=True, errors="replace", timeout=60
        )

    def serve(self, workload: Workload, runtime: str) -> None:
        port = ("-p", f"127.0.0.1::{workload.port}") if workload.port else ()
        container = self.background(*port, workload.name, runtime=runtime)
        self.wait_for(workload, container, workload.works, workload.shows)
        if runtime == "hardened":
            pid = self.engine.inspect(container, "{{.State.Pid}}")
            status = status_fields(Path(f"/proc/{pid}/status").read_text())
            self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
            self.assertGreaterEqual(int(Path(f"/proc/{pid}/uid_map").read_text().split()[1]), 1879048192)
        if workload.writes:
            self.assertEqual(0, self.ask(workload, container, workload.writes).returncode)
        self.engine.cli("restart", "-t", "5", container).check()
        self.wait_for(workload, container, workload.works, workload.shows)
        if workload.reads:
            self.wait_for(workload, container, workload.reads, "kept")


def test_of(workload: Workload):
    def test(self: Servers) -> None:
        self.build(workload)
        # What does not run under runc says nothing about us.
        for runtime in ("runc", "hardened"):
            with self.subTest(runtime):
                self.serve(workload, runtime)

    return test


for each in WORKLOADS:
    setattr(Servers, f"test_{each.name.replace('-', '_')}", test_of(each))


if __name__ == "__main__":
    unittest.main()
