# SPDX-License-Identifier: Apache-2.0
"""Tries an escape under the wrapper and without it: it has to work without, and to come to nothing under the wrapper."""
import re
from collections.abc import Callable
from pathlib import Path
from unittest import TestCase

from escape import repaired
from escape.case import CRUN, Escape
from escape.place import SECRET, Place
from lib import command, state
from lib.bundle import Runtime
from lib.verdict import need_host

LINK = Path("/etc/hardened/runtime")
REFUSED = 3
REACHED = "the host was reached"


def version(program: str) -> str:
    """As "1.1.5+ds1-1+deb12u1"."""
    return repaired.version_of(command.run(program, "--version").check().out)


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
    account(test, escape, works, said)


def account(test: TestCase, escape: Escape, works: bool, said: str) -> None:
    """What works has no repair. What does not is marked by its repair, or as not armed where there may be one, or where it takes luck."""
    there = version(escape.under)
    runtime = f"{Path(escape.under).name} {there}"
    has = repaired.has(there, escape.fixed)
    if works:
        test.assertFalse(has, f"{escape.name} works under {runtime}, of which the catalogue says that it is repaired")
        return
    need_host(not repaired.older(there, escape.introduced), f"{runtime} is older than the hole of {escape.name} ({escape.introduced})")
    need_host(not has, f"{runtime} has the repair of {escape.name} ({', '.join(escape.fixed)})")
    need_host(not escape.race, f"{escape.name} is not armed: {runtime} has no repair, and no start of many lost the race")
    unknown = escape.fixed_later or (escape.fixed and repaired.of_distribution(there))
    need_host(not unknown, f"{escape.name} is not armed: {runtime} stops it by a repair of its own that the catalogue does not know")
    test.fail(f"{escape.name} shows nothing: it does not work without the wrapper under {runtime}\n{said}")


def test_of(escape: Escape) -> Callable[[TestCase], None]:
    def method(self: TestCase) -> None:
        judge(self, escape, self.armed)

    method.__doc__ = f"{escape.cve}: {escape.how}" if escape.cve else escape.how
    return method


def tests_of(escapes: tuple[Escape, ...]) -> dict[str, Callable]:
    return {f"test_{escape.name.replace('-', '_')}": test_of(escape) for escape in escapes}
