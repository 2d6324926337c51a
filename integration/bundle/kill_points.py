# SPDX-License-Identifier: Apache-2.0
"""The wrapper killed at its system calls, as by the kernel that is out of memory or an engine whose patience ends: nothing of it runs on,
no mount stays, and what it had written so far does not stand in the way of the next call, which leaves what one alone would have."""
import time
import unittest
from collections import Counter
from collections.abc import Callable, Iterator

from lib import fault_case, faults
from lib.fault_case import EVERY, LOST

# So many of each call at least.
FEWEST = 20


class KillPoints(fault_case.Calls):
    def points(self, calls: list[str]) -> Iterator[tuple[int, str, str]]:
        counts: Counter = Counter()
        step = max(1, min(3 * EVERY, len(calls) // FEWEST))
        for number, line in enumerate(calls):
            name = faults.CALL.match(line)[1]
            counts[name] += 1
            if number % step == 0:
                yield number, line, f"inject={name}:signal=SIGKILL:when={counts[name]}"

    def each(self, *words: str, clear: Callable[[], None], least: int) -> None:
        line = self.line(*words)
        start = time.monotonic()
        for _ in range(2):  # the second time as all that follow
            clear()
            whole = self.tracer.call(line)
            whole.done.check()
            after = self.left()
        self.assertGreater(len(whole.calls), least)
        counts: Counter = Counter()
        for number, said, how in self.points(whole.calls):
            clear()
            empty = self.left()
            before = faults.mounts() | faults.processes()
            with self.subTest(call=number, line=said[:150], how=how):
                killed = self.tracer.call(line, "-e", how)
                counts["killed" if killed.done.code < 0 or killed.done.code > 128 else "missed"] += 1
                if killed.done.code == 0:
                    continue
                self.assertEqual("", killed.handed, "the runtime was started")
                self.assertEqual(before, faults.mounts() | faults.processes())
                counts["with something left"] += bool(self.left() - empty)
                # The engine's bundle of its next try.
                self.bundle.config.write_text(self.given)
                again = self.tracer.call(line)
                again.done.check()
                self.assertEqual(whole.handed, again.handed, "started, and as something else")
                self.assertEqual(after, self.left())
        print(f"{words[0]}: {dict(counts)} of {len(whole.calls)} calls, {time.monotonic() - start:.0f} s")
        self.assertLess(counts["missed"], counts["killed"] / 10, "the calls are others every time")

    def left(self) -> set[str]:
        """To the mode, the owner and the text without its numbers."""
        return {line for line in faults.alike(faults.standing(self.directory)) if faults.path_of(line) != str(LOST)}


if __name__ == "__main__":
    unittest.main()
