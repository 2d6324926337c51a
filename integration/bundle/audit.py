# SPDX-License-Identifier: Apache-2.0
"""The audit trail: what a create, exec, update and refusal leave, and how log and explain read it."""
import fcntl
import json
import os
import subprocess
import time
import unittest
from pathlib import Path

from lib import command, sandbox, slowness
from lib.bundle import ENVIRONMENT, Bundle, Runtime
from lib.docker import RUNC

POLICY = Path("/etc/hardened/policy.json")
TRAIL = Path("/var/log/hardened/decisions.jsonl")
REPORTING = {"profiles": {"standard": {"mode": "report"}}}


class Audit(unittest.TestCase):
    def setUp(self) -> None:
        sandbox.base().joinpath("cases").mkdir(exist_ok=True)
        self.runtime = Runtime()
        self.identifier = self._testMethodName[5:40]
        self.bundle = Bundle(sandbox.base() / "cases" / self.identifier).shell("true")
        self.addCleanup(POLICY.unlink, missing_ok=True)

    def hardened(self, *words: str) -> command.Result:
        return command.run(str(sandbox.binary()), *words, environment=ENVIRONMENT)

    def lines(self) -> list[dict]:
        """Of this test's container."""
        found = self.hardened("log", "--format", "json", "--container", self.identifier).check().out
        return [json.loads(line) for line in found.splitlines()]

    def started(self) -> None:
        self.bundle.shell("exec sleep 300")
        self.runtime.start(self.bundle, self.identifier, "run", "-d")
        self.addCleanup(lambda: Runtime(RUNC).call("delete", "--force", self.identifier))

    def run_bundle(self, *flags: str) -> command.Result:
        return self.runtime.run(self.bundle, self.identifier, *flags)

    def test_a_start_leaves_one_line_that_tells_what_was_changed(self):
        original = self.bundle.document()
        self.bundle.name_cgroup(self.identifier)
        original = self.bundle.document()
        self.run_bundle().check()
        (line,) = self.lines()
        self.assertEqual(
            ("run", "passed", "standard"), (line["operation"], line["outcome"], line["profile"])
        )
        self.assertEqual(str(self.bundle.directory), line["bundle"])
        self.assertEqual(65536, line["id_range"]["size"])
        self.assertGreater(line["duration_us"], 0)
        self.assertLess(abs(time.time() - time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")) + time.timezone), 60)
        self.assertIn(
            {"op": "replace", "path": "/root/readonly", "value": True},
            [{key: change[key] for key in ("op", "path", "value")} for change in line["changes"] if "value" in change],
        )
        self.assertFalse(original["root"]["readonly"])

    def test_a_refusal_leaves_a_line_with_the_setting(self):
        mounts = self.bundle.document()["mounts"]
        self.bundle.change("/mounts", [*mounts, {"destination": "/e", "type": "bind", "source": "/etc", "options": ["rbind"]}])
        refused = self.run_bundle().check_failed()
        (line,) = self.lines()
        self.assertEqual("refused", line["outcome"])
        self.assertEqual("mounts", line["refusals"][0]["rule"])
        self.assertIn(line["error"]["text"], refused.err)
        explained = self.hardened("explain", self.identifier).check().out
        for part in (": refused\n", "setting: " + line["refusals"][0]["setting"], "stops: the host's files"):
            self.assertIn(part, explained)

    def test_exec_and_update_leave_a_line_and_what_decides_nothing_leaves_none(self):
        self.started()
        self.runtime.call("exec", self.identifier, "true").check()
        self.runtime.call("exec", "--cap", "CAP_SYS_ADMIN", self.identifier, "true").check()
        self.runtime.call("update", "--pids-limit", "100000", self.identifier).check()
        for words in (("state",), ("ps",), ("kill",)):
            self.runtime.call(*words, self.identifier).check()
        lines = self.lines()
        self.assertEqual(["run", "exec", "exec", "update"], [line["operation"] for line in lines])
        self.assertEqual({str(self.bundle.directory)}, {line["bundle"] for line in lines})
        self.assertEqual("capabilities", next(c for c in lines[2]["changes"] if "SYS_ADMIN" in str(c.get("before")))["rule"])
        self.assertEqual("pids-limit", lines[3]["changes"][-1]["rule"])

    def test_no_secret_is_in_the_trail(self):
        self.bundle.change("/process/env", ["PATH=/bin", "PASSWORD=s3cret"])
        self.bundle.change("/process/args", ["true", "s3cret"])
        document = self.bundle.document()
        self.bundle.write({**document, "annotations": {"run.oci.keep_original_groups": "s3cret", "x": "s3cret"}})
        self.run_bundle().check()
        self.bundle.config.write_text(self.bundle.config.read_text().replace('"s3cret"', '"s3cret'))
        self.runtime.call("run", "--bundle", str(self.bundle.directory), self.identifier).check_failed()
        self.assertEqual(2, len(self.lines()))
        self.assertNotIn("s3cret", "".join(path.read_text() for path in TRAIL.parent.glob("*.jsonl")))

    def test_a_broken_policy_leaves_a_line_too(self):
        POLICY.write_text("{")
        self.run_bundle().check_failed()
        log = self.hardened("log", "--format", "json", "--container", self.identifier)
        self.assertIn("taking the built-in policy's audit", log.err)
        self.assertIn("policy.json", json.loads(log.check().out)["error"]["text"])

    def test_in_report_mode_nothing_changes_and_everything_is_recorded(self):
        self.bundle.change("/mounts", [*self.bundle.document()["mounts"], {"destination": "/e", "type": "bind", "source": "/etc", "options": ["rbind"]}])
        self.bundle.name_cgroup(self.identifier)
        POLICY.write_text(json.dumps(REPORTING))
        before = self.bundle.document()
        self.bundle.shell("cat /proc/self/uid_map; test -e /e/passwd && touch /new")
        shown = self.run_bundle().check().out
        self.assertEqual(["0", "0", "4294967295"], shown.split())
        self.assertEqual({**before, "process": self.bundle.document()["process"]}, self.bundle.document())
        (line,) = self.lines()
        self.assertEqual([], line["changes"])
        self.assertIn("user-namespace", {change["rule"] for change in line["reported"]})
        summary = self.hardened("log", "--summary", "--container", self.identifier).check().out
        self.assertIn("1 container, 0 refused, 1 that would be refused if every rule were enforced", summary)
        self.assertRegex(summary, r"mounts +would refuse: .*/etc.* 1 \(.*rules\.mounts\.allowed_sources")
        self.assertRegex(summary, r"capabilities +would change +1 \(.* rules\.capabilities\.keep")

    def test_in_report_mode_an_exec_gives_its_streams_to_nobody(self):
        # A user namespace of the document's own, as userns-remap makes one.
        POLICY.write_text(json.dumps(REPORTING))
        namespaces = self.bundle.document()["linux"]["namespaces"]
        maps = [{"containerID": 0, "hostID": 300000, "size": 65536}]
        self.bundle.change("/linux/namespaces", [*namespaces, {"type": "user"}])
        self.bundle.change("/linux/uidMappings", maps)
        self.bundle.change("/linux/gidMappings", maps)
        command.run("chown", "-R", "300000:300000", str(self.bundle.directory / "rootfs")).check()
        self.started()
        owner = "stat -L -c %u /proc/self/fd/1"
        plain = Runtime(RUNC).call("exec", self.identifier, "sh", "-c", owner).check().out
        self.assertEqual(plain, self.runtime.call("exec", self.identifier, "sh", "-c", owner).check().out)

    def test_in_report_mode_ids_of_the_pool_are_no_documents(self):
        POLICY.write_text(json.dumps(REPORTING))
        maps = [{"containerID": 0, "hostID": 1879048192, "size": 65536}]
        self.bundle.change("/linux/namespaces", [*self.bundle.document()["linux"]["namespaces"], {"type": "user"}])
        self.bundle.change("/linux/uidMappings", maps)
        self.bundle.change("/linux/gidMappings", maps)
        self.assertIn("ids that are given to one container at a time", self.run_bundle().check_failed().err)

    def test_a_start_is_explained_after_its_line_was_rotated_away(self):
        self.started()
        for path in TRAIL.parent.glob("*.jsonl"):
            path.write_text("")
        text = self.hardened("explain", self.identifier).check().out
        self.assertIn("run of " + self.identifier, text)
        self.assertIn("setting: rules.capabilities.keep", text)
        told = self.hardened("explain", "--bundle", str(self.bundle.directory)).check()
        self.assertIn(f"rewritten for the container {self.identifier}", told.err)

    def test_explain_tells_the_last_start_also_where_its_line_was_lost(self):
        self.run_bundle().check()
        with open(TRAIL.with_name("lock"), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.bundle.change("/process/capabilities/bounding", ["CAP_SYS_ADMIN"])
            self.started()
        explained = self.hardened("explain", self.identifier, "--format", "json").check().out
        self.assertIn("CAP_SYS_ADMIN", explained)
        self.assertEqual(1, len(json.loads(explained)))
        Path("/run/hardened/trail-lost").unlink()

    def test_a_container_of_plain_runc_is_not_explained_by_an_earlier_one_of_its_id(self):
        self.started()
        Runtime(RUNC).call("delete", "--force", self.identifier).check()
        other = Bundle(sandbox.base() / "cases" / (self.identifier[:20] + "-other")).shell("exec sleep 300")
        Runtime(RUNC).start(other, self.identifier, "run", "-d")
        for path in TRAIL.parent.glob("*.jsonl"):
            path.write_text("")
        self.assertIn("knows no container", self.hardened("explain", self.identifier).check_failed().err)

    def test_a_call_that_cannot_be_read_leaves_a_line(self):
        self.runtime.call("create", "--nonsense", self.identifier).check_failed()
        found = self.hardened("log", "--format", "json", "--outcome", "failed", "--operation", "create").check().out
        self.assertIn("--nonsense", json.loads(found.splitlines()[-1])["error"]["text"])
        # Words that cannot be read may be a misspelt --env.
        self.runtime.call("exec", "--evn=PASSWORD=hunter2", self.identifier, "true").check_failed()
        self.assertNotIn("hunter2", TRAIL.read_text())

    def test_a_lock_that_somebody_holds_stops_no_start(self):
        self.run_bundle().check()
        with open(TRAIL.with_name("lock"), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.run_bundle().check()
        log = self.hardened("log", "--format", "json", "--container", self.identifier).check()
        self.assertEqual(1, len(log.out.splitlines()))
        self.assertIn("hardened: decisions are missing, the last one of 20", log.err)
        Path("/run/hardened/trail-lost").unlink()

    def test_what_would_match_nothing_is_an_error(self):
        for words, said in (
            (("--rule", "mount"), "--rule: no rule mount, did you mean mounts"),
            (("--summary", "--last", "3"), "--summary excludes --last"),
            (("--engine", "dokcer"), "dokcer"),
        ):
            self.assertIn(said, self.hardened("log", *words).check_failed().err)

    def test_where_the_policy_wants_a_line_nothing_starts_without_one(self):
        POLICY.write_text('{"audit": {"unwritable": "refuse"}}')
        self.run_bundle().check()
        command.run("mount", "-o", "remount,ro", "/var/log").check()
        self.addCleanup(lambda: command.run("mount", "-o", "remount,rw", "/var/log").check())
        config = self.bundle.config.read_bytes()
        refused = self.run_bundle().check_failed()
        self.assertRegex(refused.err, "the audit trail, which the policy requires: .*read-only file system")
        self.assertEqual(config, self.bundle.config.read_bytes())
        POLICY.unlink()
        self.run_bundle().check()

    def test_a_full_file_is_put_aside(self):
        POLICY.write_text('{"audit": {"file_bytes": 65536, "files": 2}}')
        self.started()
        for _ in range(8):
            self.runtime.call("exec", self.identifier, "true").check()
        with open(TRAIL, "a") as file:
            file.write("x" * 60000 + "\n")
        for _ in range(8):
            self.runtime.call("exec", self.identifier, "true").check()
        self.assertTrue(TRAIL.with_name("decisions.1.jsonl").exists())
        log = self.hardened("log", "--container", self.identifier).check()
        self.assertEqual("hardened: 1 lines are not of the trail's form, left out\n", log.err)

    def test_follow_shows_what_is_decided_meanwhile(self):
        self.run_bundle().check()
        words = (str(sandbox.binary()), "log", "--follow", "--container", self.identifier)
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=ENVIRONMENT) as following:
            first = following.stdout.readline()
            self.run_bundle().check()
            TRAIL.rename(TRAIL.with_name("decisions.1.jsonl"))
            os.set_blocking(following.stdout.fileno(), False)
            self.run_bundle().check()
            shown, deadline = b"", time.monotonic() + slowness.seconds(10)
            while shown.count(b"\n") < 2 and time.monotonic() < deadline:
                shown += following.stdout.read() or b""
                time.sleep(0.1)
            following.kill()
        self.assertIn(b"passed", first)
        self.assertEqual(2, shown.count(b"\n"), shown)

    def test_explain_tells_a_bundle_before_it_starts_as_the_trail_does_afterwards(self):
        before = json.loads(self.hardened("explain", "--bundle", str(self.bundle.directory), "--format", "json").check().out)
        self.run_bundle().check()
        (after,) = json.loads(self.hardened("explain", self.identifier, "--format", "json").check().out)
        rules = lambda decision: {change.get("rule") for change in decision["changes"]}
        self.assertEqual(rules(before[0]), rules(after))
        for change in after["changes"]:
            if "rule" in change:
                self.assertTrue(change["stops"] and change["setting"].startswith("rules."), change)
        text = self.hardened("explain", "--last", "1").check().out
        self.assertIn("capabilities\n  stops: kernel attack surface", text)
        self.assertIn("setting: rules.capabilities.keep", text)

    def test_explain_says_which_container_it_does_not_know(self):
        self.run_bundle().check()
        done = self.hardened("explain", "nobody")
        self.assertEqual(2, done.code)
        self.assertEqual("hardened: the audit trail knows no container of the id or Docker's name nobody\n", done.err)
