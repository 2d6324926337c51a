# SPDX-License-Identifier: Apache-2.0
"""Passed, failed or skipped, as ctest is told it. A skip says why; CI refuses one that need not be."""
import os
import sys
import unittest

SKIP = 77


def skipped(reason: str, avoidable: bool) -> int:
    """`avoidable`: this kind of machine should have it. CI fails then."""
    print(f"skipped: {reason}")
    return 1 if avoidable and strict() else SKIP


def strict() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def need_installed(condition: bool, reason: str) -> None:
    """What tests/run installs: a skip elsewhere, a failure in CI."""
    if condition:
        return
    if strict():
        raise AssertionError(f"must not be skipped here: {reason}")
    raise unittest.SkipTest(reason)


def need_host(condition: bool, reason: str) -> None:
    """What not every machine has (AppArmor, cgroup v2 ...): a skip everywhere."""
    if not condition:
        raise unittest.SkipTest(f"this host: {reason}")


def need_host_of(then: dict[str, str], here: dict[str, str], what: str) -> None:
    """What was measured on one host says nothing of one that differs in what it depends on."""
    other = [f"{name} {value} in place of {then.get(name)}" for name, value in here.items() if value != then.get(name)]
    need_host(not other, f"{what} was measured elsewhere: here {', '.join(other)}")


def run(suite: unittest.TestSuite) -> int:
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    if not result.wasSuccessful() or result.testsRun + len(result.skipped) == 0:
        return 1
    for case, reason in result.skipped:
        print(f"skipped: {reason} ({case})")
    return SKIP if result.skipped else 0
