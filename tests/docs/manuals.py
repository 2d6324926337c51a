#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages and the completions: they say what --help and the schema say, mandoc has nothing against the pages,
and the shells offer the words. Usage: manuals.py HARDENED"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "integration"))

from lib import verdict  # noqa: E402

COMPLETIONS = SOURCE / "packaging/completions"
PAGES = sorted((SOURCE / "docs/man").glob("*.[1-9]"))
hardened = ""

BASH = """source {file}
compopt() {{ echo "files"; }}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_hardened; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """_arguments() {{ printf '%s\\n' "$@" }}
_describe() {{ printf '%s\\n' ${{(P)2}} }}
words=({words}) CURRENT=$#words
source {file}
"""


def run(*words: str, **options) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def needed(program: str) -> None:
    verdict.need_installed(bool(shutil.which(program)), f"{program} is not installed (tests/run does)")


def bash(line: str) -> list[str]:
    """What a line that ends at the cursor is offered; "" is a word that has not begun."""
    return run("bash", "-c", BASH.format(file=COMPLETIONS / "hardened.bash", words=line)).split()


def zsh(line: str) -> str:
    return run("zsh", "-fc", ZSH.format(file=COMPLETIONS / "_hardened", words=line))


def fish(line: str) -> list[str]:
    script = f"source {COMPLETIONS}/hardened.fish; complete -C '{line}'"
    return [word.split("\t")[0] for word in run("fish", "--no-config", "-c", script).splitlines()]


def own_commands() -> list[str]:
    listed = run(hardened, "help").partition("commands of its own:\n")[2]
    return re.findall(r"(?m)^  (\S+)", listed)


class Made(unittest.TestCase):
    def test_what_is_made_from_help_and_schema_is_current(self):
        done = subprocess.run(
            [SOURCE / "packaging/write", hardened, "--check"], capture_output=True, text=True
        )
        self.assertEqual((0, ""), (done.returncode, done.stdout[-4000:] + done.stderr))

    def test_a_new_option_is_noticed_in_each_of_them(self):
        with tempfile.TemporaryDirectory() as directory:
            program = Path(directory) / "hardened"
            script = f"{hardened} \"$@\" | sed 's/^  --bundle TEXT .*/&\\n  --new TEXT  an option/'"
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
            done = subprocess.run(
                [SOURCE / "packaging/write", program, "--check"], capture_output=True, text=True
            )
        self.assertEqual(1, done.returncode)
        for name in ("hardened.bash", "_hardened", "hardened.fish", "hardened.8"):
            self.assertIn(name, done.stderr)

    def test_every_command_has_a_section(self):
        page = (SOURCE / "docs/man/hardened.8").read_text()
        self.assertGreater(len(own_commands()), 4)
        for name in own_commands():
            self.assertIn(f".SS hardened {name}".replace("-", "\\-"), page)


class Pages(unittest.TestCase):
    def test_mandoc_has_nothing_against_them(self):
        needed("mandoc")
        self.assertEqual(3, len(PAGES))
        for page in PAGES:
            with self.subTest(page.name):
                done = subprocess.run(
                    ["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True
                )
                self.assertEqual((0, ""), (done.returncode, done.stdout))

    def test_every_setting_is_on_the_page(self):
        page = (SOURCE / "docs/man/hardened-policy.5").read_text()
        schema = json.loads((SOURCE / "defaults/policy.schema.json").read_text())
        for rule, about in schema["$defs"]["rules"]["properties"].items():
            section = page.partition(f".SS {rule}\n".replace("-", "\\-"))[2].partition("\n.SS ")[0]
            for name in about["properties"].keys() - {"mode"}:
                self.assertIn(f"\n\\fB{name}\\fR (", section, rule)

    def test_every_key_of_a_decision_is_on_the_page(self):
        """Of those that docs/audit.md tells."""
        audit = SOURCE / "docs/audit.md"
        table = audit.read_text().partition("| key | meaning |")[2].partition("\n\n")[0]
        keys = [key for row in table.splitlines()[2:] for key in re.findall(r"`(\w+)`", row.split("|")[1])]
        self.assertGreater(len(keys), 10)
        page = (SOURCE / "docs/man/hardened-log.5").read_text()
        told = {key for head in re.findall(r"(?m)^\.TP\n(.*)$", page) for key in re.findall(r"\w+", head)}
        self.assertEqual(set(), set(keys) - told)

    def test_every_page_is_packed_under_the_version_of_the_build(self):
        version = run(hardened, "version").splitlines()[0]
        for page in PAGES:
            self.assertIn(f'"{version}"', page.read_text().splitlines()[1])
        changelog = (SOURCE / "packaging/debian/changelog").read_text().splitlines()[0]
        self.assertIn(f"({version.split()[1]})", changelog)


class Completions(unittest.TestCase):
    def test_bash(self):
        self.assertEqual(own_commands(), bash("hardened ''"))
        self.assertEqual(["dry-run"], bash("hardened dry"))
        self.assertEqual(["config", "diff", "patch", "table", "json"], bash("hardened dry-run --format ''"))
        self.assertEqual(["diff"], bash("hardened dry-run --format = d"))
        self.assertEqual(["--process", "--profile", "--policy"], bash("hardened dry-run --p"))
        self.assertEqual(["files"], bash("hardened dry-run --config ''"))
        self.assertEqual(["show", "schema"], bash("hardened policy s"))
        self.assertEqual(["--profile", "--policy"], bash("hardened policy show --p"))

    def test_bash_offers_the_runtimes_calls_nothing(self):
        self.assertEqual([], bash("hardened create ''"))
        self.assertEqual([], bash("hardened delete --f"))

    def test_zsh(self):
        needed("zsh")
        self.assertEqual(own_commands(), [line.split(":")[0] for line in zsh("hardened ''").splitlines()])
        self.assertIn(":value:(config diff patch table json)", zsh("hardened dry-run ''"))
        self.assertIn("--profile=", zsh("hardened policy show ''"))
        self.assertNotIn("--format", zsh("hardened policy show ''"))
        self.assertEqual("", zsh("hardened create ''"))

    def test_fish(self):
        needed("fish")
        self.assertEqual(sorted(own_commands()), sorted(fish("hardened ")))
        self.assertEqual(
            sorted(["config", "diff", "patch", "table", "json"]), sorted(fish("hardened dry-run --format "))
        )
        self.assertEqual(["schema", "show"], sorted(fish("hardened policy s")))
        self.assertIn("--policy", fish("hardened policy show --p"))
        self.assertNotIn("--format", fish("hardened policy show --"))
        self.assertEqual([], fish("hardened create "))


if __name__ == "__main__":
    hardened = sys.argv[1]
    sys.exit(verdict.run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])))
