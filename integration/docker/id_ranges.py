# SPDX-License-Identifier: Apache-2.0
"""Ranges of host ids on Docker: many containers at once, and who keeps a range how long."""
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import slowness
from lib.case import EngineCase
from lib.docker import IMAGE


def three_ranges() -> dict:
    pool = {"first_id": 1900544000, "size": 3 * 65536}
    return {"profiles": {"standard": {"rules": {"user-namespace": {"pool": pool}}}}}


class IdRanges(EngineCase):
    def test_who_joined_keeps_the_range_when_the_other_is_gone(self):
        with self.policy(three_ranges()):
            one = self.sleeper()
            guest = self.sleeper("--network", f"container:{one}")
            held = self.inside(guest, "cat", "/proc/self/uid_map")
            self.assertEqual(held, self.inside(one, "cat", "/proc/self/uid_map"))
            self.engine.cli("rm", "-f", one).check()
            for _ in range(2):
                self.assertNotEqual(held, self.inside(self.sleeper(), "cat", "/proc/self/uid_map"))
            refused = self.engine.run(IMAGE, "true").check_failed().err
            self.assertIn("rules.user-namespace.pool", refused, "the third is the guest's")
            self.assertEqual("f\n", self.inside(guest, "sh", "-c", "echo f > /tmp/f; cat /tmp/f"))
            self.engine.cli("rm", "-f", guest).check()
            given = self.engine.run(IMAGE, "cat", "/proc/self/uid_map").check().out
            self.assertEqual(held, given, "given back with the last that has it")

    def test_many_at_once_are_disjoint_and_leave_nothing(self):
        count = 200 if slowness.FACTOR == 1 else 24
        # Not one by one in clean-ups: each call of the client costs as much as a container.
        words = ("run", "-d", "--runtime", "hardened", "--network", "none", IMAGE, "sleep", "300")
        with ThreadPoolExecutor(8) as pool:
            started = list(pool.map(lambda _: self.engine.cli(*words).check(), range(count)))
        names = [done.out.strip() for done in started]
        try:
            pids = self.engine.cli("inspect", "--format", "{{.State.Pid}}", *names).check().out
            maps = [
                Path(f"/proc/{pid}/{kind}_map").read_text().split()
                for pid in pids.split()
                for kind in ("uid", "gid")
            ]
        finally:
            self.engine.cli("rm", "-f", *names, timeout=200).check()
        self.assertEqual(len(maps), 2 * count)
        self.assertTrue(all(first == "0" and size == "65536" for first, _, size in maps))
        self.assertEqual(maps[::2], maps[1::2], "groups as users")
        starts = sorted(int(host) for _, host, _ in maps[::2])
        for before, after in zip(starts, starts[1:]):
            self.assertGreaterEqual(after - before, 65536)
        given = self.engine.run(IMAGE, "cat", "/proc/self/uid_map").check().out.split()[1]
        ranges = [path.stem for path in Path("/run/hardened/ids").iterdir()]
        self.assertEqual([str(int(given) // 65536)], ranges, "one more, and nothing of the others")
