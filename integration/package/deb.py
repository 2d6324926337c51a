# SPDX-License-Identifier: Apache-2.0
"""The Debian package: what is in it, what installing, upgrading, removing and purging do, and that Docker runs with it."""
import hashlib
import json
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from lib import command, package, sandbox, slowness, verdict
from lib.docker import IMAGE, Docker
from lib.kernel import KEPT, status_fields

PROGRAM = Path("/usr/bin/hardened")
PROFILE = Path("/etc/apparmor.d/hardened-default")
LOADED = Path("/sys/kernel/security/apparmor/profiles")
DAEMON = Path("/etc/docker/daemon.json")
NAMED = re.compile("hardened")
CONFIGURED = {"default-runtime": "hardened", "runtimes": {"hardened": {"path": str(PROGRAM)}}}
INSTALLED = (
    "etc/hardened/",
    "etc/apparmor.d/hardened-default",
    "usr/bin/hardened",
    "usr/bin/hardened-pod -> hardened",
    "usr/share/bash-completion/completions/hardened",
    "usr/share/zsh/vendor-completions/_hardened",
    "usr/share/fish/vendor_completions.d/hardened.fish",
    "usr/share/hardened/policy.schema.json",
    "usr/share/hardened/defaults/policy.json",
    "usr/share/hardened/defaults/profiles/standard.json",
    "usr/share/man/man8/hardened.8.gz",
    "usr/share/man/man8/hardened-pod.8.gz -> hardened.8.gz",
    "usr/share/man/man5/hardened-policy.5.gz",
    "usr/share/man/man5/hardened-log.5.gz",
    "usr/share/doc/hardened/copyright",
    "usr/share/doc/hardened/changelog.gz",
    "usr/share/doc/hardened/hardened.cdx.json",
)


