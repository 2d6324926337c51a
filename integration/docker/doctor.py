# SPDX-License-Identifier: Apache-2.0
"""doctor beside a real dockerd: what it says of an engine as installed, of one set up well, and of things spoilt."""
import json
import os
import shutil
from pathlib import Path

from lib import command, sandbox
from lib.case import EngineCase
from lib.docker import IMAGE, Docker, engine_release

FAILED = 3


class Case(EngineCase):
    def doctor(self, *words: str, user: int = 0) -> tuple[int, dict[str, dict]]:
        """The exit code and the findings by their ids."""
        before = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups") if user else ()
        done = command.run(*before, self.program(), "doctor", "--format", "json", *words, timeout=60)
        self.assertEqual("", done.err)
        findings = json.loads(done.out)["findings"]
        return done.code, {finding["id"]: finding for finding in findings}

    def program(self) -> str:
        """The build directory may be closed to other users."""
        path = sandbox.base() / "program/hardened"
        if not path.exists():
            path.parent.mkdir(mode=0o755)
            shutil.copy(sandbox.binary(), path)
        return str(path)

    def expect(self, verdict: str, *ids: str, **found: dict) -> None:
        findings = found.get("findings") or self.doctor()[1]
        for name in ids:
            with self.subTest(name):
                self.assertEqual(verdict, findings[name]["verdict"], findings[name])

    def edited(self, change) -> None:
        """daemon.json as `change` leaves it, until the test ends; the daemon is not told."""
        path = self.engine.directory / "daemon.json"
        text = path.read_text()
        self.addCleanup(path.write_text, text)
        path.write_text(change(text))


