# SPDX-License-Identifier: Apache-2.0
"""`hardened verify` on real containers: one image under runc and under hardened, and what was done to one since."""
import html.parser
import json
import os
import signal
import subprocess
from pathlib import Path

from lib import command, sandbox, slowness
from lib.case import EngineCase
from lib.docker import IMAGE, RUNC
from lib.kernel import status_fields
from lib.verdict import need_host

# What docker-bench-security of the guides found in a container, and a runtime has a say in: in 1.6's numbers.
INFLUENCED = ("5.4", "5.5", "5.6", "5.10", "5.11", "5.12", "5.13", "5.16", "5.17", "5.18", "5.19", "5.20", "5.21")
INFLUENCED += ("5.22", "5.23", "5.25", "5.26", "5.29", "5.31", "5.32")
VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    """Well-formed: every tag that opens closes, in order. Keeps the tags and the text."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.shown, self.faults = [], [], "", []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        self.shown += data


class Verify(EngineCase):
    def roots(self) -> list[str]:
        """This engine keeps its state below its own directory."""
        found = sorted((self.engine.directory / "exec").glob("runtime-*/moby"))
        return [word for root in found for word in ("--root", str(root))]

    def verify(self, *words: str) -> command.Result:
        return command.run(str(sandbox.binary()), "verify", *words, *self.roots(), timeout=60)

    def judged(self, *words: str) -> dict:
        """Of one container: each item by its number."""
        done = self.verify(*words, "--format", "json")
        self.assertIn(done.code, (0, 3), str(done))
        containers = json.loads(done.out)["containers"]
        self.assertEqual(1, len(containers), done.out)
        container = containers[0]
        container["by"] = {item["id"].removeprefix("CIS "): item for item in container["items"]}
        worst = {item["verdict"] for item in container["items"]}
        self.assertEqual(3 if "FAIL" in worst else 0, done.code)
        return container

    def failing(self, container: dict) -> set[str]:
        return {number for number, item in container["by"].items() if item["verdict"] == "FAIL"}

    def pid(self, container: str) -> str:
        return self.engine.inspect(container, "{{.State.Pid}}")

    def state_root(self, container: str) -> str:
        return next(
            str(root) for root in (self.engine.directory / "exec").glob("runtime-*/moby") if (root / container).exists()
        )

    def test_everything_a_runtime_has_a_say_in_passes_under_hardened(self):
        plain = self.judged(self.sleeper(runtime="runc"))
        for number in ("5.11", "5.13", "5.26", "5.29", "5.31"):
            self.assertEqual("FAIL", plain["by"][number]["verdict"], plain["by"][number])
        self.assertEqual("WARN", plain["by"]["5.4"]["verdict"])
        ours = self.judged(self.sleeper())
        for number in (*INFLUENCED, "masks", "flags", "oom"):
            self.assertEqual("PASS", ours["by"][number]["verdict"], ours["by"][number])
        self.assertEqual(set(), self.failing(ours))
        self.assertEqual("privileged", plain["pod_security"]["level"])
        self.assertEqual("baseline", ours["pod_security"]["level"], ours["pod_security"])

    def test_both_side_by_side(self):
        plain, ours = self.sleeper("--name", "plain", runtime="runc"), self.sleeper("--name", "ours")
        done = self.verify("plain", ours[:12])
        self.assertEqual(3, done.code, str(done))
        rows = {line.split()[1]: line.split()[-2:] for line in done.out.split("\n\n")[0].splitlines()[1:33]}
        self.assertEqual(["FAIL", "PASS"], rows["5.13"])
        self.assertEqual(["FAIL", "PASS"], rows["5.31"])
        self.assertIn(plain, done.out)
        # What docs/verify.md shows is what comes out.
        page = (Path(__file__).parents[2] / "docs/verify.md").read_text()
        shown = [line for line in page.splitlines() if line.startswith("CIS 5.") and line.endswith("  PASS")]
        self.assertGreater(len(shown), 3)
        for line in shown:
            self.assertIn(line.split(), [row.split() for row in done.out.splitlines()])

    def test_host_namespaces_directories_and_sockets_fail(self):
        flags = ("--network", "host", "--pid", "host", "--ipc", "host", "--uts", "host")
        flags += ("--security-opt", "seccomp=unconfined", "--cap-add", "SYS_PTRACE", "--device", "/dev/kmsg")
        mounts = ("-v", "/etc:/host", "-v", f"{self.engine.directory}/socket:/s")
        container = self.judged(self.sleeper(*flags, *mounts, runtime="runc"))
        expected = {"5.4", "5.6", "5.10", "5.16", "5.17", "5.18", "5.21", "5.22", "5.32"}
        self.assertLessEqual(expected, self.failing(container), container["by"])
        # /etc is an overlay of these tests' own.
        shown = container["by"]["5.6"]["evidence"]
        self.assertTrue(any("/host shows /etc" in line for line in shown), shown)
        self.assertEqual("privileged", container["pod_security"]["level"])
        # Of the many mounts that the whole host brings, a few are named and the rest counted.
        whole = self.judged(self.sleeper("-v", "/:/all:rshared", runtime="runc"))
        self.assertLessEqual({"5.6", "5.20"}, self.failing(whole), whole["by"])

    def test_a_privileged_container_fails(self):
        every = int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1
        own = int(status_fields(Path("/proc/self/status").read_text())["CapEff"], 16)
        need_host(own == (1 << every) - 1, "root without every capability has no privileged containers")
        container = self.judged(self.sleeper("--privileged", runtime="runc"))
        self.assertLessEqual({"5.4", "5.5", "5.18", "5.22", "masks"}, self.failing(container))

    def test_an_exec_with_more_is_told_by_its_pid(self):
        name = self.sleeper()
        process = subprocess.Popen(
            [RUNC, "--root", self.state_root(name), "exec", "--cap", "CAP_SYS_ADMIN", name, "sleep", "300"]
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for(lambda: "sleep 300" in self.inside(name, "ps", "-o", "args").split("\n", 2)[2])
        container = self.judged(name)
        pids = {entry["pid"] for entry in container["processes"]} - {int(self.pid(name))}
        self.assertLessEqual({"5.4", "5.23"}, self.failing(container))
        evidence = container["by"]["5.23"]["evidence"][0]
        self.assertIn("CAP_SYS_ADMIN", evidence)
        self.assertTrue(any(f"pid {pid} " in evidence for pid in pids), (evidence, pids))

    def test_an_exec_on_its_way_in_is_no_failure(self):
        # runc's own process is in the container at first, with all that root has.
        name = self.sleeper()
        ours = f"{sandbox.binary()} --root {self.state_root(name)} exec {name} true"
        loop = subprocess.Popen(["sh", "-c", f"while {ours}; do :; done"], start_new_session=True)
        self.addCleanup(loop.wait)
        self.addCleanup(os.killpg, loop.pid, signal.SIGKILL)
        for _ in range(6):
            self.assertEqual(set(), self.failing(self.judged(name)))
        self.assertIsNone(loop.poll(), "it went on meanwhile")

    def test_a_rootfs_that_was_remounted_is_told(self):
        name = self.sleeper()
        self.assertEqual("PASS", self.judged(name)["by"]["5.13"]["verdict"])
        command.run("nsenter", "-t", self.pid(name), "-m", "-p", "/bin/mount", "-o", "remount,bind,rw", "/").check()
        self.assertEqual("FAIL", self.judged(name)["by"]["5.13"]["verdict"])

    def test_a_process_that_only_a_namespace_tells_of(self):
        name = self.sleeper()
        process = subprocess.Popen(["nsenter", "-t", self.pid(name), "-m", "/bin/sleep", "300"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        found = lambda: [e for e in self.judged(name)["processes"] if e["pid"] == process.pid]
        self.wait_for(found)
        self.assertEqual("namespace", found()[0]["found_by"])
        container = self.judged(name)
        for number in ("5.16", "5.23", "5.25", "5.26"):
            self.assertIn(number, self.failing(container))

    def test_any_process_tells_its_container(self):
        name = self.background(IMAGE, "sh", "-c", "sleep 300 & wait")
        self.wait_for(lambda: len(self.judged(name)["processes"]) == 2)
        for entry in self.judged(name)["processes"]:
            self.assertEqual(name, self.judged("--pid", str(entry["pid"]))["id"])
        done = self.verify("--pid", "1")
        self.assertEqual(2, done.code)
        self.assertIn("is in no container", done.err)

    def test_names_ids_and_beginnings_of_ids(self):
        name = self.sleeper("--name", "web")
        for word in ("web", name, name[:8]):
            self.assertEqual((name, "web"), tuple(self.judged(word)[key] for key in ("id", "name")))
        done = self.verify("nobody")
        self.assertEqual((2, b""), (done.code, done.stdout))
        self.assertIn('no running container has the id or name "nobody"', done.err)
        self.assertIn("(web)", done.err)

    def test_all_finds_those_that_no_runtime_tells_of(self):
        names = {self.sleeper(), self.sleeper(runtime="runc")}
        alone = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "sleep", "300"])
        self.addCleanup(alone.wait)
        self.addCleanup(alone.kill)
        told = lambda: json.loads(self.verify("--all", "--format", "json").out)["containers"]
        self.wait_for(lambda: any(not container["id"] for container in told()))  # the lone namespace
        self.assertLessEqual(names, {container["id"] for container in told()})
        # Without the state of a runtime the kernel tells the same.
        blind = command.run(str(sandbox.binary()), "verify", "--all", "--format", "json", timeout=60)
        self.assertLessEqual(names, {container["id"] for container in json.loads(blind.out)["containers"]})

    def test_a_hostile_name_is_harmless_on_the_page_and_the_terminal(self):
        script = """printf '<b>"&\\033[2J' > /proc/$$/comm; while :; do sleep 300; done"""
        name = self.background(IMAGE, "sh", "-c", script, runtime="runc")
        self.wait_for(lambda: "<b>" in self.judged(name)["processes"][0]["name"])
        done = self.verify(name, "--format", "html")
        page = Page()
        page.feed(done.out)
        page.close()
        self.assertEqual(([], []), (page.open, page.faults))
        self.assertIn('<b>"&\\x1b[2J', page.shown)
        self.assertFalse({"script", "img", "link", "iframe"} & set(page.tags))
        self.assertIn("default-src &#39;none&#39;".replace("&#39;", "'"), done.out)
        for text in (done.out, self.verify(name).out):
            self.assertNotIn("\x1b", text)

    def wait_for(self, condition) -> None:
        for _ in slowness.moments(10):
            if condition():
                return
        self.fail("it did not come to be")
