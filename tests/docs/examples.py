#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents show works: `hardened policy check` takes every policy in README.md and docs/*.md, and
every test that docs/coverage.md names exists. Usage: examples.py HARDENED"""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^[ \t]*```json\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
POLICY = re.compile(r'"(?:profiles|rules|default_profile|selectable_profiles)"\s*:')
NAMED = re.compile(r"`((?:tests|integration)/[^`\s]+)`")
PYTHON_TEST = re.compile(r"`(integration/[\w/]+\.py) ([^`]+)`")
GTEST = re.compile(r"`([A-Z]\w*\.[A-Z]\w+)`")
hardened = ""


def documents() -> list[Path]:
    return [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]


def examples() -> list[tuple[str, str]]:
    """Where each stands ("docs/policy.md:12") and its text."""
    found = []
    for path in documents():
        text = path.read_text()
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            found.append((f"{path.relative_to(SOURCE)}:{line}", block[1]))
    return found


def gtests() -> set[str]:
    names = set()
    for path in (SOURCE / "tests").glob("*/*.cpp"):
        for suite, name in re.findall(
            r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", path.read_text(), re.MULTILINE
        ):
            names.add(f"{suite}.{name}")
    return names


class Documents(unittest.TestCase):
    def test_every_policy_is_accepted(self):
        policies = [(place, text) for place, text in examples() if POLICY.search(text)]
        self.assertGreater(len(policies), 5)
        for place, text in policies:
            with self.subTest(place):
                with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                    file.write(text)
                    file.flush()
                    done = subprocess.run(
                        [hardened, "policy", "check", file.name], capture_output=True, text=True
                    )
                self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def coverage(self) -> str:
        return (SOURCE / "docs/coverage.md").read_text()

    def test_every_path_that_the_coverage_names_is_there(self):
        paths = NAMED.findall(self.coverage()) + [
            file for file, _ in PYTHON_TEST.findall(self.coverage())
        ]
        self.assertGreater(len(paths), 20)
        self.assertEqual([], [path for path in paths if not (SOURCE / path).exists()])

    def test_every_test_function_that_the_coverage_names_is_there(self):
        named = PYTHON_TEST.findall(self.coverage())
        self.assertGreater(len(named), 5)
        missing = [
            f"{file} {test}"
            for file, test in named
            if f"def {test}(" not in (SOURCE / file).read_text()
        ]
        self.assertEqual([], missing)

    def test_every_unit_test_that_the_coverage_names_is_there(self):
        named = set(GTEST.findall(self.coverage()))
        self.assertGreater(len(named), 5)
        self.assertEqual(set(), named - gtests())

    def test_the_policy_reference_names_every_setting(self):
        schema = json.loads((SOURCE / "defaults/policy.schema.json").read_text())
        sections = re.split(r"(?m)^### ", (SOURCE / "docs/policy.md").read_text())
        for rule, settings in schema["$defs"]["rules"]["properties"].items():
            section = next((part for part in sections if part.startswith(f"{rule}\n")), "")
            missing = [
                name
                for name in settings["properties"]
                if name != "mode" and f"`{name}`" not in section
            ]
            with self.subTest(rule):
                self.assertTrue(section, "no section")
                self.assertEqual([], missing)


if __name__ == "__main__":
    hardened = sys.argv.pop(1)
    unittest.main()