class Stock(Case):
    def test_an_engine_as_installed(self):
        code, findings = self.doctor()
        failed = [name for name, finding in findings.items() if finding["verdict"] == "fail"]
        self.assertEqual((0, []), (code, failed))
        ok = ("daemon", "configuration", "registered", "programs")
        self.expect("ok", *(f"engine/{name}" for name in ok), findings=findings)
        warned = ("default-runtime", "runc-selectable", "buildkit")
        self.expect("warn", *(f"engine/{name}" for name in warned), findings=findings)
        numbers = (1, 2, 8, 9, 12, 13, 14, 15, 16)
        self.expect("warn", *(f"cis/2.{number}" for number in numbers), findings=findings)
        self.expect("ok", "cis/2.5", "cis/2.7", "cis/3.15", "cis/3.16", "cis/3.18", findings=findings)
        self.assertIn(str(self.engine.daemon.pid), findings["engine/daemon"]["evidence"])

    def test_what_the_rules_need_of_this_kernel_was_tried(self):
        findings = self.doctor()[1]
        kernel = [finding for name, finding in findings.items() if name.startswith("kernel/")]
        self.assertGreater(len(kernel), 8)
        for finding in kernel:
            self.assertNotIn(finding["verdict"], ("unknown", "fail"), finding)
            self.assertTrue(finding["rules"], finding)

    def test_nothing_is_mounted_and_nothing_made(self):
        before = Path("/proc/self/mountinfo").read_text(), sorted(os.listdir("/run"))
        self.doctor()
        self.assertEqual(before, (Path("/proc/self/mountinfo").read_text(), sorted(os.listdir("/run"))))

    def test_containers_under_other_runtimes(self):
        self.expect("ok", "engine/containers")
        self.background("--name", "ours", IMAGE, "sleep", "300")
        self.expect("ok", "engine/containers")
        self.background("--name", "plain", IMAGE, "sleep", "300", runtime="runc")
        found = self.doctor()[1]["engine/containers"]
        self.assertEqual(("warn", ["plain: runc"]), (found["verdict"], found["details"]))

    def test_a_container_of_ours_holds_its_ids(self):
        self.sleeper()
        self.expect("ok", "ids/processes", "ids/accounts", "hardened/degraded")

    def test_a_socket_that_everybody_can_write(self):
        socket = self.engine.directory / "socket"
        mode = socket.stat().st_mode & 0o7777
        self.addCleanup(socket.chmod, mode)
        socket.chmod(0o666)
        code, findings = self.doctor()
        self.assertEqual(FAILED, code)
        self.assertEqual("fail", findings["cis/3.16"]["verdict"])
        self.assertEqual(f"chmod 0660 {socket}", findings["cis/3.16"]["remedy"])

    def test_a_daemon_json_that_is_broken(self):
        for text in ("{", '{"icc": false, "icc": true}', "[]"):
            with self.subTest(text):
                self.edited(lambda _, text=text: text)
                code, findings = self.doctor()
                self.assertEqual(FAILED, code)
                self.assertEqual("fail", findings["engine/configuration"]["verdict"])
                self.assertEqual("unknown", findings["cis/2.2"]["verdict"])

    def test_a_daemon_json_that_others_can_write(self):
        path = self.engine.directory / "daemon.json"
        self.addCleanup(path.chmod, path.stat().st_mode & 0o7777)
        path.chmod(0o666)
        self.expect("fail", "cis/3.18")
        os.chown(path, 65534, 0)
        self.addCleanup(os.chown, path, 0, 0)
        self.expect("fail", "cis/3.17")

    def test_a_runtime_that_others_can_replace(self):
        path = sandbox.base() / "open"
        path.mkdir(exist_ok=True)
        shutil.copy(sandbox.binary(), path / "hardened")
        path.chmod(0o777)

        def add(text: str) -> str:
            settings = json.loads(text)
            settings["runtimes"]["weak"] = {"path": f"{path}/hardened"}
            settings["runtimes"]["gone"] = {"path": f"{path}/gone"}
            return json.dumps(settings)

        self.edited(add)
        found = self.doctor()[1]["engine/programs"]
        self.assertEqual("fail", found["verdict"])
        self.assertIn(f"weak: {path}/hardened lies below {path}", found["details"][1] + found["details"][0])
        self.assertIn("gone", str(found["details"]))

    def test_a_policy_that_does_not_load_is_a_finding(self):
        with self.policy({"default_profile": "strct"}):
            code, findings = self.doctor()
        self.assertEqual(FAILED, code)
        self.assertIn('there is no profile "strct"', findings["hardened/policy"]["evidence"])
        self.assertEqual("ok", findings["engine/registered"]["verdict"])

    def test_accounts_with_ids_of_the_pool(self):
        passwd = Path("/etc/passwd")
        text = passwd.read_text()
        self.addCleanup(passwd.write_text, text)
        passwd.write_text(text + "far:x:1879048200:1879048200::/:/bin/false\n")
        found = self.doctor()[1]["ids/accounts"]
        self.assertEqual(("fail", ["user far: 1879048200"]), (found["verdict"], found["details"]))

    def test_as_nobody_nothing_that_was_not_seen_passes(self):
        findings = self.doctor(user=65534)[1]
        self.expect(
            "unknown",
            "kernel/user-namespaces",
            "kernel/id-mapped-mounts",
            "engine/buildkit",
            "engine/containers",
            findings=findings,
        )

    def test_another_configuration_names_another_daemon(self):
        file = sandbox.base() / "other.json"
        file.write_text('{"icc": false}')
        found = self.doctor("--docker-config", str(file))[1]
        self.assertEqual("unknown", found["engine/daemon"]["verdict"])
        self.assertEqual("ok", found["cis/2.2"]["verdict"])


class BuildsUnderHardened(Docker):
    def environment(self) -> dict:
        return super().environment() | {"DOCKER_BUILDKIT_RUNC_COMMAND": str(sandbox.binary())}


class SetUpWell(Case):
    settings = {
        "default-runtime": "hardened",
        "icc": False,
        "live-restore": True,
        "userland-proxy": False,
        "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}},
    }

    engine_type = BuildsUnderHardened

    def test_what_the_settings_say(self):
        self.expect("ok", *(f"cis/2.{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18)))
        self.expect("ok", "engine/default-runtime")

    def test_image_builds(self):
        found = self.doctor()[1]["engine/buildkit"]
        if engine_release() >= 26:
            self.assertEqual("ok", found["verdict"], found)
        else:
            self.assertIn("cannot be told otherwise", found["evidence"])

