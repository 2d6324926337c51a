# SPDX-License-Identifier: Apache-2.0
"""What a document brings of its own: annotations, hooks and id mappings, judged by their effect."""
import json
import os
import unittest
from pathlib import Path

from lib import command, sandbox
from lib.bundle import ENVIRONMENT, Bundle, Runtime
from lib.docker import RUNC

POLICY = Path("/etc/hardened/policy.json")


class DocumentsOwn(unittest.TestCase):
    def setUp(self) -> None:
        self.bundle = Bundle(sandbox.base() / self._testMethodName)
        self.addCleanup(POLICY.unlink, missing_ok=True)

    def test_annotations_that_steer_the_runtime_do_not_reach_it(self):
        asked = {"run.oci.handler": "krun", "bundle": "/etc", "org.example.app": "kept"}
        self.bundle.change("/annotations", asked)
        self.bundle.change("/linux/cgroupsPath", f"{sandbox.cgroup_parent()}/annotated")
        self.bundle.shell("sleep 30")
        runtime = Runtime()
        words = (runtime.program, "--root", runtime.root, "create", "--bundle")
        output = sandbox.base() / "output"
        with open(output, "wb") as file:
            # The container keeps standard output: a pipe would not end with the call.
            code = command.run_to_file(
                file, *words, str(self.bundle.directory), "annotated", environment=ENVIRONMENT
            )
        self.assertEqual(0, code, output.read_text())
        self.addCleanup(lambda: runtime.call("delete", "--force", "annotated"))
        self.assertEqual({"org.example.app": "kept"}, runtime.state("annotated")["annotations"])

    def hook(self, mark: Path) -> None:
        hook = {"path": "/usr/bin/touch", "args": ["touch", str(mark)]}
        self.bundle.change("/hooks", {"createRuntime": [hook]})

    def test_a_hook_runs_only_where_the_policy_names_it(self):
        mark = sandbox.base() / "mark"
        self.hook(mark)
        Runtime(RUNC, "plain").run(self.bundle).check()
        self.assertTrue(mark.exists())
        mark.unlink()
        self.assertIn("/hooks/createRuntime/0/path", Runtime().run(self.bundle).check_failed().err)
        self.assertFalse(mark.exists())
        allowed = {
            "allowed_executables": [os.path.realpath("/usr/bin/touch")],
            "allowed_first_arguments": ["touch"],
        }
        POLICY.write_text(json.dumps({"profiles": {"standard": {"rules": {"hooks": allowed}}}}))
        Runtime().run(self.bundle).check()
        self.assertTrue(mark.exists())

    def map_ids(self, host: int) -> None:
        mapping = [{"containerID": 0, "hostID": host, "size": 65536}]
        document = self.bundle.document()
        document["linux"]["namespaces"].append({"type": "user"})
        document["linux"] |= {"uidMappings": mapping, "gidMappings": mapping}
        self.bundle.write(document)
        for place, directories, files in os.walk(self.bundle.directory / "rootfs"):
            for name in (".", *directories, *files):
                os.lchown(os.path.join(place, name), host, host)

    def test_a_mapping_of_its_own_is_kept(self):
        self.map_ids(200000)
        self.bundle.shell("cat /proc/self/uid_map; grep NoNewPrivs /proc/self/status")
        words = Runtime().run(self.bundle).check().out.split()
        self.assertEqual(["0", "200000", "65536", "NoNewPrivs:", "1"], words)

    def test_a_mapping_to_the_hosts_users_is_refused(self):
        self.map_ids(1000)
        refused = Runtime().run(self.bundle).check_failed()
        self.assertIn("/linux/uidMappings/0/hostID", refused.err)
