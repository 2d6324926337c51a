# SPDX-License-Identifier: Apache-2.0
"""Text in the language of manual pages (man(7))."""
import re

BEGIN = '.\\" Made by packaging/write from here'
END = '.\\" to here'


def escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


def from_markdown(text: str) -> str:
    """One paragraph; code and strong are bold, links are their text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))
    parts = re.split(r"(`[^`]+`|\*\*[^*]+\*\*|(?<!\w)\*[^*]+\*)", text)
    return "".join(from_part(part) for part in parts)


def from_part(part: str) -> str:
    if part.startswith("`") and len(part) > 2:
        return f"\\fB{escaped(part[1:-1])}\\fR"
    if part.startswith("**"):
        return f"\\fB{escaped(part[2:-2])}\\fR"
    if part.startswith("*") and len(part) > 2:
        return f"\\fI{escaped(part[1:-1])}\\fR"
    return escaped(part)


def lines(text: str) -> str:
    """A sentence a line, none of which begins like a request."""
    broken = re.sub(r"(?<=[a-z)][.:]) +(?=[A-Z])", "\n", text)
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in broken.split("\n"))


def verbatim(text: str) -> list[str]:
    return [".nf", *("\\&" + escaped(line) if line else "" for line in text.splitlines()), ".fi"]


def item(head: str, text: str) -> list[str]:
    return [".TP", head, *([lines(text)] if text else ["\\&"])]


def between_marks(page: str, made: list[str]) -> str:
    before, _, rest = page.partition(BEGIN + "\n")
    _, found, after = rest.partition(END + "\n")
    assert found, f"no line {END}"
    return before + BEGIN + "\n" + "\n".join(made) + "\n" + END + "\n" + after
