# SPDX-License-Identifier: Apache-2.0
"""What the commands say of themselves, read from their own --help (CLI11's layout)."""
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
PROFILES = sorted(path.stem for path in (SOURCE / "defaults/profiles").glob("*.json"))
ENTRY = re.compile(r"  (\S+(?: \S+)*)(?:  +(\S.*))?$")  # two spaces, names and type, the text


@dataclass
class Option:
    names: list[str]
    text: str
    takes_value: bool
    choices: list[str]


@dataclass
class Command:
    words: list[str]
    text: str
    options: list[Option] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)  # of the words that are no options
    takes_files: bool = False
    commands: list["Command"] = field(default_factory=list)
    said: str = ""  # all of --help


def said(program: str, *words: str) -> str:
    return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout


def entries(text: str):
    """(section, names and type, description) of each entry of a help text; CLI11 breaks the line behind long names."""
    section = ""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if re.fullmatch(r"\S.*:", line):
            section = line[:-1]
        elif match := ENTRY.match(line):
            following = lines[index + 1] if index + 1 < len(lines) else ""
            broken = following.strip() if following.startswith(" " * 20) else ""
            yield section, match[1], match[2] or broken


def choices_of(left: str, text: str) -> list[str]:
    """By CLI11's own list, else of a text that is nothing but one: "text or json", "docker: its file; podman: its file"."""
    if found := re.search(r":\{([^}]*)\}", left):
        return found[1].split(",")
    if len(named := re.findall(r"(?:^|; )([\w-]+): ", text)) > 1:
        return named
    return re.split(", | or ", text) if re.fullmatch(r"[\w-]+(, [\w-]+)* or [\w-]+", text) else []


def option_of(left: str, text: str) -> Option:
    names, *kind = left.split()
    names = names.split(",")
    takes_value = any(re.match(r"(TEXT|INT|UINT|FLOAT)\b", word) for word in kind)
    choices = PROFILES if "--profile" in names else choices_of(left, text)
    return Option(names, text, takes_value, choices)


def command_of(program: str, words: list[str], text: str) -> Command:
    command = Command(words, text, said=said(program, *words, "--help"))
    for section, left, description in entries(command.said):
        if not section[:1].isupper():  # what CLI11 puts there begins so; "examples" is ours
            continue
        if left.startswith("-"):
            command.options.append(option_of(left, description))
        elif section == "Positionals":
            command.choices += choices_of(left, description)
            command.takes_files |= left.startswith("FILE")
        elif section == "Subcommands":
            command.commands.append(command_of(program, [*words, left], description))
    return command


def commands_of(program: str) -> list[Command]:
    found = []
    for section, left, text in entries(said(program, "help")):
        if section != "commands of its own":
            continue
        found.append(Command([left], text) if left == "help" else command_of(program, [left], text))
    assert found, "hardened help lists no commands"
    found[-1].choices = [command.words[0] for command in found[:-1]]
    return found


def whole(commands: list[Command]):
    for command in commands:
        yield command
        yield from whole(command.commands)
