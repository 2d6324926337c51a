# SPDX-License-Identifier: Apache-2.0
"""hardened-probe in containers of five kinds: nothing of what a hardened one shall not reach is reached, and each attempt shows something."""
import dataclasses
import os
import unittest
from pathlib import Path

from attack import asks, floor, judge, numbers, page, published
from attack.columns import COLUMNS, CONTAINED, PLAIN, PRIVILEGED, STANDARD, STRICT, Answers, Range
from lib import sandbox
from lib.verdict import need_host, need_host_of, need_installed

# Where integration/attack_surface --write wants what was measured; there is nothing to compare it with then.
WRITE = os.environ.get("HARDENED_ATTACK_MEASURED")
PROBE = sandbox.binary().parent / "hardened-probe"
# A policy with a hole in many rules, and the beginnings of what then gets through.
KEPT = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "NET_BIND_SERVICE", "NET_RAW")
HOLES = {
    "seccomp": {
        "tcp_ulp": "allow",
        "msg_oob": "allow",
        "terminal_injection": "allow",
        "set_user_id_files": "allow",
        "netlink_protocols": ["NETLINK_ROUTE", "NETLINK_NETFILTER"],
    },
    "capabilities": {"keep": [f"CAP_{name}" for name in KEPT]},
    "no-new-privileges": {"mode": "off"},
    "read-only-rootfs": {"mode": "off"},
    "pids-limit": {"mode": "off"},
}
THROUGH = ("ulp.", "oob.", "terminal.", "left.chmod.user", "socket.NETLINK_NETFILTER", "raw.", "raised.user", "make./usr", "limit.processes")
ENTERED = (STANDARD, STRICT)
HARDENED = tuple(column for column in COLUMNS if column.hardened)


class AttackSurface(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        need_host(os.uname().machine == "x86_64", "hardened-probe is for x86-64")
        need_installed(os.access(PROBE, os.X_OK), f"{PROBE} is not built (cmake --build --preset release)")
        cls.place = Range(PROBE)
        cls.addClassCleanup(cls.place.clear)
        cls.place.start_victim()
        cls.left: dict[str, list[str]] = {}
        cls.answers: dict[str, Answers] = {}
        for column in COLUMNS:
            cls.answers[column.name] = cls.place.answers(column)
            cls.left[column.name] = cls.place.left_on_the_host()
        cls.by_exec = {column.name: cls.place.exec(column) for column in ENTERED}
        with asks.listening(asks.SOCKETS):
            every = list(asks.asks())
            cls.asked = {column.name: {ask.id: asks.answer(cls.place, column, ask) for ask in every} for column in asks.ASKED}
        cls.measured = page.measured(cls.answers, cls.asked, cls.place.doors)
        if WRITE:
            Path(WRITE).write_text(page.text(cls.measured))

    def test_what_a_hardened_container_shall_not_reach_it_does_not(self):
        for column in HARDENED:
            with self.subTest(column.name):
                self.assertEqual([], judge.astray(self.answers[column.name], column.name))

    def test_calls_that_were_denied_once_are_attempted_and_denied(self):
        self.assertEqual([], floor.lapsed(self.place.table, self.answers, self.place.doors))

    def test_what_a_document_may_not_ask_for_is_not_had(self):
        for column in (STANDARD, STRICT):
            with self.subTest(column.name):
                self.assertEqual([], judge.astray(self.asked[column.name], column.name))

    def test_an_exec_that_asks_for_every_privilege_reaches_no_more(self):
        for name, own in self.by_exec.items():
            self.assertEqual(set(self.answers[name]), set(own), name)
            self.assertEqual([], judge.astray(own, name), name)
            self.assertEqual(set(), judge.beyond(own, self.answers[name]), name)

    def test_a_policy_with_holes_is_found_out(self):
        weakened = self.place.answers(dataclasses.replace(STANDARD, rules=HOLES))
        astray = judge.astray(weakened, STANDARD.name)
        self.assertEqual([], [start for start in THROUGH if not any(each.startswith(start) for each in astray)], astray)

    def test_every_class_has_attempts_that_succeed_without_the_wrapper(self):
        """But the calls at a door that the kernel has not."""
        shut = {numbers.group_of(door) for door, there in self.place.doors.items() if not there}
        rows = self.measured["rows"]
        self.assertEqual(shut, {group for group, row in rows.items() if row["armed"] == 0})

    def test_every_ask_is_granted_without_the_wrapper(self):
        self.assertEqual([], asks.unarmed(self.asked[PLAIN.name]))

    def test_every_column_makes_the_same_attempts(self):
        for column in COLUMNS:
            self.assertEqual(set(self.answers[PRIVILEGED.name]), set(self.answers[column.name]), column.name)

    def test_none_of_them_failed_before_it_came_to_the_attack(self):
        """What shows nothing in one column must not pass for a refusal there."""
        entered = {f"{name}, entered": own for name, own in self.by_exec.items()}
        for name, own in (self.answers | entered).items():
            idle = [f"{each}: {own[each]}" for each in judge.armed(self.answers) if own[each].shows_nothing]
            self.assertEqual([], idle, name)

    def test_what_servers_need_is_reached(self):
        for column in COLUMNS:
            own = self.answers[column.name]
            for name in ("needed.tcp", "needed.unix", "needed.routes", "needed.splice"):
                self.assertTrue(own[name].reached, f"{column.name} {name}: {own[name]}")

    def test_no_file_that_raises_its_user_is_left_on_the_host(self):
        self.assertNotEqual([], self.left[PLAIN.name], "plain runc leaves them, or nothing was tried")
        for column in HARDENED:
            self.assertEqual([], self.left[column.name], column.name)

    def test_every_need_of_published_exploits_is_judged_by_attempts_that_are_armed(self):
        unjudged = judge.unjudged(self.answers)
        need_host(not unjudged, f"its kernel has nothing that would show {', '.join(unjudged)}")

    def test_the_page_says_which_needs_are_met(self):
        """The hardened columns, on any kernel that shows them; how many attempts there are and what runc lets through are this machine's."""
        if WRITE:
            return
        now, then = self.measured, page.recorded()
        for need in set(published.WAYS) - set(judge.unjudged(self.answers)):
            for column in page.HARDENED:
                self.assertEqual(column in then["ways"][need], column in now["ways"][need], f"{need} in {column}")

    def test_the_wrapper_opens_nothing_that_the_runtime_alone_does_not(self):
        """On any host: no attempt comes further under the wrapper than without it."""
        for column, without in ((STANDARD, PLAIN), (STRICT, PLAIN), (CONTAINED, PRIVILEGED)):
            opened = judge.beyond(self.answers[column.name], self.answers[without.name])
            self.assertEqual(set(), opened, f"{column.name} and not {without.name}")

    def test_the_page_says_what_is_let_through(self):
        """To the attempt. What may be at all is judged on any host by the first of these tests."""
        if WRITE:
            return
        now, then = self.measured, page.recorded()
        need_host_of(then["host"], now["host"], "what the page says is let through")
        self.assertEqual(then["let_through"], now["let_through"])

    def test_the_page_says_what_was_made_and_armed(self):
        """Each number of its table, runc's columns too."""
        if WRITE:
            return
        now, then = self.measured, page.recorded()
        need_host_of(then["host"], now["host"], "the table of attempts")
        self.assertEqual(then["rows"], now["rows"])

    def test_no_class_has_lost_an_attempt(self):
        """On any host. What is armed there is its kernel's affair, what is made is not."""
        if WRITE:
            return
        self.assertEqual([], judge.fewer(self.measured["rows"], page.recorded()["rows"]))
