# SPDX-License-Identifier: Apache-2.0
"""Tries an escape under the wrapper and without it: it has to work without, and to come to nothing under the wrapper."""
import re
from collections.abc import Callable
from pathlib import Path
from unittest import TestCase

from escape.case import CRUN, Escape
from escape.place import SECRET, Place
from lib import command, state
from lib.bundle import Runtime
from lib.verdict import need_host

LINK = Path("/etc/hardened/runtime")
REFUSED = 3
REACHED = "the host was reached"


def version(program: str) -> str:
    """As "runc 1.1.5+ds1"."""
    first = command.run(program, "--version").check().out.split("\n", 1)[0]
    return first.replace(" version", "")


def everything(said: list[command.Result]) -> str:
    return "\n".join(f"{each.out}{each.err}" for each in said)


def hardened(test: TestCase, escape: Escape) -> None:
    if escape.under == CRUN:
        LINK.symlink_to(CRUN)
        test.addCleanup(LINK.unlink)
    before = state.mounts()
    place = Place(f"{escape.name}-hardened", Runtime(root="hardened"), plain=False)
    try:
        reached = escape.attempt(place)
        said = everything(place.said)
        test.assertFalse(reached, f"{REACHED}\n{said}")
        if escape.setting:
            refused(test, escape, place)
        else:
            test.assertRegex(said, escape.held)
        test.assertEqual(SECRET + "\n", place.secret.read_text())
        test.assertEqual([place.secret], list(place.host.iterdir()))
    finally:
        place.clear()
    test.assertEqual(before, state.mounts())


def refused(test: TestCase, escape: Escape, place: Place) -> None:
    """Each call, or the last after a start that is none of the escape."""
    calls = [each for each in place.said if each.code or each is place.said[-1]]
    for call in calls:
        test.assertEqual(REFUSED, call.code, call)
        line = (call.err or call.out).replace("\r\n", "\n")
        test.assertRegex(line, rf"\Ahardened: [^\n]*policy setting: {re.escape(escape.setting)}\b[^\n]*\n\Z")
    if len(calls) == len(place.said):
        test.assertEqual([], [name for name in state.records() if f"/{place.name}." in name])


def plain(escape: Escape) -> tuple[bool, str]:
    """Whether it comes to the host without the wrapper, and what was said."""
    place = Place(f"{escape.name}-plain", Runtime(escape.under, root="plain"), plain=True)
    try:
        return escape.attempt(place), everything(place.said)
    finally:
        place.clear()


def judge(test: TestCase, escape: Escape, armed: dict[str, bool]) -> None:
    for what, there in escape.needs:
        need_host(there, f"{escape.name} needs {what}")
    works, said = plain(escape)
    armed[escape.name] = works
    if escape.passes:
        with test.assertRaisesRegex(AssertionError, REACHED):
            hardened(test, escape)
    else:
        hardened(test, escape)
    if not works:
        test.assertTrue(escape.fixed, f"{escape.name} shows nothing: it does not work without the wrapper\n{said}")
        need_host(False, f"{version(escape.under)} lets {escape.name} come to nothing itself (repaired in {escape.fixed}, or a race was not won)")


def test_of(escape: Escape) -> Callable[[TestCase], None]:
    def method(self: TestCase) -> None:
        judge(self, escape, self.armed)

    method.__doc__ = f"{escape.cve}: {escape.how}" if escape.cve else escape.how
    return method


def tests_of(escapes: tuple[Escape, ...]) -> dict[str, Callable]:
    return {f"test_{escape.name.replace('-', '_')}": test_of(escape) for escape in escapes}
