# SPDX-License-Identifier: Apache-2.0
"""A Docker host as Debian leaves it: docker.service with the systemd cgroup driver, a journal, and hardened as an administrator puts it there."""
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from lib import command, kernel, sandbox, slowness
from lib.case import EngineCase
from lib.docker import IMAGE, Docker

PROGRAM = Path("/usr/local/bin/hardened")
DAEMON = Path("/etc/docker/daemon.json")
JOURNAL = "/run/systemd/journal/socket"
NOBODY = 65534
FORGED = {"version": 1, "operation": "create", "outcome": "passed", "id": "forged"}


def systemctl(*words: str) -> command.Result:
    return command.run("systemctl", *words, timeout=60)


class Stock(Docker):
    """The units that the packages brought."""

    def start(self) -> "Stock":
        self.directory.mkdir(mode=0o755, exist_ok=True)
        systemctl("start", "docker.service").check()
        self.cli("version").check()
        self.import_image(IMAGE)
        return self

    def stop(self) -> None:
        if identifiers := self.cli("ps", "-aq").out.split():
            self.cli("rm", "-f", "-v", *identifiers)
        systemctl("stop", "docker.service", "docker.socket", "containerd.service").check()

    def environment(self) -> dict:
        return {name: value for name, value in super().environment().items() if name != "DOCKER_HOST"}

    def pid(self, container: str) -> str:
        return self.inspect(container, "{{.State.Pid}}")


