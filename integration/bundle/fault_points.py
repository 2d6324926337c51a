# SPDX-License-Identifier: Apache-2.0
"""Every system call of a call of the wrapper made to fail, by the kernel's tracer and not by an interface of ours: also those of the
libraries and those that no test thought of. What is refused says so in one line and leaves nothing behind; what is not hands on the same."""
import os
import re
import time
import unittest
from collections import Counter
from collections.abc import Callable, Iterator

from lib import fault_case, faults, state
from lib.fault_case import EVERY, JUDGED

# So many of each call at least.
FEWEST = 50
# In turn: a disk, the memory that a limit leaves, a security module; HARDENED_FAULTS_ERRORS for others.
ERRORS = os.environ.get("HARDENED_FAULTS_ERRORS", "EIO,ENOMEM,EACCES").split(",")
# 10: where the shell in the runtime's place keeps its standard error.
STREAM = re.compile(r"^(open: (?:[012]|10) .*) \d+:\d+$", re.MULTILINE)
NOT_GIVEN = re.compile(r"(?:fchown|newfstatat)\([012], .*EPERM")
LAYER = re.compile(rf" {state.STATE}/stage/rootfs-\d+ ")


def without(traced: faults.Traced, seen: faults.Traced) -> str:
    """What was handed on. A layer below the container's root that did not go away again stands in the runtime's own namespace, where
    pivot_root(2) leaves it behind, as it does all of the host's: that one is no difference, after a fault of umount2 alone. Nor is a
    standard stream that its owner did not let go, after EPERM of that alone: the container's root can write it all the same."""
    handed = traced.handed
    failed = [line for line in seen.calls if "(INJECTED)" in line]
    if any(line.startswith("umount2(") for line in failed):
        handed = "\n".join(line for line in handed.splitlines() if not LAYER.search(line))
    return STREAM.sub(r"\1", handed) if any(NOT_GIVEN.match(line) for line in failed) else handed


def failing(line: str, counts: Counter, turn: int) -> str:
    """The tracer's words for making this call fail, of those counted so far."""
    name = faults.CALL.match(line)[1]
    error = faults.ERRORS.get(name, ERRORS[turn % len(ERRORS)])
    return f"inject={name}:error={error}:when={counts[name]}"


class FaultPoints(fault_case.Calls):
    def points(self, whole: faults.Traced) -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """The calls that are made to fail: their numbers, what they were, and the tracer's words for how."""
        calls = whole.calls
        counts: Counter = Counter()
        step = max(1, min(EVERY, len(calls) // FEWEST))
        for number, line in enumerate(calls):
            name = faults.CALL.match(line)[1]
            counts[name] += 1
            if name not in faults.SKIPPED and number % step == 0:
                yield number, line, ("-e", failing(line, counts, number // step))
        # Each of a child's, which the wrapper itself may meet first.
        for child in whole.children:
            counts = Counter()
            for number, line in enumerate(child):
                name = faults.CALL.match(line)[1]
                counts[name] += 1
                if name not in faults.SKIPPED:
                    yield number, line, (*faults.FOLLOWING, "-e", failing(line, counts, number))
        # The last of all: all is done then, and what stands has to be taken back.
        yield len(calls), "execve of the runtime", ("-e", "inject=execve:error=EACCES:when=1")

    def each(self, *words: str, clear: Callable[[], None], least: int) -> None:
        line = self.line(*words)
        start = time.monotonic()
        for _ in range(2):  # the second time as all that follow
            clear()
            before = faults.standing(self.directory)
            whole = self.tracer.call(line, *faults.FOLLOWING)
            whole.done.check()
            after = faults.standing(self.directory)
            alike = faults.alike(after)
        self.assertGreater(len(whole.calls), least)
        self.assertIn(words[0], whole.handed)
        counts: Counter = Counter()
        for number, said, how in self.points(whole):
            clear()
            with self.subTest(call=number, line=said[:150], how=how):
                self.assertEqual(before, faults.standing(self.directory))
                seen = self.tracer.call(line, *how)
                counts["missed"] += not seen.injected
                counts["in a child"] += any("(INJECTED)" in call for child in seen.children for call in child)
                counts["passed" if seen.done.code == 0 else "refused"] += seen.injected
                if seen.done.code == 0:
                    self.same(whole, seen, before, alike)
                elif half_made := self.nothing(seen, before, after):
                    self.tracer.call(line).done.check()
                    self.assertEqual(set(), half_made & faults.standing(self.directory), "half made, and left so by the next as well")
        print(f"{words[0]}: {dict(counts)} of {len(whole.calls)} calls and {sum(map(len, whole.children))} of children, {time.monotonic() - start:.0f} s")
        self.assertGreater(counts["refused"], FEWEST / 5)
        self.assertLess(counts["missed"], (counts["refused"] + counts["passed"]) / 10, "the calls are others every time")

    def same(self, whole: faults.Traced, seen: faults.Traced, before: set[str], alike: set[str]) -> None:
        """`before`: as it stood; `alike`: what a start leaves, to the mode, the owner and the text without its numbers."""
        self.assertEqual(without(whole, seen), without(seen, seen), "started, and as something else")
        now = faults.alike(self.now())
        self.assertEqual(set(), now - alike, "left beside what a start leaves, or otherwise")
        self.assertEqual(set(), {line for line in faults.alike(before) - now if line in alike}, "gone")
        # What was judged may have to be judged again, and a start be explained by the trail alone; all else is needed later.
        names = {faults.path_of(line) for line in alike} - {faults.path_of(line) for line in now}
        missing = [name for name in names if not name.startswith(f"{JUDGED}") and not name.endswith(".start")]
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


if __name__ == "__main__":
    unittest.main()