def tree(root: str) -> dict[str, str]:
    """Each path below with what it holds."""
    seen = {}
    for directory, names, files in os.walk(root):
        for path in (Path(directory) / name for name in names + files):
            if path.is_symlink():
                seen[str(path)] = os.readlink(path)
            elif path.is_file():
                seen[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                seen[str(path)] = ""
    return seen


def setUpModule() -> None:
    package.own_machine()
    if package.status():
        package.dpkg("--purge", package.NAME).check()
    DAEMON.unlink(missing_ok=True)
    Case.file = package.found()


class Case(unittest.TestCase):
    maxDiff = None
    file: Path

    def install(self) -> command.Result:
        self.addCleanup(self.purge)
        return package.dpkg("--install", str(self.file)).check()

    def purge(self) -> None:
        DAEMON.unlink(missing_ok=True)
        if package.status():
            package.dpkg("--purge", package.NAME, HARDENED_REMOVE="anyway").check()

    def configure(self, document: dict) -> None:
        DAEMON.parent.mkdir(exist_ok=True)
        DAEMON.write_text(json.dumps(document))


class Contents(Case):
    def test_every_part_is_there_and_only_root_can_write_it(self):
        listed = command.run("dpkg-deb", "--contents", str(self.file)).check().out.splitlines()
        names = {line.split(maxsplit=5)[5].removeprefix("./") for line in listed}
        self.assertEqual(set(), set(INSTALLED) - names)
        for line in listed:
            mode, owner = line.split()[:2]
            self.assertEqual("root/root", owner, line)
            self.assertIn(mode, ("drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx"), line)

    def test_it_depends_on_a_runtime_and_on_no_library(self):
        field = command.run("dpkg-deb", "-f", str(self.file), "Depends").check().out.strip()
        self.assertEqual("runc | crun", field)

    def test_two_packages_of_one_build_hold_the_same_whatever_the_umask(self):
        tars = []
        for mask in (0o022, 0o077):
            with tempfile.TemporaryDirectory(dir=sandbox.base()) as directory:
                file = str(package.made(Path(directory), mask))
                tars.append([command.run("dpkg-deb", part, file).check().stdout for part in ("--fsys-tarfile", "--ctrl-tarfile")])
        self.assertTrue(tars[0] == tars[1])


class Life(Case):
    def test_installing_changes_nothing_below_etc_but_its_own(self):
        self.configure({"log-level": "warn"})
        before = tree("/etc")
        self.install()
        after = tree("/etc")
        self.assertEqual(before, {path: after.get(path) for path in before})
        self.assertEqual({"/etc/hardened", str(PROFILE)}, after.keys() - before.keys())
        self.assertEqual(0o755, os.stat("/etc/hardened").st_mode & 0o7777)

    def test_the_program_and_its_other_name_run(self):
        self.install()
        self.assertIn("hardened 0.", command.run(str(PROGRAM), "version").check().out)
        command.run("/usr/bin/hardened-pod", "policy", "check").check()
        command.run(str(PROGRAM), "policy", "check", "/usr/share/hardened/defaults/policy.json").check()

    def test_purging_leaves_nothing(self):
        before = tree("/etc").keys()
        self.install()
        # A directory of others stays.
        own = [path for path in command.run("dpkg", "-L", package.NAME).check().out.split() if NAMED.search(path)]
        self.assertGreater(len(own), 20)
        Path("/etc/hardened/policy.json").write_text("{}")
        package.dpkg("--purge", package.NAME, HARDENED_REMOVE="anyway").check()
        self.assertEqual("", package.status())
        self.assertEqual([], [path for path in own if os.path.lexists(path)])
        self.assertEqual(before, tree("/etc").keys())

    def test_removing_keeps_the_administrators_files(self):
        self.install()
        policy = Path("/etc/hardened/policy.json")
        policy.write_text("{}")
        package.dpkg("--remove", package.NAME, HARDENED_REMOVE="anyway").check()
        self.assertEqual("config-files", package.status())
        self.assertTrue(policy.exists() and PROFILE.exists())
        self.assertFalse(PROGRAM.exists())

    def test_a_configured_engine_keeps_it_from_being_removed(self):
        self.install()
        self.configure(CONFIGURED)
        done = package.dpkg("--remove", package.NAME).check_failed()
        self.assertIn("not removed: these engines start containers with it", done.err)
        self.assertIn(str(DAEMON), done.err)
        self.assertIn("hardened unconfigure docker --reload", done.err)
        self.assertEqual("installed", package.status())
        command.run(str(PROGRAM), "version").check()
        package.dpkg("--purge", package.NAME).check_failed()
        DAEMON.unlink()
        package.dpkg("--remove", package.NAME).check()

    def test_an_upgrade_does_not_ask(self):
        self.install()
        self.configure(CONFIGURED)
        self.install()
        self.assertEqual("installed", package.status())


class Prerm(Case):
    """With another program in the place of ours, which ends as it is told."""

    def remove(self, code: int, **environment: str) -> command.Result:
        self.install()
        PROGRAM.write_text(f'#!/bin/sh\n[ "$*" = "unconfigure --check" ] || exit 9\necho found >&2\nexit {code}\n')
        return package.dpkg("--remove", package.NAME, **environment)

    def test_no_engine(self):
        self.remove(0).check()

    def test_an_engine(self):
        self.assertIn("found\nhardened: not removed: these engines", self.remove(3).check_failed().err)

    def test_what_could_not_be_told_is_no_permission(self):
        for code in (1, 2):
            done = self.remove(code).check_failed()
            self.assertIn(f"could not be told (exit code {code})", done.err)
        self.remove(1, HARDENED_REMOVE="anyway").check()

    def test_a_program_that_is_gone_already(self):
        self.install()
        PROGRAM.unlink()
        package.dpkg("--remove", package.NAME).check()


class AppArmor(Case):
    def setUp(self) -> None:
        verdict.need_host(os.access(LOADED, os.R_OK), "no AppArmor")
        verdict.need_installed(bool(shutil.which("apparmor_parser")), "no apparmor_parser")
        if self.loaded():
            self.addCleanup(
                command.run, "apparmor_parser", "-r", str(sandbox.SOURCE / "defaults/apparmor/hardened-default")
            )

    def loaded(self) -> bool:
        return "hardened-default (enforce)" in LOADED.read_text().splitlines()

    def test_installing_loads_the_profile_and_purging_takes_it_out(self):
        self.install()
        self.assertTrue(self.loaded())
        package.dpkg("--remove", package.NAME, HARDENED_REMOVE="anyway").check()
        self.assertTrue(self.loaded(), "its file is there until the purge, and would be loaded at boot")
        package.dpkg("--purge", package.NAME, HARDENED_REMOVE="anyway").check()
        self.assertFalse(self.loaded())

    def test_a_profile_that_confines_a_process_stays(self):
        self.install()
        # Said by the process itself: said here, it would hold for dpkg and dockerd too.
        script = 'echo "exec hardened-default" > /proc/self/attr/exec && exec sleep 300'
        process = command.subprocess.Popen(["sh", "-c", script])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        label = Path(f"/proc/{process.pid}/attr/current")
        for _ in slowness.moments(10):
            if label.read_text().startswith("hardened-default"):
                break
        self.assertIn("hardened-default (enforce)", label.read_text())
        package.dpkg("--purge", package.NAME, HARDENED_REMOVE="anyway").check()
        self.assertTrue(self.loaded())


class Used(Case):
    def test_docker_runs_with_what_was_installed(self):
        self.install()
        engine = Docker(CONFIGURED).start()
        self.addCleanup(engine.stop)
        shown = engine.cli("run", "--rm", IMAGE, "cat", "/proc/self/status").check().out
        status = status_fields(shown)
        self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
        self.assertEqual(KEPT, int(status["CapBnd"], 16))
        container = engine.cli("run", "-d", IMAGE, "sleep", "300").check().out.strip()
        self.assertIn("NoNewPrivs:\t1", engine.cli("exec", container, "cat", "/proc/self/status").check().out)
        # An upgrade in between: what runs is reached by the new program.
        self.install()
        engine.cli("exec", container, "true").check()
        engine.cli("restart", "-t", "0", container).check()
        engine.cli("rm", "-f", container).check()


if __name__ == "__main__":
    unittest.main()
