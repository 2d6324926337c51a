# SPDX-License-Identifier: Apache-2.0
"""Every system call of a call of the wrapper made to fail, by the kernel's tracer and not by an interface of ours: also those of the
libraries and those that no test thought of. What is refused says so in one line and leaves nothing behind; what is not hands on the same."""
import json
import os
import re
import shutil
import time
import unittest
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from attack import documents
from lib import faults, sandbox, state, verdict
from lib.bundle import Bundle, Runtime

LINK = Path("/etc/hardened/runtime")
POLICY = Path("/etc/hardened/policy.json")
# One in so many; HARDENED_FAULTS_EVERY=1 for all, some minutes.
EVERY = int(os.environ.get("HARDENED_FAULTS_EVERY", "9"))
# So many of each call at least.
FEWEST = 50
# In turn: a disk, the memory that a limit leaves, a security module; HARDENED_FAULTS_ERRORS for others.
ERRORS = os.environ.get("HARDENED_FAULTS_ERRORS", "EIO,ENOMEM,EACCES").split(",")
LAYER = re.compile(rf" {state.STATE}/stage/rootfs-\d+ ")
# For `doctor`: a line of the audit trail could not be written.
LOST = state.STATE / "trail-lost"
JUDGED = state.STATE / "seccomp"
# CRIU brings its own ids back: `restore` goes with no user namespace of ours.
RESTORING = {"restore": "allow", "profiles": {"standard": {"rules": {"user-namespace": {"mode": "off"}}}}}


def without(traced: faults.Traced, seen: faults.Traced) -> str:
    """What was handed on. A layer below the container's root that did not go away again stands in the runtime's own namespace, where
    pivot_root(2) leaves it behind, as it does all of the host's: that one is no difference, after a fault of umount2 alone."""
    if not any(line.startswith("umount2(") and "(INJECTED)" in line for line in seen.calls):
        return traced.handed
    return "\n".join(line for line in traced.handed.splitlines() if not LAYER.search(line))