class StockDocker(EngineCase):
    engine_type = Stock

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        shutil.copy(sandbox.binary(), PROGRAM)
        Path("/etc/hardened").mkdir(exist_ok=True)
        cls.addClassCleanup(lambda: cls.own("unconfigure", "docker", "--reload"))
        cls.configured = cls.own("configure", "docker", "--default", "--reload").check()

    @staticmethod
    def own(*words: str) -> command.Result:
        return command.run(str(PROGRAM), *words, timeout=60)

    def status(self) -> dict:
        shown = self.engine.cli("run", "--rm", IMAGE, "cat", "/proc/self/status").check()
        return kernel.status_fields(shown.out)

    def started(self, *flags: str) -> str:
        """The default runtime's."""
        container = self.engine.cli("run", "-d", *flags, IMAGE, "sleep", "300").check().out.strip()
        self.addCleanup(lambda: self.engine.cli("rm", "-f", "-v", container))
        return container

    def decisions(self, container: str) -> list[dict]:
        log = self.own("log", "--container", container, "--format", "json").check().out
        return [json.loads(line) for line in log.splitlines()]

    def test_the_default_holds_across_a_restart_of_the_service(self):
        self.assertIn("a trial container ran", self.configured.out)
        self.assertEqual({"hardened": {"path": str(PROGRAM)}}, json.loads(DAEMON.read_text())["runtimes"])
        shown = "{{.DefaultRuntime}} {{.CgroupDriver}} {{.CgroupVersion}}"
        self.assertEqual("hardened systemd 2", self.engine.cli("info", "-f", shown).out.strip())
        self.assertEqual("1", self.status()["NoNewPrivs"])
        systemctl("restart", "docker.service").check()
        self.assertEqual("hardened systemd 2", self.engine.cli("info", "-f", shown).out.strip())
        self.assertEqual("1", self.status()["NoNewPrivs"])

    def test_the_limits_are_those_of_the_scope_and_systemd_keeps_them(self):
        container = self.started()
        cgroup = Path("/sys/fs/cgroup/system.slice") / f"docker-{container}.scope"
        limits = lambda: [(cgroup / name).read_text().strip() for name in ("pids.max", "memory.max", "memory.swap.max")]
        before = limits()
        self.assertEqual(["1024", "4096"], [before[0], before[2]])
        self.assertLess(int(before[1]), kernel.memory())
        systemctl("daemon-reload").check()
        self.assertEqual(before, limits())
        self.engine.cli("update", "--pids-limit", "-1", "--memory", "1000g", "--memory-swap", "-1", container)
        self.assertEqual(before, limits())
        systemctl("daemon-reload").check()
        self.assertEqual(before, limits())

    def test_what_runs_is_verified_by_its_name(self):
        container = self.started("--name", "web")
        self.assertEqual("0\n", self.engine.cli("exec", "web", "id", "-u").check().out)
        done = self.own("verify", "web").check()
        self.assertRegex(done.out, r"(?m)^0 FAIL, ")
        self.assertRegex(done.out, r"(?m)^CIS 5\.2 +PASS .*docker-default")
        self.assertRegex(done.out, r"(?m)^CIS 5\.29 +PASS .*1024")
        self.assertIn(f"create of {container} by docker", self.own("explain", "web").check().out)

    def test_doctor_finds_the_engine_and_nothing_that_failed(self):
        done = self.own("doctor", "--format", "json")
        findings = json.loads(done.out)["findings"]
        failed = [finding for finding in findings if finding["verdict"] == "fail"]
        engine = [finding for finding in findings if finding["group"] == "engine"]
        self.assertTrue(any(str(PROGRAM) in json.dumps(finding) for finding in engine), engine)
        self.assertEqual(([], 0), (failed, done.code))

    def test_the_trail_is_in_the_journal(self):
        container = self.started()
        self.engine.cli("exec", container, "true").check()
        lines = self.decisions(container[:12])
        self.assertEqual(["create", "exec"], [line["operation"] for line in lines])
        self.assertEqual(({"docker"}, {container}), tuple({line[key] for line in lines} for key in ("engine", "id")))
        self.assertFalse(Path("/var/log/hardened").exists())
        shown = command.run("journalctl", "-t", "hardened", "--output=cat").check().out
        self.assertIn(container[:12], shown)

    def test_a_follower_sees_what_is_decided_next(self):
        container = self.started()
        follower = subprocess.Popen(
            [PROGRAM, "log", "--follow", "--container", container, "--format", "json"], stdout=subprocess.PIPE
        )
        self.addCleanup(lambda: (follower.kill(), follower.wait(), follower.stdout.close()))
        self.assertEqual("create", json.loads(follower.stdout.readline())["operation"])
        self.engine.cli("exec", container, "true").check()
        self.assertEqual("exec", json.loads(follower.stdout.readline())["operation"])
        # It waits in journalctl, which ends with it.
        children = command.run("pgrep", "-P", str(follower.pid)).out.split()
        follower.terminate()
        follower.wait()
        for _ in slowness.moments(5):
            if not any(Path(f"/proc/{child}").exists() for child in children):
                return
        self.fail("journalctl was left behind")

    def test_what_others_write_to_the_journal_is_no_decision(self):
        """Anyone may send an entry under our name; and Docker, as root, hands on what a container says."""
        script = f"import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto({entry()!r}, {JOURNAL!r})"
        user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        command.run(*user, sys.executable, "-c", script).check()
        told = ("--log-driver", "journald", "--log-opt", "tag=hardened", "--log-opt", "labels=hardened_decision")
        label = ("--label", f"hardened_decision={json.dumps(FORGED)}")
        self.engine.cli("run", "--rm", *told, *label, IMAGE, "echo", json.dumps(FORGED)).check()
        command.run("journalctl", "--sync").check()
        raw = command.run("journalctl", "-t", "hardened", "--output=json", "--all").check().out
        self.assertGreaterEqual(raw.count("forged"), 2, "the attack did not reach the journal")
        self.assertEqual([], self.decisions("forged"))
        # As root it is a line: root's own word is not in question.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.sendto(entry(), JOURNAL)
        command.run("journalctl", "--sync").check()
        self.assertEqual(1, len(self.decisions("forged")))

    def test_taken_out_again_the_service_starts(self):
        kept = self.started("--name", "kept")
        refused = self.own("unconfigure", "docker", "--reload").check_failed()
        self.assertIn("kept", refused.err)
        self.engine.cli("rm", "-f", kept).check()
        self.own("unconfigure", "docker", "--reload").check()
        self.addCleanup(lambda: self.own("configure", "docker", "--default", "--reload").check())
        self.assertEqual("0", self.status()["NoNewPrivs"])
        systemctl("restart", "docker.service").check()
        self.assertEqual("0", self.status()["NoNewPrivs"])
        self.assertEqual(0, self.own("unconfigure", "--check").code)
        self.engine.cli("run", "--rm", "--runtime=hardened", IMAGE, "true").check_failed()


def entry() -> bytes:
    """As our own are."""
    fields = {"MESSAGE": "x", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "hardened", "HARDENED_DECISION": json.dumps(FORGED)}
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode()
