# SPDX-License-Identifier: Apache-2.0
"""docs/workloads.md: what ran, as it ran last, and what `hardened explain` said was changed. Text out of what was found; no word of a row is typed."""
import hashlib
import json
import re
from pathlib import Path

from workloads.cases import WORKLOADS
from workloads.workload import HERE, Workload

PROJECT = HERE.parents[1]
PATH = PROJECT / "docs/workloads.md"
HEAD = """# Servers that run hardened

Written by `integration/workloads/run --write`. Each is built from Debian 12's packages with the paths, the entrypoint and the way to
drop privileges of the official image of that name, and started by `docker run -d -p 127.0.0.1::PORT --runtime=hardened IMAGE` under the profile
`standard` (or the one named), with no other flag. It has to serve on its published port, to store something where it keeps anything, to be restarted, to serve again and to give back what
it had stored; the same under runc comes first, so that a row says something about the profile.

"""
COLUMNS = ("image", "starts as", "keeps over a restart", "result", "otherwise than the others")
COMMON = """What the profile took away is the same for nearly all; `hardened explain` says of every one that runs under `standard`:

| rule | changed | why |
|---|---|---|
"""
MARK = "<!-- of {}; integration/workloads/run --check -->\n"
# What it is set to is a matter of the host.
HOSTS_OWN = {"hooks", "memory-limit", "rlimits", "user-namespace"}

Taken = dict[str, dict[str, str]]  # by rule: what was changed, and why


def words_of(value) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def reasons(changes: dict[str, str]) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(reason for why in changes.values() for reason in why.split("; ")))


def single(changes: dict[str, str]) -> list[str]:
    """The reasons, one for each word of those that list several: "no longer allowed: chroot, openat2"."""
    split = (reason.partition(": ") for reason in reasons(changes))
    return [f"{head}{colon}{word}" for head, colon, words in split for word in words.split(", ")]


def what(change: dict) -> str:
    """One change, short, and the same for every container in which it means the same."""
    rule, path, value = change["rule"], change["path"], change.get("value")
    before, after = words_of(change.get("before")), words_of(value)
    name = path.rsplit("/", 1)[1]
    if gone := [each for each in before if each not in after]:
        return "without " + " ".join(sorted(each.removeprefix("CAP_") for each in gone))
    if path.endswith("/options"):
        return " ".join(each for each in after if each not in before)
    if isinstance(value, dict) and "destination" in value:
        return value["destination"] + (" writable, noexec" if "noexec" in value["options"] else " writable")
    if isinstance(value, dict) and "type" in value:
        return value["type"]
    if before:
        return "also " + " ".join(each for each in after if each not in before)
    if isinstance(value, (int, str)) and not isinstance(value, bool) and rule not in HOSTS_OWN:
        return f"{name} {value}"
    if name == "readonly":
        return "the image read-only"
    return "" if value == [] else name


def taken(changes: list[dict]) -> Taken:
    """Capabilities by their bounding set, which holds the others."""
    found: Taken = {}
    for change in changes:
        inner = re.search("/(permitted|effective|inheritable|ambient)$", change["path"])
        if "rule" in change and not inner and (text := what(change)):
            found.setdefault(change["rule"], {})[text] = change["reason"]
    return found


def common(all_of_them: list[Taken]) -> Taken:
    first, *others = all_of_them
    return {
        rule: kept
        for rule, changes in first.items()
        if (kept := {text: why for text, why in changes.items() if all(text in other.get(rule, {}) for other in others)})
    }


def listed(everywhere: Taken) -> str:
    lines = (
        f"| `{rule}` | {', '.join(changes)} | {'; '.join(reasons(changes))} |\n"
        for rule, changes in everywhere.items()
    )
    return COMMON + "".join(lines) + "\n"


def differences(own: Taken, everywhere: Taken) -> str:
    """What one container has beside the others, and what it lacks."""
    parts = []
    for rule in {**everywhere, **own}:
        mine, theirs = own.get(rule, {}), everywhere.get(rule, {})
        more = [each for each in mine if each not in theirs]
        less = [each for each in theirs if each not in mine] or [each for each in single(theirs) if each not in single(mine)]
        if not mine:
            parts.append(f"`{rule}`: nothing")
        elif more or less:
            parts.append(f"`{rule}`: " + ", ".join([*more, *(f"not '{each}'" for each in less)]))
    return "; ".join(parts)


def row(workload: Workload, found: dict | None, everywhere: Taken) -> str:
    user = "its user" if "\nUSER " in f"\n{workload.dockerfile}" else "root"
    result, other = "**fails**", ""
    if found:
        result, other = "works", differences(taken(found["changes"]), everywhere)
        if workload.profile != "standard":
            result += f" under `{workload.profile}`; under `standard`: `{found['standard']}`"
    cells = [workload.like, user, workload.keeps, result, other]
    return "| " + " | ".join(cells) + " |\n"


def body(found: dict[str, dict]) -> str:
    """`found`: by the name of each that works."""
    ordinary = [found[each.name] for each in WORKLOADS if each.profile == "standard" and each.name in found]
    everywhere = common([taken(each["changes"]) for each in ordinary])
    heading = "| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|\n"
    return listed(everywhere) + heading + "".join(row(each, found.get(each.name), everywhere) for each in WORKLOADS)


def mark(text: str) -> str:
    """Of the text and of all that a run depends on, but the wrapper's code."""
    digest = hashlib.sha256(text.encode())
    for path in sorted([*HERE.glob("*.py"), *HERE.glob("files/*")]):
        if path.name != "page.py":
            digest.update(path.read_bytes())
    for profile in sorted({each.profile for each in WORKLOADS}):
        settings = json.loads((PROJECT / f"defaults/profiles/{profile}.json").read_text())
        digest.update(json.dumps(settings, sort_keys=True).encode())
    return MARK.format(digest.hexdigest()[:16])


def write(found: dict[str, dict]) -> None:
    text = body(found)
    PATH.write_text(HEAD + text + mark(text))


def is_current() -> bool:
    """Whatever the results were."""
    written = PATH.read_text()
    text, found, _ = written.removeprefix(HEAD).rpartition("<!--")
    return bool(found) and written == HEAD + text + mark(text)
