# SPDX-License-Identifier: Apache-2.0
"""The release binary itself: what an exploit of it would meet, and what it was made of."""
import hashlib
import json
import re
import shutil
import unittest

from lib import command, package, sandbox, verdict

BINARY = sandbox.binary()
MATERIALS = package.BUILD / "packaging/hardened.cdx.json"


def setUpModule() -> None:
    verdict.need_installed(bool(shutil.which("readelf")) and MATERIALS.exists(), "no binutils, or not built here")


# Of the namespace, with a name that other files know: without those that the compiler cut out of another.
OURS = re.compile(r"_ZNK?8hardened\d(?!.*(?:_GLOBAL__N|\.))")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
LARGE = 200  # instructions; a smaller function may have nothing on its stack that could overflow


def functions() -> dict[str, list[str]]:
    """Our own functions in the machine's words."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in shown("objdump", "-d", "--no-show-raw-insn").splitlines():
        if match := FUNCTION.match(line):
            current = found.setdefault(match[1], []) if OURS.match(match[1]) else []
        elif line.strip():
            current.append(line)
    return found


def shown(*words: str) -> str:
    return command.run(*words, str(BINARY), timeout=120).check().out


class Hardening(unittest.TestCase):
    def test_it_is_loaded_anywhere_and_needs_nobody(self):
        self.assertRegex(shown("readelf", "-hW"), r"Type: +DYN")
        segments = shown("readelf", "-lW")
        self.assertNotIn("INTERP", segments)
        dynamic = shown("readelf", "-dW")
        self.assertRegex(dynamic, r"FLAGS_1\).*PIE")
        for word in ("NEEDED", "RPATH", "RUNPATH", "TEXTREL"):
            self.assertNotIn(f"({word})", dynamic)

    def test_nothing_is_both_written_and_executed(self):
        segments = re.findall(r"^ +(\w+) +(?:0x\w+ +){5}([RWE ]{3})", shown("readelf", "-lW"), re.MULTILINE)
        self.assertIn(("GNU_STACK", "RW "), segments)
        self.assertFalse([kind for kind, flags in segments if "W" in flags and "E" in flags])

    def test_relocations_are_closed_before_main(self):
        self.assertRegex(shown("readelf", "-lW"), r"\bGNU_RELRO\b")
        self.assertRegex(shown("readelf", "-dW"), r"BIND_NOW|FLAGS\).*BIND_NOW|FLAGS_1\).*NOW")

    def test_our_own_stacks_are_watched(self):
        large = [lines for lines in functions().values() if len(lines) > LARGE]
        watched = [lines for lines in large if any("__stack_chk_fail" in line for line in lines)]
        self.assertGreater(len(large), 100)
        self.assertGreater(len(watched), len(large) / 2, "the C library's own functions have it in any case")

    def test_what_leaves_no_trace_was_asked_for(self):
        commands = json.loads((package.BUILD / "compile_commands.json").read_text())
        ours = [each["command"] for each in commands if "/src/" in each["file"]]
        self.assertGreater(len(ours), 100)
        for flag in ("-D_FORTIFY_SOURCE=2", "-D_GLIBCXX_ASSERTIONS", "-fstack-clash-protection", "-fstack-protector-strong"):
            self.assertFalse([each for each in ours if flag not in each], flag)

    def test_indirect_branches_land_where_they_may(self):
        machine = re.search(r"Machine: +(.*)", shown("readelf", "-hW"))[1]
        verdict.need_host("X86-64" in machine, "another architecture has other marks")
        ours = functions()
        self.assertGreater(len(ours), 500)
        self.assertEqual([], [name for name, lines in ours.items() if "endbr64" not in lines[0]])


class Materials(unittest.TestCase):
    def setUp(self):
        self.bill = json.loads(MATERIALS.read_text())

    def component(self, name: str) -> dict:
        return next(each for each in self.bill["components"] if each["name"] == name)

    def use(self, name: str) -> str:
        return next(each["value"] for each in self.component(name)["properties"] if each["name"] == "hardened:use")

    def test_it_is_of_this_binary(self):
        digest = hashlib.sha256(BINARY.read_bytes()).hexdigest()
        self.assertEqual([{"alg": "SHA-256", "content": digest}], self.bill["metadata"]["component"]["hashes"])

    def test_it_names_what_was_linked_and_what_was_included(self):
        for name in ("libseccomp-dev", "libcap-dev", "libc6-dev"):
            self.assertEqual("linked", self.use(name))
        for name in ("nlohmann-json3-dev", "libcli11-dev", "linux-libc-dev"):
            self.assertEqual("headers", self.use(name))
        version = command.run("dpkg-query", "-W", "-f", "${Version}", "libseccomp-dev").check().out
        self.assertEqual(version, self.component("libseccomp-dev")["version"])
        # Advisories are of the source package, and of a release.
        self.assertRegex(self.component("libseccomp-dev")["purl"], r"[?&]upstream=libseccomp@[\w.+%~-]+&distro=debian-\w+$")

    def test_a_tester_is_no_part_of_it(self):
        self.assertFalse([each["name"] for each in self.bill["components"] if "gtest" in each["name"]])

    def test_every_part_is_a_dependency_once(self):
        references = [each["bom-ref"] for each in self.bill["components"]]
        self.assertEqual(references, self.bill["dependencies"][0]["dependsOn"])
        self.assertEqual(len(references), len(set(references)))


if __name__ == "__main__":
    unittest.main()
