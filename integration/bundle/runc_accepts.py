# SPDX-License-Identifier: Apache-2.0
"""runc loads what the wrapper lets through: generated documents, rewritten, are parsed, translated and validated by it.

runc refuses a second container of a name only after it has read, translated and validated the whole document, and
before it makes anything. So the name is taken beforehand, and that refusal is the answer that is looked for.
"""
import json
import os
import re
import unittest

from lib import command, sandbox
from lib.bundle import Bundle, Runtime
from lib.docker import RUNC

# Beside the binary under test, in the release preset.
PROGRAM = sandbox.binary().parent / "tests/property/property_tests"
# Generated; about every sixth is let through by a built-in profile.
DOCUMENTS = int(os.environ.get("HARDENED_RUNC_DOCUMENTS", "2500"))
# Of processes and of resources, each of which is a call of a running container.
PART = DOCUMENTS // 20
TAKEN = "already exists"
# This machine's and this runc's, and not the document's: runc 1.1 knows no time namespaces.
HOST = re.compile(
    r"selinux is disabled|intelRdt is specified|cannot use unified on cgroup v1"
    r"|namespace .*time.* does not exist"
)


def fit_to_host(document: dict, rootfs: str) -> None:
    """What has to be there for runc to get as far as its validation; nothing else is changed."""
    document["root"]["path"] = rootfs


# Of a process or of resources that were read and understood, and cannot be had: here, or in a container that has none of it.
CANNOT = re.compile(
    r"operation not permitted|too many open files|executable file not found|apparmor failed to apply profile"
    r"|cannot use unified on cgroup v1|unable to set memory limit|failed to write .*: write /sys/fs/cgroup/"
)


class RuncAccepts(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = sandbox.base() / "documents"
        cls.directory.mkdir()
        environment = os.environ | {
            "HARDENED_PROPERTY_RESULTS": str(cls.directory),
            "HARDENED_PROPERTY_DOCUMENTS": str(DOCUMENTS),
        }
        command.run(str(PROGRAM), "--gtest_filter=*Hold*", environment=environment, timeout=240 + DOCUMENTS // 50).check()

    def documents(self, kind: str) -> list[dict]:
        return [json.loads(path.read_text()) for path in sorted(self.directory.glob(f"{kind}-*"))]

    def answer(self, document: dict) -> str:
        """runc's own words."""
        bundle = sandbox.base() / "bundle"
        (bundle / "rootfs").mkdir(parents=True, exist_ok=True)
        root = sandbox.base() / "root"
        (root / "c").mkdir(parents=True, exist_ok=True)
        fit_to_host(document, str(bundle / "rootfs"))
        (bundle / "config.json").write_text(json.dumps(document))
        result = command.run(RUNC, "--root", str(root), "create", "--bundle", str(bundle), "c")
        return result.err

    def test_what_is_let_through(self):
        documents = self.documents("config")
        refused = []
        for document in documents:
            answer = self.answer(document)
            if TAKEN not in answer and not HOST.search(answer):
                refused.append(f"{answer.strip()}\n{json.dumps(document)}")
        self.assertGreater(len(documents), DOCUMENTS // 9)
        self.assertFalse(refused, f"{len(refused)} of {len(documents)}:\n" + "\n".join(refused[:3]))

    def asked(self, documents: list[dict], wrong: dict, *words: str) -> None:
        """Of a container of runc's own."""
        runtime = Runtime(RUNC, "others")
        name = f"to-{words[0]}"
        runtime.start(Bundle(sandbox.base() / name).shell("sleep 1000"), name, "run", "-d")
        self.addCleanup(lambda: runtime.call("delete", "--force", name).check())
        file = sandbox.base() / "asked.json"
        refused = []
        for document in documents:
            file.write_text(json.dumps(document))
            answer = runtime.call(*words, str(file), name)
            if answer.code and not CANNOT.search(answer.err):
                refused.append(f"{answer.err.strip()}\n{json.dumps(document)}")
        # What runc cannot read is the answer that is looked for.
        file.write_text(json.dumps(wrong))
        answer = runtime.call(*words, str(file), name)
        self.assertNotEqual(0, answer.code)
        self.assertFalse(CANNOT.search(answer.err), answer.err)
        self.assertGreater(len(documents), PART // 2)
        self.assertFalse(refused, f"{len(refused)} of {len(documents)}:\n" + "\n".join(refused[:3]))

    def test_processes_that_are_let_in(self):
        documents = self.documents("process")[:PART]
        for document in documents:
            document.update(args=["true"], terminal=False, cwd="/")
        wrong = {"args": ["true"], "cwd": "/", "user": {"uid": -1}}
        self.asked(documents, wrong, "exec", "--process")

    def test_resources_that_are_let_through(self):
        self.asked(self.documents("resources")[:PART], {"pids": {"limit": "1"}}, "update", "--resources")

    def test_what_it_does_not_take_is_seen(self):
        document = json.loads((sandbox.SOURCE / "tests/corpus/reference/runc-spec.json").read_text())
        self.assertIn(TAKEN, self.answer(document))
        for place, value in (("cwd", "relative"), ("args", []), ("user", {"uid": -1})):
            wrong = json.loads(json.dumps(document))
            wrong["process"][place] = value
            self.assertNotIn(TAKEN, self.answer(wrong), place)


if __name__ == "__main__":
    unittest.main()
