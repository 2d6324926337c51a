# SPDX-License-Identifier: Apache-2.0
"""Each server does its work hardened, with no flag that runc would not need. Run by integration/workloads/run, which makes the image."""
import json
import os
import subprocess
import time
import unittest
from pathlib import Path

from lib import command, sandbox, slowness
from lib.bundle import ENVIRONMENT
from lib.case import EngineCase
from lib.kernel import status
from lib.verdict import need_installed
from workloads.cases import WORKLOADS
from workloads.workload import Workload, script

ROOT = "HARDENED_WORKLOADS_ROOT"  # the archive, made outside: there is no network here
FOUND = "HARDENED_WORKLOADS_FOUND"  # a directory: what was found of each that works
# The profile by the link's name, as an administrator registers it.
LINKS = {profile: f"/run/hardened-{profile}" for profile in sorted({each.profile for each in WORKLOADS})}


class Servers(EngineCase):
    settings = {"runtimes": {profile: {"path": link} for profile, link in LINKS.items()}}

    @classmethod
    def setUpClass(cls) -> None:
        archive = os.environ.get(ROOT, "")
        need_installed(os.access(archive, os.R_OK), "only by integration/workloads/run")
        for link in LINKS.values():
            os.symlink(sandbox.binary(), link)
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
        command.run(*words, environment=environment, timeout=slowness.seconds(240)).check()

    def wait_for(self, workload: Workload, container: str, words: str, shows: str) -> None:
        deadline = time.monotonic() + slowness.seconds(workload.patience)
        while True:
            done = self.ask(container, words, workload.port)
            if shows in done.stdout:
                return
            if time.monotonic() > deadline:
                logs = self.engine.cli("logs", container)
                self.fail(f"{done.stdout}{done.stderr}\nits log:\n{logs.out}{logs.err}")
            time.sleep(0.3)

    def ask(self, container: str, words: str, port: int) -> subprocess.CompletedProcess:
        published = self.engine.cli("port", container, str(port)).out.split("\n")[0] if port else ""
        return subprocess.run(
            script(words, container, published.rpartition(":")[2]),
            env=self.engine.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=slowness.seconds(60),
        )

    def serve(self, workload: Workload, runtime: str) -> str:
        """The container, which has served, was restarted and serves again."""
        port = ("-p", f"127.0.0.1::{workload.port}") if workload.port else ()
        container = self.background(*port, workload.name, runtime=runtime)
        self.wait_for(workload, container, workload.works, workload.shows)
        if workload.writes:
            done = self.ask(container, workload.writes, workload.port)
            self.assertEqual(0, done.returncode, done.stderr)
        self.engine.cli("restart", "-t", "5", container).check()
        self.wait_for(workload, container, workload.works, workload.shows)
        if workload.reads:
            self.wait_for(workload, container, workload.reads, "kept")
        return container

    def judge(self, container: str) -> None:
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        fields = status(pid)
        self.assertEqual(("1", "2"), (fields["NoNewPrivs"], fields["Seccomp"]))
        self.assertGreaterEqual(int(Path(f"/proc/{pid}/uid_map").read_text().split()[1]), 1879048192)

    def found(self, workload: Workload, container: str) -> dict:
        """What the page is made of: what explain says of its last start."""
        line = (str(sandbox.binary()), "explain", container, "--format", "json")
        (decision,) = json.loads(command.run(*line, environment=ENVIRONMENT).check().out)
        self.assertEqual((workload.profile, "passed"), (decision["profile"], decision["outcome"]))
        return {"changes": decision["changes"]}

    def ends_under_standard(self, workload: Workload) -> str:
        """The line in which it says why."""
        container = self.background(workload.name, runtime="standard")
        code = self.engine.cli("wait", container).check().out.strip()
        self.assertNotEqual("0", code)
        logs = self.engine.cli("logs", container)
        lines = [line.strip() for line in (logs.out + logs.err).splitlines() if workload.standard_says in line]
        self.assertTrue(lines, logs.out + logs.err)
        return lines[0]


def name_of(name: str) -> str:
    return "test_" + name.replace("-", "_")


def test_of(workload: Workload):
    def test(self: Servers) -> None:
        self.build(workload)
        # What does not run under runc says nothing about us.
        self.serve(workload, "runc")
        container = self.serve(workload, workload.profile)
        self.judge(container)
        found = self.found(workload, container)
        if workload.standard_says:
            found["standard"] = self.ends_under_standard(workload)
        if FOUND in os.environ:
            (Path(os.environ[FOUND]) / f"{workload.name}.json").write_text(json.dumps(found))

    return test


for each in WORKLOADS:
    setattr(Servers, name_of(each.name), test_of(each))


if __name__ == "__main__":
    unittest.main()
