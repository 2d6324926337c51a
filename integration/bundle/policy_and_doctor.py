# SPDX-License-Identifier: Apache-2.0
"""policy, doctor, version and help as they are typed."""
import json
from pathlib import Path

from lib.own_command import DOCKER, Case

INVALID = 2


class Policies(Case):
    def test_show_prints_what_is_in_force(self):
        whole = json.loads(self.call("policy", "show").check().out)
        self.assertEqual("standard", whole["default_profile"])
        strict = json.loads(self.call("policy", "show", "--profile", "strict").check().out)
        self.assertEqual(256, strict["rules"]["pids-limit"]["limit"])
        self.assertNotIn("extends", strict)
        file = self.file("mine.json", {"default_profile": "build"})
        shown = json.loads(self.call("policy", "show", "--policy", file).check().out)
        self.assertEqual("build", shown["default_profile"])

    def test_the_schema_is_json(self):
        schema = json.loads(self.call("policy", "schema").check().out)
        self.assertIn("default_profile", schema["properties"])

    def test_a_good_file_is_answered_by_silence(self):
        done = self.call("policy", "check", self.file("good.json", {"restore": "allow"}))
        self.assertEqual((0, "", ""), (done.code, done.out, done.err))
        done = self.call("policy", "check")
        self.assertEqual((0, "", ""), (done.code, done.out, done.err))

    def test_a_bad_file_is_named_with_the_place_and_the_nearest_name(self):
        pids = {"profiles": {"standard": {"rules": {"pids-limit": {"limits": 5}}}}}
        loop = {"profiles": {"standard": {"extends": "strict"}}}
        for content, said in (
            (
                {"defualt_profile": "x"},
                '/defualt_profile: unknown key; did you mean "default_profile"?',
            ),
            (
                pids,
                '/profiles/standard/rules/pids-limit/limits: unknown key; did you mean "limit"?',
            ),
            (
                {"default_profile": "strct"},
                '/default_profile: there is no profile "strct"; did you mean "strict"?',
            ),
            (
                {"selectable_profiles": ["biuld"]},
                '/selectable_profiles: there is no profile "biuld"; did you mean "build"?',
            ),
            (
                {"profiles": {"standard": {"rules": {"seccomp": {"denied": ["ptrace", "setxatr"]}}}}},
                '/profiles/standard/rules/seccomp/denied: "setxatr" is no system call; did you mean "setxattr"?',
            ),
            (
                {"profiles": {"standard": {"rules": {"user-namespace": {"pool": {"size": 9}}}}}},
                "/profiles/standard/rules/user-namespace/pool: the pool of 9 ids holds no range of 65536",
            ),
            (
                {"profiles": {"standard": {"rules": {"sysctl": {"allowed": ["net.*"]}}}}},
                '/profiles/standard/rules/sysctl/allowed/0: "net.*": * stands for nothing in this list',
            ),
            (loop, "/profiles/standard/extends: extends itself"),
            ("{", "parse error at line 1"),
        ):
            file = self.file("bad.json", content)
            with self.subTest(said):
                self.assertIn(
                    f"policy {file}: {said}", self.failed(INVALID, "policy", "check", file)
                )
                self.assertIn(file, self.failed(INVALID, "policy", "show", "--policy", file))
                self.assertIn(
                    file, self.failed(INVALID, "dry-run", "--policy", file, "--config", str(DOCKER))
                )

    def test_a_dash_is_standard_input(self):
        good = '{"$schema": "file:///usr/share/hardened/policy.schema.json", "default_profile": "build"}'
        self.call("policy", "check", "-", stdin=good.encode()).check()
        shown = self.call("policy", "show", "--policy", "-", stdin=good.encode()).check()
        self.assertEqual("build", json.loads(shown.out)["default_profile"])
        seven = b'{"profiles": {"standard": {"rules": {"pids-limit": {"limit": 7}}}}}'
        done = self.call("dry-run", "--policy", "-", "--config", str(DOCKER), stdin=seven).check()
        self.assertEqual({"limit": 7}, json.loads(done.out)["linux"]["resources"]["pids"])
        done = self.call("policy", "check", "-", stdin=b'{"restore": "yes"}')
        self.assertEqual(INVALID, done.code)
        self.assertIn("policy standard input: /restore", done.err)
        words = ("dry-run", "--policy", "-", "--config", "-")
        self.assertIn("one document only", self.failed(INVALID, *words))

    def test_an_installed_file_is_named_too(self):
        file = Path("/etc/hardened/policy.json")
        self.addCleanup(file.unlink)
        file.write_text('{"default_profile": "strct"}')
        said = self.failed(INVALID, "policy", "check")
        self.assertIn(f"policy {file}: /default_profile: there is no profile", said)

    def test_a_name_on_the_command_line_has_its_nearest_too(self):
        said = self.failed(INVALID, "policy", "show", "--profile", "strct")
        self.assertIn('there is no profile "strct"; did you mean "strict"?', said)


class Others(Case):
    def test_facts_are_read_back_as_they_were_printed(self):
        facts = self.call("doctor", "--facts").check().out
        self.assertGreater(json.loads(facts)["host"]["memory_bytes"], 0)
        file = self.file("facts.json", facts)
        words = ("--config", str(DOCKER), "--format", "json")
        self.assertEqual(self.printed(*words), self.printed("--host-facts", file, *words))
        done = self.call("doctor", "--facts", user=65534).check()
        self.assertIn("cgroup_version", json.loads(done.out)["host"])

    def test_doctor_says_the_same_as_text_and_as_json(self):
        text = self.call("doctor")
        done = self.call("doctor", "--format", "json")
        self.assertEqual(("", text.code), (done.err, done.code), str(done))
        found = json.loads(done.out)
        self.assertEqual(3 if found["summary"]["fail"] else 0, done.code)
        for finding in found["findings"]:
            self.assertIn(finding["id"], text.out)
            if finding["verdict"] in ("fail", "warn"):
                self.assertTrue(finding["remedy"] and finding["evidence"], finding)
        self.failed(INVALID, "doctor", "--format", "table")

    def test_a_misspelt_word_is_named(self):
        said = self.failed(INVALID, "policy", "chekc")
        self.assertIn('no such command: chekc; did you mean "check"?', said)
        self.assertIn("/: ", self.failed(1, "dry-run", "--config", "/"))

    def test_help_of_a_command(self):
        self.assertIn("--host-facts", self.call("help", "dry-run").check().out)
        runc = self.call("help", "create").check().out
        self.assertIn("--bundle", runc)
        self.assertIn("--pid-file", runc)

    def test_version_and_help_take_no_words(self):
        self.assertRegex(self.call("version").check().out, r"^hardened \d+\.\d+\.\d+\nruntime /")
        self.assertIn("dry-run", self.call("--help").check().out)
        for words in (("version", "--x"), ("version", "x"), ("doctor", "x")):
            with self.subTest(words):
                self.failed(INVALID, *words)

    def test_an_own_command_behind_a_flag_of_the_runtime_is_a_usage_error(self):
        said = self.failed(INVALID, "--root", "/x", "dry-run", "--config", str(DOCKER))
        self.assertIn("dry-run is hardened's own command", said)
        self.assertIn("--profile", self.failed(INVALID, "--profile", "strict", "version"))
