# SPDX-License-Identifier: Apache-2.0
"""Completions for bash, zsh and fish. The runtime's calls get none: engines type them."""
import re

from made.help import Command, Option, whole

MADE = "# Made by packaging/write: change the commands' --help, then run that."


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def first_words(command: Command) -> list[str]:
    return [inner.words[-1] for inner in command.commands] + command.choices


def bash(commands: list[Command]) -> str:
    cases = []
    for command in whole(commands):
        cases.append(f"    {quoted(' '.join(command.words))})")
        names = [name for option in command.options for name in option.names if name.startswith("--")]
        cases.append(f"      words={quoted(' '.join(first_words(command) + names))}")
        if command.takes_files:
            cases.append("      files=1")
        valued = [option for option in command.options if option.takes_value]
        if valued:
            cases.append("      case $last in")
            for option in valued:
                value = f"words={quoted(' '.join(option.choices))}" if option.choices else "words= files=1"
                cases.append(f"        {'|'.join(option.names)}) {value} ;;")
            cases.append("      esac")
        cases.append("      ;;")
    nested = "|".join(command.words[0] for command in commands if command.commands)
    return BASH.format(
        made=MADE,
        commands=" ".join(command.words[0] for command in commands),
        nested=nested or "''",
        cases="\n".join(cases),
    )


BASH = """# SPDX-License-Identifier: Apache-2.0
{made}
# shellcheck shell=bash
_hardened() {{
  local command=${{COMP_WORDS[1]}} word=${{COMP_WORDS[COMP_CWORD]}} last=${{COMP_WORDS[COMP_CWORD - 1]}} words= files=
  # `--format=x` is three words here.
  if [[ $last == = ]]; then last=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
  if [[ $word == = ]]; then word=; fi
  if ((COMP_CWORD == 1)); then command=; fi
  case $command in
    {nested}) if ((COMP_CWORD > 2)); then command+=" ${{COMP_WORDS[2]}}"; fi ;;
  esac
  case $command in
    '') words='{commands}' ;;
{cases}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [[ $files ]]; then compopt -o default; fi
}}
complete -F _hardened hardened
"""


def zsh_text(text: str) -> str:
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


def zsh_option(option: Option) -> list[str]:
    value = ""
    if option.takes_value:
        value = f":value:({' '.join(option.choices)})" if option.choices else ":value:_files"
    equals = {True: "=", False: ""}
    return [
        quoted(name + equals[option.takes_value and name.startswith("--")] + f"[{zsh_text(option.text)}]{value}")
        for name in option.names
    ]


def zsh_command(command: Command, indent: str) -> list[str]:
    lines = [f"{indent}{command.words[-1]})"]
    if command.commands:
        lines += zsh_case(command.commands, indent + "  ")
    else:
        words = [quoted(f"*:word:({' '.join(command.choices)})")] if command.choices else []
        words += [quoted("*:file:_files")] if command.takes_files else []
        words += [word for option in command.options for word in zsh_option(option)]
        lines += [f"{indent}  _arguments \\"] + [f"{indent}    {word} \\" for word in words]
        lines[-1] = lines[-1][:-2]
    return [*lines, f"{indent}  ;;"]


def zsh_case(commands: list[Command], indent: str) -> list[str]:
    lines = [f"{indent}if (( CURRENT == 2 )); then", f"{indent}  commands=("]
    for command in commands:
        lines.append(f"{indent}    {quoted(command.words[-1] + ':' + command.text)}")
    lines += [f"{indent}  )", f"{indent}  _describe command commands", f"{indent}  return", f"{indent}fi"]
    lines += [f"{indent}shift words", f"{indent}(( CURRENT-- ))", f"{indent}case $words[1] in"]
    for command in commands:
        lines += zsh_command(command, indent + "  ")
    return [*lines, f"{indent}esac"]


def zsh(commands: list[Command]) -> str:
    body = "\n".join(zsh_case(commands, "  "))
    head = "#compdef hardened\n# SPDX-License-Identifier: Apache-2.0\n" + MADE
    return f'{head}\n_hardened() {{\n  local -a commands\n{body}\n}}\n_hardened "$@"\n'


def fish_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_option(command: Command, option: Option) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    value = ""
    if option.takes_value:
        value = f" -x -a {quoted(' '.join(option.choices))}" if option.choices else " -r -F"
    return f"{fish_line(command)} {' '.join(names)}{value} -d {fish_text(option.text)}"


def fish_line(command: Command) -> str:
    return f"complete -c hardened -n '__hardened_is {' '.join(command.words)}'"


def fish(commands: list[Command]) -> str:
    lines = [FISH.format(made=MADE)]
    for command in commands:
        lines.append(f"complete -c hardened -n __hardened_is -a {command.words[0]} -d {fish_text(command.text)}")
    for command in whole(commands):
        after = fish_line(command)
        for inner in command.commands:
            lines.append(f"{after[:-1]} --only' -a {inner.words[-1]} -d {fish_text(inner.text)}")
        if command.choices:
            lines.append(f"{after} -a {quoted(' '.join(command.choices))}")
        if command.takes_files:
            lines.append(f"{after} -F")
        lines += [fish_option(command, option) for option in command.options]
    return "\n".join(lines) + "\n"


FISH = """# SPDX-License-Identifier: Apache-2.0
{made}
# The words before the cursor's begin with these; --only, or no words at all: and are no more.
function __hardened_is
    set -l typed (commandline -opc)[2..-1]
    set -l asked (string match -v -- --only $argv)
    if not set -q argv[1]; or contains -- --only $argv
        test "$typed" = "$asked"
    else
        test (count $typed) -ge (count $asked); and test "$typed[1..$(count $asked)]" = "$asked"
    end
end
complete -c hardened -f"""
