# SPDX-License-Identifier: Apache-2.0
"""Many containers at once below plain runc, and what stays of them.

HARDENED_CONTAINERS=1000 HARDENED_TEST_LIMIT=1800 is the whole of it; the usual number is for machines with two processors.
"""
import json
import os
import shutil
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import command, sandbox, state
from lib.bundle import ENVIRONMENT, Bundle, Runtime

COUNT = int(os.environ.get("HARDENED_CONTAINERS", "100"))
AT_ONCE = 8


class ManyContainers(unittest.TestCase):
    def setUp(self) -> None:
        self.runtime = Runtime()
        self.first = Bundle(sandbox.base() / "bundles/first").shell("exec sleep 3000")
        self.first.change("/root/path", str(self.first.directory / "rootfs"))

    def bundle(self, identifier: str) -> Path:
        """The same rootfs under a document of its own."""
        directory = sandbox.base() / "bundles" / identifier
        directory.mkdir()
        document = self.first.document()
        document["linux"]["cgroupsPath"] = f"{sandbox.cgroup_parent()}/{identifier}"
        (directory / "config.json").write_text(json.dumps(document))
        return directory

    def create(self, identifier: str) -> None:
        directory = self.bundle(identifier)
        words = ("--root", self.runtime.root, "create", "--bundle", str(directory), identifier)
        with open(directory / "output", "wb") as output:
            code = command.run_to_file(
                output, str(sandbox.binary()), *words, environment=ENVIRONMENT
            )
        self.assertEqual(0, code, (directory / "output").read_text())

    def delete(self, identifier: str) -> None:
        self.runtime.call("delete", "--force", identifier).check()
        shutil.rmtree(sandbox.base() / "bundles" / identifier)

    def range_of(self, identifier: str) -> tuple[int, int]:
        """As the kernel says it of the container's first process."""
        kept = json.loads((Path(self.runtime.root) / identifier / "state.json").read_text())
        pid = kept["init_process_pid"]
        first, host, size = Path(f"/proc/{pid}/uid_map").read_text().split()
        self.assertEqual(("0", "65536"), (first, size))
        return int(host), int(host) + int(size)

    def below(self, kind: str) -> list[str]:
        """Names of what is kept: "records" and "ids" in files, "stage" in directories."""
        paths = (state.STATE / kind).rglob("*")
        # A record has the line of its container's start beside it.
        return sorted({path.stem for path in paths if path.is_dir() == (kind == "stage")})

    def test_many_at_once_are_disjoint_and_leave_nothing(self):
        mounts = state.mounts()
        names = sorted(f"c{number}" for number in range(COUNT))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.create, names))
            ranges = sorted(self.range_of(name) for name in names)
            for before, after in zip(ranges, ranges[1:]):
                self.assertLessEqual(before[1], after[0])
            self.assertEqual(sorted(str(first // 65536) for first, _ in ranges), self.below("ids"))
            self.assertEqual(names, self.below("records"))
            self.assertEqual(mounts, state.mounts(), "no mount of theirs is seen outside")
            list(pool.map(self.delete, names))
        # Deleting passes the wrapper by: what it left is reclaimed by the next.
        self.create("last")
        self.assertEqual(["last"], self.below("records"))
        self.assertEqual([str(self.range_of("last")[0] // 65536)], self.below("ids"))
        self.assertLessEqual(len(self.below("stage")), 1)
        self.assertEqual(mounts, state.mounts())
        self.delete("last")


if __name__ == "__main__":
    unittest.main()
