# SPDX-License-Identifier: Apache-2.0
"""The part of hardened(8) that tells the commands: what each says of itself."""
import re

from made.help import Command, entries, whole
from made.roff import escaped, item, lines, verbatim


def commands(found: list[Command]) -> list[str]:
    made = []
    for command in whole(found):
        if not command.commands:
            made += section(command)
    return made


def section(command: Command) -> list[str]:
    made = [f".SS hardened {escaped(' '.join(command.words))}"]
    blocks = [block for block in re.split(r"\n{2,}", command.said.strip("\n")) if block]
    about, usage = opening(blocks)
    made.append(lines(escaped(sentence(about or command.text))))
    if usage:
        made += [".PP", ".B " + escaped(usage)]
    for kind, left, text in entries(command.said):
        if kind[:1].isupper() and left != "-h,--help":
            made += item("\\fB" + escaped(short(left)) + "\\fR", escaped(text))
    for block in blocks[1:]:
        if not is_list(block):
            made += [".PP", *verbatim(block)]
    return made


def short(left: str) -> str:
    """CLI11 has `--format TEXT:{diff,table}`, `FILE TEXT ...`, `ENGINE TEXT` and `--facts REQUIRED`."""
    left = re.sub(r"TEXT:\{([^}]*)\}", lambda match: match[1].replace(",", "|"), left)
    return re.sub(r"^([A-Z]+) TEXT\b", r"\1", left).replace(" REQUIRED", "")


def opening(blocks: list[str]) -> tuple[str, str]:
    """Description and usage, which are CLI11's first block; `help` has neither."""
    if not blocks:
        return "", ""
    about, _, usage = blocks[0].partition("Usage: ")
    return " ".join(about.split()), usage.strip()


def is_list(block: str) -> bool:
    """Of options, words or commands: a heading of CLI11's and nothing that is not indented below it."""
    return re.match(r"[A-Z][^\n]*:\n  ", block) is not None


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
