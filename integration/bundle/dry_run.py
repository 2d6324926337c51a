# SPDX-License-Identifier: Apache-2.0
"""dry-run as it is typed: every document in every format, what it refuses, and how it fails."""
import json
import re

from lib import command
from lib.bundle import ENVIRONMENT, Bundle
from lib.own_command import CORPUS, DOCKER, Case

FORMATS = ("config", "diff", "patch", "table", "json")
SYSTEM, INVALID, REFUSED = 1, 2, 3
REFUSAL = re.compile(
    r"hardened: [a-z-]+: /\S*: asks for .+ \((CIS|PSS|CVE|runtime-spec|\w+\(\d\)).*\); "
    r"policy setting: rules\.[a-z-]+\.\w+"
)


def patched(document, patch: list):
    """RFC 6902, as far as it is used: add, remove and replace."""
    document = json.loads(json.dumps(document))
    for step in patch:
        *way, last = [
            word.replace("~1", "/").replace("~0", "~") for word in step["path"].split("/")[1:]
        ]
        place = document
        for word in way:
            place = place[int(word)] if isinstance(place, list) else place[word]
        if isinstance(place, list):
            index = len(place) if last == "-" else int(last)
            if step["op"] == "add":
                place.insert(index, step["value"])
            elif step["op"] == "remove":
                del place[index]
            else:
                place[index] = step["value"]
        elif step["op"] == "remove":
            del place[last]
        else:
            place[last] = step["value"]
    return document