class FaultPoints(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        verdict.need_installed(bool(shutil.which("strace")), "strace is not installed")
        self.directory = sandbox.base() / "bundle"
        self.bundle = Bundle(self.directory)
        self.addCleanup(lambda: shutil.rmtree(self.directory))
        (self.directory / "rootfs").rename(self.directory / "lower")
        for name in ("rootfs", "upper", "work", "volume"):
            (self.directory / name).mkdir()
        parts = (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work"))
        options = ",".join(f"{option}={self.directory}/{name}" for option, name in parts)
        self.mount("-t", "overlay", "-o", options, "overlay", str(self.directory / "rootfs"))
        document = self.bundle.document()
        volume = {"destination": "/vol", "type": "bind", "source": str(self.directory / "volume")}
        document["mounts"].append({**volume, "options": ["rbind"]})
        self.bundle.write(document)
        self.bundle.name_cgroup("c")
        # /usr is the host's: the runtime lies on a file system of the test's own.
        self.mount("-t", "tmpfs", "-o", "mode=755", "runtime", "/usr/local/sbin")
        self.tracer = faults.Tracer(Path("/usr/local/sbin"))
        self.addCleanup(shutil.rmtree, state.STATE, ignore_errors=True)

    def mount(self, *words: str) -> None:
        sandbox.mount(*words)
        self.addCleanup(lambda: os.system(f"umount {words[-1]}"))

    def policy(self, document: dict) -> None:
        POLICY.write_text(json.dumps(document))
        self.addCleanup(POLICY.unlink)

    def of_docker(self) -> None:
        """Docker's own document, with its filter."""
        self.bundle.write(documents.docker(self.bundle, "docker28-default", self.directory / "volume", ["true"]))

    def forget(self, but: Path | None = None) -> None:
        """After a runtime that made no container: as after its engine's delete and the next create."""
        state.STATE.mkdir(exist_ok=True)
        own = [path for path in state.STATE.iterdir() if path != but]
        for path in [*own, *self.directory.glob("hardened-*")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.bundle.config.write_text(self.given)

    def forget_all_but_the_judged(self) -> None:
        self.forget(JUDGED)

    def remain(self) -> None:
        """The container that is there is not touched."""
        LOST.unlink(missing_ok=True)

    def container(self) -> None:
        """One that runs, recorded, while its wrapper is called."""
        runtime = Runtime(root="root")
        self.bundle.change("/process/args", ["sleep", "1000"])
        runtime.start(self.bundle, "c", "run", "-d")
        self.addCleanup(lambda: runtime.call("delete", "--force", "c").check())

    def process(self) -> str:
        path = self.directory.parent / "process.json"
        path.write_text(json.dumps(documents.privileged_process(["true"])))
        return str(path)

    def points(self, calls: list[str]) -> Iterator[tuple[int, str, str]]:
        """The calls that are made to fail: their numbers, and the tracer's words for how."""
        counts: Counter = Counter()
        step = max(1, min(EVERY, len(calls) // FEWEST))
        for number, line in enumerate(calls):
            name = faults.CALL.match(line)[1]
            counts[name] += 1
            if name not in faults.SKIPPED and number % step == 0:
                error = faults.ERRORS.get(name, ERRORS[number // step % len(ERRORS)])
                yield number, line, f"inject={name}:error={error}:when={counts[name]}"
        # The last of all: all is done then, and what stands has to be taken back.
        yield len(calls), "execve of the runtime", "inject=execve:error=EACCES:when=1"

    def each(self, *words: str, clear: Callable[[], None], least: int) -> None:
        """`clear`: makes what stands what it was, after a call that passed. `least`: so many calls there are, or nothing was tried."""
        LINK.symlink_to(self.tracer.runtime)
        self.addCleanup(LINK.unlink)
        line = (str(sandbox.binary()), "--root", str(sandbox.base() / "root"), *words)
        start = time.monotonic()
        self.given = self.bundle.config.read_text()
        for _ in range(2):  # the second time as all that follow
            clear()
            before = faults.standing(self.directory)
            whole = self.tracer.call(line)
            whole.done.check()
            after = faults.standing(self.directory)
        self.assertGreater(len(whole.calls), least)
        self.assertIn(words[0], whole.handed)
        counts: Counter = Counter()
        for number, said, how in self.points(whole.calls):
            clear()
            with self.subTest(call=number, line=said[:150], how=how):
                self.assertEqual(before, faults.standing(self.directory))
                seen = self.tracer.call(line, "-e", how)
                counts["missed"] += not seen.injected
                counts["passed" if seen.done.code == 0 else "refused"] += seen.injected
                if seen.done.code == 0:
                    self.same(whole, seen, before, after)
                elif half_made := self.nothing(seen, before, after):
                    self.tracer.call(line).done.check()
                    self.assertEqual(set(), half_made & faults.standing(self.directory), "half made, and left so by the next as well")
        print(f"{words[0]}: {dict(counts)} of {len(whole.calls)} calls, {time.monotonic() - start:.0f} s")
        self.assertGreater(counts["refused"], FEWEST / 5)
        self.assertLess(counts["missed"], (counts["refused"] + counts["passed"]) / 10, "the calls are others every time")

    def now(self) -> set[str]:
        return {line for line in faults.standing(self.directory) if faults.path_of(line) != str(LOST)}

    def same(self, whole: faults.Traced, seen: faults.Traced, before: set[str], after: set[str]) -> None:
        self.assertEqual(without(whole, seen), without(seen, seen), "started, and as something else")
        names = [{faults.path_of(line) for line in lines - before} for lines in (self.now(), after)]
        self.assertEqual(set(), names[0] - names[1], "left beside what a start leaves")
        # What was judged may have to be judged again, and a start be explained by the trail alone; all else is needed later.
        missing = [name for name in names[1] - names[0] if not name.startswith(f"{JUDGED}") and not name.endswith(".start")]
        self.assertEqual([], missing)

    def nothing(self, seen: faults.Traced, before: set[str], after: set[str]) -> set[str]:
        """Returns what of the state's own is not as a start leaves it."""
        done = seen.done
        self.assertEqual("", seen.handed, "refused, and the runtime was started")
        self.assertEqual(1, len(done.err.strip().splitlines()), done.err)
        self.assertTrue(done.err.startswith("hardened: "), done.err)
        self.assertGreater(done.code, 0, "a signal")
        now = self.now()
        self.assertEqual(set(), before - now, f"gone: {done.err}")
        # Places to work in that are there for the next as well, and what was judged well, to the byte as without a fault.
        common = {line for line in after if faults.is_common(line)}
        left = now - before - common
        half_made = {line for line in left if faults.is_directory(line)}
        paths = {faults.path_of(line) for line in common}
        self.assertEqual(set(), {line for line in left if line not in half_made or faults.path_of(line) not in paths}, done.err)
        return half_made

    def test_create(self):
        self.each("create", "--bundle", str(self.directory), "c", clear=self.forget, least=1000)

    def test_create_with_a_filter_of_docker(self):
        self.of_docker()
        self.each("create", "--bundle", str(self.directory), "c", clear=self.forget, least=1000)

    def test_create_with_a_filter_that_was_judged(self):
        self.of_docker()
        self.each("create", "--bundle", str(self.directory), "c", clear=self.forget_all_but_the_judged, least=1000)

    def test_run(self):
        words = ("run", "--detach", "--bundle", str(self.directory), "--pid-file", str(sandbox.base() / "pid"), "c")
        self.each(*words, clear=self.forget, least=1000)

    def test_restore(self):
        self.policy(RESTORING)
        self.each("restore", "--detach", "--bundle", str(self.directory), "--image-path", "/nowhere", "c", clear=self.forget, least=500)

    def test_exec_of_a_document(self):
        self.container()
        self.each("exec", "--process", self.process(), "c", clear=self.remain, least=100)

    def test_exec_of_flags(self):
        self.container()
        self.each("exec", "--cap", "CAP_SYS_ADMIN", "--user", "0", "c", "true", clear=self.remain, least=100)

    def test_update(self):
        self.container()
        file = sandbox.base() / "resources.json"
        file.write_text(json.dumps({"pids": {"limit": -1}, "memory": {"limit": 64 << 20}}))
        self.each("update", "--resources", str(file), "c", clear=self.remain, least=100)

    def test_update_by_flags(self):
        self.container()
        self.each("update", "--pids-limit", "-1", "--memory", "-1", "c", clear=self.remain, least=100)


if __name__ == "__main__":
    unittest.main()
