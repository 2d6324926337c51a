# SPDX-License-Identifier: Apache-2.0
"""Whether a runtime of some version has the repair of a hole: by the versions that brought it to each of its branches."""
import math
import re

NUMBERS = re.compile(r"\d+(?:\.\d+)+")
BEFORE_A_RELEASE = re.compile(r"[-~]rc\.?(\d+)")
# A repair that a distribution took into an older version: its own number, the last part of which counts on.
TAKEN_BACK = re.compile(r"(.+\+deb\d+u)(\d+)")


def version_of(said: str) -> str:
    """Of what `--version` prints. Debian's runc calls its package's version the commit."""
    first, *others = said.splitlines()
    version = first.split()[-1]
    commits = [line.split()[-1] for line in others if line.startswith("commit: ")]
    return next((commit for commit in commits if commit.startswith(version)), version)


def key(version: str) -> tuple[tuple[int, ...], float]:
    numbers = NUMBERS.match(version)
    if not numbers:
        raise ValueError(f"{version} is no version")
    before = BEFORE_A_RELEASE.search(version)
    return tuple(map(int, numbers[0].split("."))), int(before[1]) if before else math.inf


def has(version: str, fixed: tuple[str, ...]) -> bool:
    """`fixed`: the first version of each branch that has it, and those of distributions. What is not said there has it not."""
    branches, own = {}, TAKEN_BACK.fullmatch(version)
    for each in fixed:
        back = TAKEN_BACK.fullmatch(each)
        if back and own and back[1] == own[1] and int(own[2]) >= int(back[2]):
            return True
        if not back:
            branches[key(each)[0][:2]] = key(each)
    here = key(version)
    branch = here[0][:2]
    if branch in branches:
        return here >= branches[branch]
    return bool(branches) and branch > max(branches)


def older(version: str, introduced: str) -> bool:
    """Than the hole itself; without a version that brought it, none is."""
    return bool(introduced) and key(version) < key(introduced)


def of_distribution(version: str) -> bool:
    """Whether it may have repairs that its number does not tell of."""
    return "+" in version