class Documents(Case):
    def config(self) -> dict:
        return json.loads(self.printed("--config", str(DOCKER)))

    def test_a_tree_that_may_be_read_by_policy_passes_read_only_alone(self):
        rules = {"mounts": {"allowed_read_only": ["/boot"]}}
        policy = self.file("boot.json", {"profiles": {"standard": {"rules": rules}}})
        document = json.loads(DOCKER.read_text())
        mount = {"destination": "/b", "type": "bind", "source": "/boot", "options": ["rbind", "ro"]}
        document["mounts"].append(mount)
        self.printed("--policy", policy, "--config", self.file("ro.json", document))
        mount["options"][1] = "rw"
        said = self.failed(REFUSED, "dry-run", "--policy", policy, "--config", self.file("rw.json", document))
        self.assertIn("rules.mounts.allowed_sources", said)

    def test_every_format_tells_of_the_same_change(self):
        said = {name: self.printed("--config", str(DOCKER), "--format", name) for name in FORMATS}
        config, whole = json.loads(said["config"]), json.loads(said["json"])
        self.assertTrue(config["process"]["noNewPrivileges"])
        self.assertEqual(config, whole["config"])
        original = json.loads(DOCKER.read_text())
        self.assertEqual(config, patched(original, json.loads(said["patch"])))
        self.assertTrue(said["diff"].startswith("--- config.json as the engine wrote it\n+++ "))
        self.assertIn('\n+    "noNewPrivileges": true', said["diff"])
        table, beside = said["table"].split("\n\n", 1)
        heading, *rows = table.splitlines()
        self.assertEqual(
            ["user", "mount:"], [line.split()[0] for line in beside.splitlines()][:2], beside
        )
        self.assertEqual(["RULE", "FIELD", "BEFORE", "AFTER", "REFERENCE"], heading.split())
        self.assertEqual(len(whole["changes"]), len(rows))
        for change, row in zip(whole["changes"], rows):
            self.assertEqual([change["rule"], change["pointer"]], row.split()[:2])
            self.assertTrue(row.endswith(change["reference"]), row)

    def test_a_table_in_a_pipe_can_be_read(self):
        document = json.loads(DOCKER.read_text())
        document["process"]["apparmorProfile"] = "docker-default"
        document["linux"]["sysctl"] = {}
        document["annotations"] = {"run.oci.handler": "/x" * 3000}
        table = self.printed("--config", "-", "--format=table", stdin=json.dumps(document).encode())
        self.assertIn("6000 characters", table)
        seccomp = next(line for line in table.splitlines() if line.startswith("seccomp "))
        self.assertRegex(seccomp, r"-\d+ entries +\+\d+ entries +CIS 5\.22$")
        self.assertLess(max(len(line) for line in table.splitlines()), 500)
        self.assertNotIn('{"destination"', table)

    def test_the_ids_of_a_user_namespace_are_said_to_be_an_example(self):
        words = ("--config", str(DOCKER), "--format")
        self.assertIn("an example: each create draws", self.printed(*words, "table"))
        self.assertTrue(json.loads(self.printed(*words, "json"))["mapping_is_example"])

    def test_a_document_comes_from_a_file_or_from_standard_input(self):
        expected, text = self.printed("--config", str(DOCKER)), DOCKER.read_bytes()
        for words in (("-",), ("--config", "-"), ("--config=-",), ("--format", "config", "-")):
            with self.subTest(words):
                self.assertEqual(expected, self.printed(*words, stdin=text))

    def test_what_it_prints_it_changes_no_more(self):
        user = json.loads(DOCKER.read_text())
        user["process"]["user"].update(uid=1000, gid=1000)
        cases = [("standard", file.read_bytes()) for file in (CORPUS / "config").iterdir()]
        cases += [("build", DOCKER.read_bytes()), ("strict", json.dumps(user).encode())]
        same = set()
        for profile, text in cases:
            words = ("--profile", profile, "-")
            done = self.dry_run(*words, stdin=text)
            if done.code != REFUSED:
                self.assertEqual(done.check().out, self.printed(*words, stdin=done.stdout))
                same.add((profile, done.out))
        self.assertLessEqual({"standard", "build", "strict"}, {profile for profile, _ in same})
        self.assertGreater(len(same), 10)

    def test_no_change_is_an_empty_diff_and_patch(self):
        text = self.printed("--config", str(DOCKER)).encode()
        self.assertEqual("", self.printed("-", "--format", "diff", stdin=text))
        self.assertEqual([], json.loads(self.printed("-", "--format", "patch", stdin=text)))

    def test_another_user_gets_the_same_and_is_told_what_was_not_looked_at(self):
        for format in FORMATS:
            with self.subTest(format):
                done = self.dry_run("--format", format, "-", stdin=DOCKER.read_bytes(), user=65534)
                self.assertIn("hardened: unverified: the rootfs ", done.check().err)
        unverified = json.loads(
            self.printed("--format=json", "-", stdin=DOCKER.read_bytes(), user=65534)
        )["unverified"]
        self.assertIn("the rootfs " + self.config()["root"]["path"], unverified)

    def test_a_process_document(self):
        process = {
            "args": ["sh"],
            "cwd": "/",
            "user": {"uid": 0, "gid": 0},
            "capabilities": {"bounding": ["CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_KILL"]},
        }
        file = self.file("process.json", process)
        alone = json.loads(self.printed("--process", file))
        self.assertTrue(alone["noNewPrivileges"])
        self.assertEqual(["CAP_CHOWN", "CAP_KILL"], alone["capabilities"]["bounding"])
        container = json.loads(DOCKER.read_text())
        for names in container["process"]["capabilities"].values():
            names[:] = ["CAP_KILL"]
        inside = self.printed("--process", file, "-", stdin=json.dumps(container).encode())
        self.assertEqual(["CAP_KILL"], json.loads(inside)["capabilities"]["bounding"])
        self.assertEqual(
            inside,
            self.printed(
                "--process=-", "--config", self.file("c", container), stdin=inside.encode()
            ),
        )
        diff = self.printed("--process", file, "--format", "diff")
        self.assertTrue(diff.startswith("--- process document as the engine wrote it\n"), diff)

    def test_a_resources_document(self):
        done = self.printed("--resources", "-", stdin=b'{"pids": {"limit": -1}}')
        self.assertEqual({"pids": {"limit": 1024}}, json.loads(done))
        diff = self.printed("--resources=-", "--format=diff", stdin=b'{"pids": {"limit": -1}}')
        self.assertTrue(diff.startswith("--- resources document as the engine wrote it\n"), diff)

    def test_a_profile_and_a_policy(self):
        limit = lambda *words: json.loads(self.printed(*words, "--config", str(DOCKER)))["linux"][
            "resources"
        ]["pids"]["limit"]
        self.assertEqual(1024, limit())
        self.assertEqual(1024, limit("--profile", "build"))
        mine = {
            "profiles": {"mine": {"extends": "standard", "rules": {"pids-limit": {"limit": 7}}}}
        }
        policy = self.file("mine.json", mine)
        self.assertEqual(7, limit("--policy", policy, "--profile", "mine"))
        self.assertEqual(1024, limit("--policy", policy))
        before = self.call(
            "--profile", "mine", "dry-run", "--policy", policy, "--config", str(DOCKER)
        )
        after = self.dry_run("--policy", policy, "--profile=mine", "--config", str(DOCKER))
        self.assertEqual(after.check().out, before.check().out)


