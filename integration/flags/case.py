# SPDX-License-Identifier: Apache-2.0
"""What one line of docs/docker-flags.md is: words of Docker's command line, what is asked, and what has to come of it.

Words in capitals stand for what the runner made: DIR a directory of the host (file, secret of mode 0600, sub/),
VOL a named volume, X another container of the same runtime, C the one that commands of the host act on.
"""
from dataclasses import dataclass

SAME, HARDENED, REFUSED = "same as runc", "hardened", "refused"


@dataclass(frozen=True)
class Case:
    form: str  # as the table prints it; the flags themselves unless `host` or `test` is given
    verdict: str
    why: str = ""
    script: str = ""  # runs in a container that has the flags
    host: str = ""  # instead: runs on the host, with `docker`, `start` (docker run under $R), $C, $X, $DIR and $VOL
    shows: str = ""  # a regular expression that our output holds, as runc's does if it is the same
    plain: str = ""  # that runc's holds and ours does not, where it is hardened
    setting: str = ""  # that a refusal names
    alone: bool = False  # in a container of its own
    group: int = 0  # else in one with those of the same number
    test: str = ""  # instead: the test that shows it, "FILE NAME"
    cgroup: int = 0  # only where the host has that version of it
    armed: bool = True  # of a refusal: whether runc starts it here


@dataclass(frozen=True)
class Section:
    title: str
    cases: tuple[Case, ...]


def same(form: str, script: str = "", shows: str = "", why: str = "", **more) -> Case:
    return Case(form, SAME, why, script=script, shows=shows, **more)


def hardened(form: str, script: str, plain: str, shows: str, why: str, **more) -> Case:
    return Case(form, HARDENED, why, script=script, plain=plain, shows=shows, **more)


def refused(form: str, setting: str, why: str, **more) -> Case:
    return Case(form, REFUSED, why, setting=setting, **more)


def elsewhere(form: str, verdict: str, test: str, why: str = "") -> Case:
    return Case(form, verdict, why, test=test)
