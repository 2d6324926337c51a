# SPDX-License-Identifier: Apache-2.0
"""What one line of docs/escapes.md is: a class of escapes, its harmless re-enactment, and what stops it."""
from collections.abc import Callable
from dataclasses import dataclass

from escape.place import Place
from lib.docker import RUNC
from lib.kernel import V2

CRUN = "/usr/bin/crun"
# Of CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881
OF_2025 = ("1.2.8", "1.3.3", "1.4.0-rc.3")
# What a host has to have, and whether this one does.
V1 = (("cgroup v1", not V2),)


@dataclass(frozen=True)
class Escape:
    name: str
    cve: str  # of the class; empty: it never needed one
    how: str  # as the page prints it
    attempt: Callable[[Place], bool]  # whether it came to the host
    setting: str = ""  # that the refusal names
    held: str = ""  # instead: what is seen of the container that started, a regular expression
    truth: str = ""  # what that means, as the page prints it
    under: str = RUNC  # the low-level runtime
    introduced: str = ""  # since when that runtime has the hole; empty: from the first
    fixed: tuple[str, ...] = ()  # since when that runtime stops it itself: in each of its branches, and in distributions' packages
    fixed_later: bool = False  # or in some version that was not looked for
    race: bool = False  # whether it works is a matter of chance
    passes: str = ""  # why it is not stopped; the test then sees that this is still so
    needs: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Section:
    title: str
    escapes: tuple[Escape, ...]
