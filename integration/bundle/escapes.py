# SPDX-License-Identifier: Apache-2.0
"""Each class of escapes that became a CVE, re-enacted without harm: it works under the plain runtime and comes to nothing under the wrapper."""
import json
import os
import socket
import unittest
from pathlib import Path

from escape import advisories, page, repaired, ways
from escape.case import CRUN, Escape
from escape.catalogue import ESCAPES
from escape.judge import tests_of, version
from lib import sandbox
from lib.docker import RUNC
from lib.kernel import V2
from lib.verdict import need_host, need_installed

# Where integration/escape_table --write wants what was measured.
WRITE = os.environ.get("HARDENED_ESCAPES_MEASURED")
UNIFIED = "/sys/fs/cgroup/unified"


class Escapes(unittest.TestCase):
    maxDiff = None
    armed: dict[str, bool] = {}

    @classmethod
    def setUpClass(cls) -> None:
        need_installed(os.access(sandbox.binary().parent / "hardened-probe", os.X_OK), "hardened-probe is not built")
        need_installed(os.access(CRUN, os.X_OK), f"{CRUN} is not installed")
        # crun takes no hybrid hierarchy with controllers on both sides; what it cannot see is none.
        if os.path.ismount(UNIFIED):
            sandbox.mount("-t", "tmpfs", "hidden", UNIFIED)
        for path in (ways.ENGINE, ways.elsewhere()):
            path.parent.mkdir(exist_ok=True)
            server = socket.socket(socket.AF_UNIX)
            server.bind(str(path))
            server.listen()
            cls.addClassCleanup(server.close)

    def test_z_the_page_says_what_is_armed(self):
        """The last, when all have been tried: what was measured with the very version of its runtime that is here, but for what takes luck."""
        now = {
            "runtimes": {Path(program).name: version(program) for program in (RUNC, CRUN)},
            "cgroups": "v2" if V2 else "v1",
            "armed": sorted(name for name, works in self.armed.items() if works),
        }
        if WRITE:
            Path(WRITE).write_text(json.dumps(now, indent=1) + "\n")
            return
        then = page.recorded()
        other = {name for name in now["runtimes"] if now["runtimes"][name] != then["runtimes"][name]}
        compared = {each.name for each in ESCAPES if each.name in self.armed and not each.race and Path(each.under).name not in other}
        self.assertEqual(*(compared & set(each["armed"]) for each in (then, now)))
        # What this host cannot have says so itself.
        possible = [each for each in ESCAPES if all(there for _, there in each.needs)]
        left = [each.name for each in possible if each.name not in compared and not each.race]
        here = f"{now['runtimes']}, cgroup {now['cgroups']}"
        measured = f"{then['runtimes']}, cgroup {then['cgroups']}"
        need_host(not left, f"the page is held to no more than was tried with the same runtimes: {here}, measured with {measured}; without {', '.join(left)}")


class Advisories(unittest.TestCase):
    def test_what_is_said_to_be_stopped_is_re_enacted_or_excused(self):
        self.assertEqual([], advisories.faults(advisories.claimed(), ESCAPES, advisories.NOT_HERE))

    def test_refusals_name_theirs(self):
        self.assertIn(("CVE-2025-23266", ""), advisories.claimed())
        self.assertIn(("CVE-2026-47766", "crun"), advisories.claimed())

    def test_a_claim_is_shown_with_its_own_runtime(self):
        one = Escape("one", "CVE-1, CVE-2", "", lambda _: False, under=CRUN)
        self.assertEqual([], advisories.faults({("CVE-1", "crun"), ("CVE-2", "")}, [one], {}))
        self.assertEqual(["CVE-2 of runc: neither re-enacted nor excused"], advisories.faults({("CVE-2", "runc")}, [one], {}))
        self.assertEqual(["CVE-3: neither re-enacted nor excused"], advisories.faults({("CVE-3", "")}, [one], {}))

    def test_a_reason_excuses_something(self):
        one = Escape("one", "CVE-1", "", lambda _: False)
        self.assertEqual([], advisories.faults({("CVE-3", "runc")}, [one], {"CVE-3": "needs a machine"}))
        self.assertEqual(["CVE-1: excused for nothing"], advisories.faults({("CVE-1", "runc")}, [one], {"CVE-1": "needs a machine"}))


class Repairs(unittest.TestCase):
    def test_a_runtime_has_a_repair_of_its_branch_or_of_its_distribution(self):
        fixed = ("1.2.8", "1.3.3", "1.4.0-rc.3", "1.1.5+ds1-1+deb12u2")
        without = ("1.1.15+ds1-2", "1.2.7", "1.3.2", "1.4.0-rc.2", "1.1.5+ds1-1+deb12u1", "1.1.6+ds1-1+deb12u2")
        self.assertEqual([], [each for each in without if repaired.has(each, fixed)])
        having = ("1.2.8", "1.2.10", "1.3.3+ds1-1", "1.4.0~rc3", "1.4.0", "1.5.0-rc.1", "2.0.0", "1.1.5+ds1-1+deb12u2", "1.1.5+ds1-1+deb12u3")
        self.assertEqual([], [each for each in having if not repaired.has(each, fixed)])
        self.assertFalse(repaired.has("1.8.1", ()))

    def test_a_runtime_is_older_than_a_hole_that_a_later_version_brought(self):
        self.assertTrue(repaired.older("1.8.1", "1.19"))
        self.assertEqual([], [each for each in ("1.19", "1.19.1", "1.27") if repaired.older(each, "1.19")])
        self.assertFalse(repaired.older("1.8.1", ""))

    def test_a_version_is_the_packages_where_the_runtime_says_it(self):
        self.assertEqual("1.1.5+ds1-1+deb12u1", repaired.version_of("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev"))
        self.assertEqual("1.2.5", repaired.version_of("runc version 1.2.5\ncommit: v1.2.5-0-g59923ef"))


for name, method in tests_of(ESCAPES).items():
    setattr(Escapes, name, method)