class Bundles(Case):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.bundle = Bundle(cls.directory / "bundle")

    def test_a_bundle_is_looked_at_and_left_as_it_is(self):
        before = self.bundle.config.read_bytes()
        done = self.dry_run("--bundle", str(self.bundle.directory))
        self.assertEqual("", done.check().err)
        mounted = {mount["destination"] for mount in json.loads(done.out)["mounts"]}
        self.assertLessEqual({"/var", "/tmp"}, mounted)
        self.assertEqual(before, self.bundle.config.read_bytes())
        self.assertEqual(
            ["config.json", "rootfs"], sorted(p.name for p in self.bundle.directory.iterdir())
        )
        self.assertEqual(done.out, self.printed("--bundle", ".", directory=self.bundle.directory))
        config = str(self.bundle.config)
        self.assertEqual(done.out, self.printed("--config", config))
        again = self.printed("-", stdin=done.stdout, directory=self.bundle.directory)
        self.assertEqual(done.out, again)

    def test_host_facts_replace_the_hosts_part_alone(self):
        facts = json.loads(self.call("doctor", "--facts").check().out)
        facts["host"].update(memory_bytes=1 << 30, cpus=3)
        words = ("--host-facts", self.file("facts.json", facts), "--bundle")
        config = json.loads(self.printed(*words, str(self.bundle.directory)))
        pages = (1 << 30) * 80 // 100 // 4096
        self.assertEqual(pages * 4096, config["linux"]["resources"]["memory"]["limit"])
        self.assertIn("/var", {mount["destination"] for mount in config["mounts"]})
        facts["root"] = {"sight": "seen", "path": "/x", "directories": ["/srv"]}
        words = ("--host-facts", self.file("facts.json", facts), "--bundle")
        config = json.loads(self.printed(*words, str(self.bundle.directory)))
        mounted = {mount["destination"]: mount.get("source") for mount in config["mounts"]}
        self.assertEqual("/x/srv", mounted["/srv"])
        self.assertNotIn("/var", mounted)

    def test_broken_host_facts_name_file_and_place(self):
        file = self.file("facts.json", {"host": {"memory_byte": 1}})
        said = self.failed(
            INVALID, "dry-run", "--host-facts", file, "--bundle", str(self.bundle.directory)
        )
        self.assertIn(
            f'{file}: /host/memory_byte: unknown fact; did you mean "memory_bytes"?', said
        )


