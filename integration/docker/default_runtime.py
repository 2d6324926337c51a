# SPDX-License-Identifier: Apache-2.0
"""As the engine's default runtime: nobody names it, everything passes through it; builds and compose files included."""
import os
import re
from pathlib import Path

from lib import command, sandbox, verdict
from lib.case import EngineCase
from lib.docker import IMAGE
from lib.kernel import status_fields

COMPOSE = "/usr/bin/docker-compose"
DOCKERFILE = """FROM busybox
RUN mkdir -p /opt/app && echo built > /opt/app/file && echo someone:x:77:77::/:/bin/sh >> /etc/passwd
RUN cat /proc/self/status > /status
COPY given /opt/given
USER someone
HEALTHCHECK --interval=200ms CMD test -e /opt/app/file
CMD ["sh", "-c", "cat /opt/app/file /opt/given; id -un"]
"""
SERVICES = """version: "2.4"
services:
  web:
    image: busybox
    command: sh -c "echo served > /srv/index.html; exec httpd -f -p 80 -h /srv"
    volumes: ["/etc/localtime:/etc/localtime:ro", "data:/data"]
    tmpfs: ["/run"]
    environment: {A: b}
  client:
    image: busybox
    depends_on: [web]
    command: sh -c "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://web/ && exit 0; sleep 0.3; done; exit 1"
volumes: {data: {}}
"""


class DefaultRuntime(EngineCase):
    settings = {"default-runtime": "hardened"}

    def test_the_engine_knows_its_runtimes(self):
        self.assertEqual(
            "hardened", self.engine.cli("info", "-f", "{{.DefaultRuntime}}").check().out.strip()
        )
        self.assertEqual("", self.engine.cli("info", "-f", "{{.RuncCommit.ID}}").err)

    def context(self) -> Path:
        directory = sandbox.base() / "context"
        directory.mkdir(exist_ok=True)
        (directory / "Dockerfile").write_text(DOCKERFILE)
        (directory / "given").write_text("given\n")
        return directory

    def build(self, tag: str, buildkit: str) -> command.Result:
        return self.engine.cli(
            "build",
            "--network",
            "none",
            "--no-cache",
            "-t",
            tag,
            str(self.context()),
            DOCKER_BUILDKIT=buildkit,
        )

    def test_buildkit_builds_and_its_image_runs(self):
        self.build("with-buildkit", "1").check()
        self.assertEqual(
            "built\ngiven\nsomeone\n", self.engine.cli("run", "--rm", "with-buildkit").check().out
        )

    def test_buildkit_does_not_ask_for_the_default_runtime(self):
        """A bypass that no runtime can close (docs/threat-model.md): it runs runc from PATH."""
        self.build("bypass", "1").check()
        status = self.engine.cli("run", "--rm", "bypass", "cat", "/status").check().out
        self.assertEqual("0", status_fields(status)["NoNewPrivs"])

    def test_the_classic_builder_is_hardened_too(self):
        """Its steps write outside the state directories, so they need the profile `build` as default."""
        done = self.build("classic", "0")
        self.assertIn("Read-only file system", done.check_failed().out + done.err)
        with self.policy({"default_profile": "build"}):
            self.build("classic", "0").check()
        self.assertEqual(
            "built\ngiven\nsomeone\n", self.engine.cli("run", "--rm", "classic").check().out
        )
        status = self.engine.cli("run", "--rm", "classic", "cat", "/status").check().out
        self.assertEqual("1", status_fields(status)["NoNewPrivs"])

    def test_a_compose_file(self):
        verdict.need_installed(os.access(COMPOSE, os.X_OK), f"{COMPOSE} is not installed")
        file = sandbox.base() / "compose.yaml"
        file.write_text(SERVICES)
        words = (COMPOSE, "-f", str(file), "-p", "project", "--ansi", "never")
        environment = self.engine.environment()
        self.addCleanup(
            lambda: command.run(*words, "down", "-v", "-t", "0", environment=environment)
        )
        command.run(*words, "up", "-d", environment=environment).check()
        client = self.engine.cli(
            "ps", "-aq", "-f", "label=com.docker.compose.service=client"
        ).out.strip()
        self.assertEqual("0\n", self.engine.cli("wait", client).check().out)
        self.assertEqual("served\n", self.engine.cli("logs", client).out)


class TwoLines(EngineCase):
    """An engine that knows no runtime but its own, until the lines of the README are typed."""

    settings = {"runtimes": {}}

    def lines(self) -> str:
        text = (sandbox.SOURCE / "README.md").read_text()
        block = re.search(r"## Docker, in two lines\n+```\n(.*?)```", text, re.DOTALL)[1]
        self.assertEqual(2, len(block.splitlines()))
        installed = sandbox.base() / "installed"
        installed.mkdir(exist_ok=True)
        file = self.engine.directory / "daemon.json"
        for path, own in (
            ("build/release/hardened", str(sandbox.binary())),
            ("/usr/local/bin/hardened", f"{installed}/hardened"),
            ("hardened configure docker", f"{installed}/hardened configure docker --file {file}"),
        ):
            self.assertIn(path, block)
            block = block.replace(path, own)
        return block

    def test_the_lines_of_the_readme_are_enough(self):
        words = ("run", "--rm", "--runtime=hardened", IMAGE, "cat", "/proc/self/status")
        self.engine.cli(*words).check_failed()
        command.run("sh", "-e", "-c", self.lines()).check()
        status = self.engine.cli(*words).check().out
        self.assertEqual("1", status_fields(status)["NoNewPrivs"])
