#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/messages.md: every message that a user can meet, read from the code, so that they can be reviewed as a set.
--write writes it; --check fails where the page is not what the code says."""
import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
PAGE = SOURCE / "docs/messages.md"
KINDS = {"usage": 2, "invalid_input": 2, "refused": 3, "unsupported": 3, "system": 1}
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
QUOTED = re.compile(rf"{LITERAL.pattern}|'(?:[^'\\\\]|\\\\.)+'")
CALLS = re.compile(
    r"\b(?:Error\s*\(\s*ErrorKind::(?P<kind>\w+)\s*,|(?P<refuse>\w+[.]refuse\s*\(|refused\s*\(\s*(?=\{))|(?P<degrade>\w+[.]degrade)\s*\()"
)
HEAD = """# Messages

Every message that `hardened` can end with, read from the code by `tests/docs/messages.py --write`; `…` stands for what is put in. Each is one line that begins `hardened: `. Where a document is
meant, its JSON pointer comes first; a failed system call is told as `what: reason`.

| kind | exit code | meaning |
|---|---|---|
| usage | 2 | the command line |
| invalid_input | 2 | a document or a policy that cannot be read |
| refused | 3 | a rule says no; the line ends with the setting that would allow it |
| unsupported | 3 | the host cannot do what the policy asks |
| system | 1 | a system call failed |
"""


def arguments(text: str, start: int) -> list[str]:
    """What stands between the parenthesis before `start` and its end, split at the commas of that depth."""
    parts, depth, at, begin = [], 0, start, start
    while at < len(text):
        if literal := QUOTED.match(text, at):
            at = literal.end()
            continue
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
            if depth < 0:
                break
        elif text[at] == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    return [*parts, text[begin:at]]


def message(expression: str) -> str:
    """The literals of an expression, with … for what stands between them; empty where there is none."""
    words = []
    rest = expression
    while found := QUOTED.search(rest):
        if re.search(r"\w", rest[: found.start()]):
            words.append("…")
        said = found.group()[1:-1]
        if said.strip() or words:
            words.append(said.replace('\\"', '"').replace("\\n", " "))
        rest = rest[found.end() :]
    if words and re.search(r"\w", rest):
        words.append("…")
    text = re.sub(r"(…\s*)+", lambda match: "…" + (" " if match.group().endswith(" ") else ""), "".join(words)).strip()
    return text if re.search(r"[a-z]{3}", text) else ""


def of_call(match: re.Match, text: str) -> tuple[str, str] | None:
    words = arguments(text, match.end())
    if match["kind"]:
        # Error(kind, text) or Error(kind, pointer, text): the last is the text.
        return match["kind"], message(words[-1])
    if match["degrade"]:
        return "degraded", "without: " + message(words[-1])
    inner = words
    if words and words[0].lstrip().startswith("{"):
        inner = arguments(words[0].lstrip(), 1)
        asked = inner[2] if len(inner) > 2 else ""
    else:
        asked = inner[1] if len(inner) > 1 else ""
    said = message(asked)
    return ("refused", "asks for " + said) if said else None


def messages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(SOURCE.glob("src/**/*.cpp")):
        text = re.sub(r"(?m)^\s*//.*$", "", path.read_text())
        for match in CALLS.finditer(text):
            one = of_call(match, text)
            if one and one[1]:
                found.setdefault(str(path.relative_to(SOURCE / "src")), []).append(one)
    return found


def page() -> str:
    lines = [HEAD]
    for name, entries in messages().items():
        lines.append(f"\n## {name}\n\n| kind | message |\n|---|---|")
        lines += [f"| {kind} | {text.replace('|', '&#124;')} |" for kind, text in dict.fromkeys(entries)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        sys.exit("docs/messages.md is not what the code says: tests/docs/messages.py --write")
