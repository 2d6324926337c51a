# SPDX-License-Identifier: Apache-2.0
"""crun as the low-level runtime: what holds under runc holds under it."""
import os
import subprocess
import unittest
from pathlib import Path

from lib import command, sandbox, state
from lib.bundle import ENVIRONMENT, Bundle, Runtime
from lib.kernel import status_fields

CRUN = "/usr/bin/crun"
LINK = Path("/etc/hardened/runtime")
UNIFIED = "/sys/fs/cgroup/unified"


class Crun(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        # crun takes no hybrid hierarchy with controllers on both sides; what it cannot see is none.
        if os.path.ismount(UNIFIED):
            sandbox.mount("-t", "tmpfs", "hidden", UNIFIED)

    def setUp(self) -> None:
        LINK.symlink_to(CRUN)
        self.addCleanup(LINK.unlink)
        self.runtime = Runtime(root="crun")
        self.plain = Runtime(CRUN, "crun")
        self.bundle = Bundle(sandbox.base() / self._testMethodName[:40])

    def started(self) -> str:
        identifier = self.bundle.directory.name
        self.bundle.shell("exec sleep 300")
        with open(self.bundle.directory / "output", "wb") as output:
            words = ("--root", self.runtime.root, "create", "--bundle", str(self.bundle.directory))
            code = command.run_to_file(
                output,
                self.runtime.program,
                *words,
                identifier,
                environment=ENVIRONMENT,
                stdin=subprocess.PIPE,
            )
        self.assertEqual(0, code, (self.bundle.directory / "output").read_text())
        self.addCleanup(lambda: self.plain.call("delete", "--force", identifier))
        self.runtime.call("start", identifier).check()
        return identifier

    def inside(self, identifier: str, *words: str) -> str:
        done = self.runtime.call("exec", *words[:-1], identifier, "sh", "-c", words[-1]).check()
        self.assertEqual("", done.err)
        return done.out

    def test_it_is_crun(self):
        self.assertIn("crun version", self.runtime.call("--version").check().out)
        identifier = self.started()
        self.assertTrue((Path(self.runtime.root) / identifier / "status").exists())
        self.assertEqual("running", self.runtime.state(identifier)["status"])

    def test_a_container_is_hardened_and_has_ids_of_its_own(self):
        script = "cat /proc/self/status; cat /proc/self/uid_map; touch /usr/x; touch /var/x && ls -ln /var/x"
        done = self.runtime.run(self.bundle.shell(script), self.bundle.directory.name)
        fields = status_fields(done.out)
        self.assertEqual(("1", "2"), (fields["NoNewPrivs"], fields["Seccomp"]), str(done))
        self.assertEqual(0, int(fields["CapBnd"], 16) & (1 << 21 | 1 << 12 | 1 << 18))
        mapping = next(line.split() for line in done.out.splitlines() if line.endswith(" 65536"))
        self.assertEqual("0", mapping[0])
        self.assertGreater(int(mapping[1]), 65536)
        self.assertIn("Read-only file system", done.err)
        owner = (self.bundle.directory / "rootfs/var/x").stat()
        self.assertEqual((0, 0), (owner.st_uid, owner.st_gid), "on disk nothing changes its owner")

    def test_mounts_are_the_users_and_show_the_containers_ids(self):
        volume = self.bundle.directory / "volume"
        volume.mkdir()
        (volume / "file").write_text("of the volume\n")
        os.chown(volume / "file", 7, 8)
        document = self.bundle.document()
        options = {"rw": ["rbind"], "ro": ["rbind", "ro"]}
        document["mounts"] += [
            {"destination": f"/{name}", "type": "bind", "source": str(volume), "options": words}
            for name, words in options.items()
        ]
        self.bundle.write(document)
        identifier = self.started()
        script = "cat /rw/file; stat -c '%u %g' /rw/file; touch /rw/new; touch /ro/x 2>&1 || true"
        said = self.inside(identifier, script).splitlines()
        self.assertEqual(["of the volume", "7 8"], said[:2])
        self.assertIn("Read-only file system", said[2])
        self.assertEqual(0, (volume / "new").stat().st_uid)

    def test_the_hosts_null_device_stays_the_hosts(self):
        """crun gives its standard streams to the container's root, and a device of the host is one for all."""
        self.addCleanup(os.chown, "/dev/null", 0, 0)  # or the host would suffer from a failure
        self.bundle.shell("stat -L -c '%t %T' /proc/self/fd/0")
        words = ("--root", self.runtime.root, "run", "--bundle", str(self.bundle.directory))
        with open(self.bundle.directory / "output", "wb") as output:
            code = command.run_to_file(
                output,
                self.runtime.program,
                *words,
                self.bundle.directory.name,
                environment=ENVIRONMENT,
            )
        owner = os.stat("/dev/null")
        self.assertEqual((0, 0), (owner.st_uid, owner.st_gid))
        said = (self.bundle.directory / "output").read_text()
        self.assertEqual((0, "1 3\n"), (code, said))

    def test_a_mount_inside_another_is_refused_for_crun_would_leave_it_out(self):
        volume = self.bundle.directory / "volume"
        volume.mkdir()
        document = self.bundle.document()
        document["mounts"] += [
            {"destination": "/vol", "type": "bind", "source": str(volume), "options": ["rbind"]},
            {"destination": "/vol/inner", "type": "tmpfs", "source": "tmpfs", "options": []},
        ]
        self.bundle.write(document)
        done = self.runtime.run(self.bundle.shell("true"), self.bundle.directory.name)
        self.assertEqual(3, done.code, str(done))
        self.assertRegex(done.err, "/mounts/[0-9]+/destination: .* which crun leaves out")
        self.assertEqual([], os.listdir(volume))

    def test_nothing_is_left_but_what_the_next_create_reclaims(self):
        before = state.mounts()
        for identifier in ("first", "second"):
            self.runtime.run(self.bundle.shell("true"), identifier).check()
        self.assertEqual(before, state.mounts())
        self.assertEqual([], [name for name in state.records() if name.endswith("/first.json")])
