# SPDX-License-Identifier: Apache-2.0
"""From a container that breaks to one that runs, as its operator goes: found with explain, eased with one named setting, verified."""
import json
import os

from lib import command, sandbox
from lib.bundle import ENVIRONMENT
from lib.case import EngineCase
from lib.docker import IMAGE

LINK = "/run/hardened-strict"  # the profile strict, by its name
STATE = [{"path": path, "noexec": True} for path in ("/tmp", "/run", "/var/tmp")]
EASED = {"profiles": {"strict": {"rules": {"read-only-rootfs": {"directories": [*STATE, {"path": "/opt/app", "noexec": True}]}}}}}


class WalkThrough(EngineCase):
    settings = {"runtimes": {"hardened": {"path": str(sandbox.binary())}, "strict": {"path": LINK}}}

    @classmethod
    def setUpClass(cls) -> None:
        os.symlink(sandbox.binary(), LINK)
        super().setUpClass()

    def hardened(self, *words: str) -> command.Result:
        return command.run(str(sandbox.binary()), *words, environment=ENVIRONMENT)

    def image(self) -> str:
        """An application that writes beside its own files."""
        made = self.engine.cli("run", "-d", "--runtime", "runc", IMAGE, "sh", "-c", "mkdir -p /opt/app && chmod 777 /opt/app")
        container = made.check().out.strip()
        self.engine.cli("wait", container).check()
        self.engine.cli("commit", container, "application").check()
        self.engine.cli("rm", container).check()
        return "application"

    def start(self, image: str):
        words = ("-d", "--runtime", "strict", "--user", "1000", image, "sh", "-c", "echo kept > /opt/app/log && exec sleep 300")
        container = self.engine.cli("run", *words).check().out.strip()
        self.addCleanup(lambda: self.engine.cli("rm", "-f", container))
        return container

    def test_an_image_that_breaks_under_strict_is_understood_eased_and_verified(self):
        image = self.image()
        broken = self.start(image)
        self.engine.cli("wait", broken).check()
        self.assertIn("Read-only file system", self.engine.cli("logs", broken).err)

        # Why? The rule, the field and the one setting, of a container that has exited.
        name = self.engine.inspect(broken, "{{.Name}}").strip("/")
        said = self.hardened("explain", name).check().out
        self.assertEqual(said, self.hardened("explain", broken[:20]).check().out)
        block = said[said.index("\nread-only-rootfs\n") :]
        self.assertIn("setting: rules.read-only-rootfs.directories", block)
        self.assertIn("/root/readonly", block)
        self.assertIn("profile strict", said)

        # That one setting, and nothing else.
        with self.policy(EASED):
            self.hardened("policy", "check").check()
            eased = self.start(image)
            self.assertEqual("kept\n", self.inside(eased, "cat", "/opt/app/log"))
            self.assertIn("Read-only file system", self.engine.cli("exec", eased, "touch", "/opt/x").err)

        # And the kernel agrees, of every process in it.
        verified = self.hardened("verify", eased).check()
        self.assertRegex(verified.out, r"(?m)^CIS 5\.13 +PASS .*/opt/app")
        self.assertRegex(verified.out, r"(?m)^0 FAIL, ")

    def test_a_refused_container_is_explained_though_the_engine_kept_nothing(self):
        refused = self.engine.cli("run", "--rm", "--runtime", "strict", IMAGE, "true").check_failed()
        (decision,) = json.loads(self.hardened("explain", "--last", "1", "--format", "json").check().out)
        self.assertEqual("refused", decision["outcome"])
        self.assertIn(decision["error"]["text"], refused.err)
        (refusal,) = decision["refusals"]
        self.assertEqual("rules.process.root_user", refusal["setting"])
        with self.policy({"profiles": {"strict": {"rules": {"process": {"root_user": "allow"}}}}}):
            self.engine.cli("run", "--rm", "--runtime", "strict", IMAGE, "true").check()

    def test_the_trail_knows_the_engine_and_the_container_by_the_id_that_docker_shows(self):
        container = self.sleeper()
        self.inside(container, "true")
        log = self.hardened("log", "--container", container[:12], "--format", "json").check().out
        lines = [json.loads(line) for line in log.splitlines()]
        self.assertEqual(["create", "exec"], [line["operation"] for line in lines])
        self.assertEqual({"docker"}, {line["engine"] for line in lines})
        self.assertEqual({container}, {line["id"] for line in lines})
        self.assertEqual(65536, lines[0]["id_range"]["size"])