class Failures(Case):
    def changed(self, change) -> bytes:
        document = json.loads(DOCKER.read_text())
        change(document)
        return json.dumps(document).encode()

    def test_every_refusal_has_its_line(self):
        def ask(document):
            document["linux"]["sysctl"] = {"kernel.core_pattern": "x", "kernel.panic": "1"}
            document["linux"]["personality"] = {"domain": "LINUX32"}
            document["linux"]["namespaces"] = [
                entry for entry in document["linux"]["namespaces"] if entry["type"] != "pid"
            ]
            document["mounts"].append(
                {"destination": "/e", "type": "bind", "source": "/etc", "options": ["bind"]}
            )

        for format in FORMATS:
            said = self.failed(REFUSED, "dry-run", "--format", format, "-", stdin=self.changed(ask))
            lines = [line for line in said.splitlines() if "unverified" not in line]
            self.assertEqual(5, len(lines), said)
            for line in lines:
                self.assertRegex(line, REFUSAL)

    def test_what_asks_for_another_document_is_a_usage_error(self):
        process = self.file("process.json", {"args": ["sh"], "cwd": "/"})
        for words, said in (
            ((), "one of --bundle, --config, --process, --resources is needed"),
            (("--bundle", ".", "-"), "--bundle and --config exclude each other"),
            (("--process", process, "--resources", "-"), "--process and --resources exclude"),
            (("--resources", "-", "--bundle", "."), "--resources goes without --bundle"),
            (("--process", "-", "-"), "standard input can be one document only"),
            (("--bundle", ""), "--bundle: is empty"),
            (("--format", "yaml", "-"), "yaml"),
            (("--no-such", "-"), "--no-such"),
            (("--bundle", ".", "word"), "word"),
        ):
            with self.subTest(words):
                self.assertIn(said, self.failed(INVALID, "dry-run", *words))

    def test_a_document_of_the_wrong_kind_is_invalid(self):
        whole = DOCKER.read_bytes()
        for words, text, said in (
            (("--process", "-"), whole, "--process: a config document"),
            (("--resources", "-"), whole, "--resources: a config document"),
            (("--process", "-"), b"{}", "/args: missing"),
            (("-",), b'{"args": ["sh"], "cwd": "/"}', "/process: missing"),
            (("-",), self.changed(lambda document: document.pop("process")), "/process: missing"),
            (("-",), b"", "standard input: the document is empty"),
            (("-",), whole[: len(whole) // 2], "standard input: "),
            (("-",), b'{"process": 7}', "/process: expected an object, got 7"),
        ):
            with self.subTest(words, text=text[:40]):
                self.assertIn(said, self.failed(INVALID, "dry-run", *words, stdin=text))

    def test_what_is_quoted_from_a_document_does_no_harm_to_a_terminal(self):
        said = self.failed(INVALID, "dry-run", "-", stdin=b'{"mounts": [{"\\u001b[2J": 1}, 7]}')
        self.assertNotIn("\x1b", said)
        change = lambda document: document["linux"].update(sysctl={"\x1b[2J": "1"})
        said = self.failed(REFUSED, "dry-run", "-", stdin=self.changed(change))
        self.assertNotIn("\x1b", said)

    def test_a_file_that_is_not_there_is_a_system_error(self):
        for option in ("--bundle", "--config", "--process", "--resources"):
            with self.subTest(option):
                said = self.failed(SYSTEM, "dry-run", option, "/no/such")
                self.assertIn("/no/such", said)
        self.assertIn("is no directory", self.failed(SYSTEM, "dry-run", "--config", f"{DOCKER}/x"))

    def test_a_full_disk_is_a_system_error(self):
        for words in (
            ("dry-run", "--config", str(DOCKER)),
            ("policy", "show"),
            ("policy", "schema"),
            ("doctor", "--facts"),
            ("version",),
            ("help",),
            ("dry-run", "--help"),
        ):
            with self.subTest(words):
                script = 'exec "$@" > /dev/full'
                done = command.run("sh", "-c", script, "sh", str(self.program), *words)
                self.assertEqual(SYSTEM, done.code, str(done))
                self.assertIn("hardened: standard output: ", done.err)


def column(table: str, rule: str, heading: str, next_heading: str) -> str:
    """The cell of a rule in a table that is wrapped, put together again."""
    lines = table.splitlines()
    head = next(line for line in lines if line.startswith("RULE "))
    first, last = head.index(heading), head.index(next_heading)
    at = next(index for index, line in enumerate(lines) if line.startswith(f"{rule} "))
    cell = lines[at][first:last].strip()
    for line in lines[at + 1 :]:
        if line[:1] != " ":
            break
        cell += line[first:last].strip()
    return cell


class Terminal(Case):
    def shown(self, format: str, **environment) -> str:
        words = (str(self.program), "dry-run", "--format", format, "--config", str(DOCKER))
        done = command.run_on_terminal(*words, environment={**ENVIRONMENT, **environment})
        self.assertEqual(0, done.code, str(done))
        return "".join(
            line for line in done.out.splitlines(keepends=True) if "unverified" not in line
        )

    def test_colours_are_for_terminals_that_want_them(self):
        for format in ("diff", "table"):
            with self.subTest(format):
                self.assertIn("\x1b[", self.shown(format, TERM="xterm"))
                self.assertNotIn("\x1b", self.shown(format, TERM="xterm", NO_COLOR="1"))
                self.assertNotIn("\x1b", self.shown(format, TERM="dumb"))
                self.assertNotIn("\x1b", self.printed("--config", str(DOCKER), "--format", format))

    def test_a_table_is_as_wide_as_the_terminal_and_whole(self):
        shown = self.shown("table", TERM="dumb")
        self.assertLessEqual(max(len(line) for line in shown.splitlines()), 100)
        whole = json.loads(self.printed("--config", str(DOCKER), "--format", "json"))
        seccomp = next(change for change in whole["changes"] if change["rule"] == "seccomp")
        names = lambda value: {name for entry in value["syscalls"] for name in entry["names"]}
        gone = names(seccomp["before"]) - names(seccomp["after"])
        self.assertGreater(len(gone), 0)
        before = column(shown, "seccomp", "BEFORE", "AFTER")
        for name in gone:
            self.assertIn(f"-{name}", before)
