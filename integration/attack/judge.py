# SPDX-License-Identifier: Apache-2.0
"""What the answers of all columns mean: what was armed, what is reached, what may be, and which ways in are open."""
from attack.columns import COLUMNS, CONTAINED, PLAIN, PRIVILEGED, STANDARD, Answers
from attack.numbers import DOORS, group_of
from attack.published import WAYS, Ways

ALL = tuple(column.name for column in COLUMNS if column.hardened)
TRACING = "ptrace and process_vm_* stay for debuggers, within the container: `rules.seccomp.process_tracing`, refused in `strict`"
NEEDED = "ordinary servers need it"
NEEDED_GROUP = "what servers need"
LISTED = {group_of(door) for door in DOORS}  # classes whose attempts are listed by numbers.py

# What a hardened container may reach, by the beginning of the attempt's id, in which columns, and why. All else fails the test.
OPEN: dict[str, tuple[tuple[str, ...], str]] = {
    "call.ptrace@": ((STANDARD.name, CONTAINED.name), TRACING),
    "call.process_vm_": ((STANDARD.name, CONTAINED.name), TRACING),
    "trace.": ((STANDARD.name, CONTAINED.name), TRACING),
    "needed.": (ALL, NEEDED),
    "write./proc/pressure/io": (ALL, "the kernel lets anyone set a trigger on pressure, under Docker too"),
    "left.rewritten.mapped": (
        (STANDARD.name, CONTAINED.name),
        "where the host itself put a set-user-ID file of root's on a writable bind, the container's root can change its content through a "
        "shared mapping, and the kernel keeps the bit there: no filter sees a mapped write",
    ),
    "make.any-other-mount": (
        (STANDARD.name, CONTAINED.name),
        "on cgroup v1, the tmpfs of the container's own in which runc mounts the hierarchies; they themselves are read-only",
    ),
}


def weakest(answers: dict[str, Answers]) -> Answers:
    """A privileged container's; what is asked for by a document was tried with plain runc instead."""
    return answers[PRIVILEGED.name if PRIVILEGED.name in answers else PLAIN.name]


def armed(answers: dict[str, Answers]) -> set[str]:
    """Attempts that the weakest container carries out on this kernel; only these show anything."""
    return {identifier for identifier, answer in weakest(answers).items() if answer.reached}


def may(identifier: str, column: str) -> bool:
    return any(identifier.startswith(start) and column in where for start, (where, _) in OPEN.items())


def reached(answers: Answers, among: set[str]) -> list[str]:
    return sorted(each for each in among if answers[each].reached)


def beyond(answers: Answers, others: Answers) -> set[str]:
    """What was reached here and not there, armed or not."""
    return set(reached(answers, set(answers))) - set(reached(others, set(others)))


def astray(answers: Answers, column: str) -> list[str]:
    """What was reached in a column and may not be, armed or not, with what the kernel said."""
    through = reached(answers, set(answers))
    return [f"{each}: {answers[each]}" for each in through if not may(each, column)]


def rows(answers: dict[str, Answers]) -> dict[str, dict]:
    """By class: how many attempts were made, how many of them are armed, and how many of these each column let through."""
    there = armed(answers)
    found: dict[str, dict] = {}
    for identifier, answer in weakest(answers).items():
        row = found.setdefault(answer.group, {"made": 0, "armed": 0, "reached": {column: 0 for column in answers}})
        row["made"] += 1
        if identifier not in there:
            continue
        row["armed"] += 1
        for column, own in answers.items():
            row["reached"][column] += own[identifier].reached
    return found


def fewer(now: dict[str, dict], then: dict[str, dict]) -> list[str]:
    """Classes of which fewer attempts were made than before, by their rows. How many calls are listed depends on the host's libseccomp:
    floor.py says which have to be."""
    lost = []
    for group, row in then.items():
        made = now.get(group, {"made": 0})["made"]
        if group not in LISTED and made < row["made"]:
            lost.append(f"{group}: {made} in place of {row['made']}")
    return lost


def speaking(there: set[str], need: str) -> list[str]:
    """The attempts among these that show whether a need of published.py is met."""
    return [each for each in there if each.startswith(WAYS[need])]


def unjudged(answers: dict[str, Answers]) -> list[str]:
    there = armed(answers)
    return [need for need in WAYS if not speaking(there, need)]


def ways(answers: dict[str, Answers]) -> Ways:
    """The columns in which each need is met. Where nothing armed speaks of it, it is met everywhere."""
    there = armed(answers)
    found: Ways = {}
    for need in WAYS:
        attempts = speaking(there, need)
        found[need] = [column for column, own in answers.items() if not attempts or any(own[each].reached for each in attempts)]
    return found
