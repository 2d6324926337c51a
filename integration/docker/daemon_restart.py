# SPDX-License-Identifier: Apache-2.0
"""The engine goes and comes back: what it starts again is hardened again, and what lives on without it still is."""
import os
import shutil
import signal
import time
from pathlib import Path

from lib import command, state
from lib.case import EngineCase
from lib.docker import IMAGE
from lib.kernel import status_fields

UID_MAP = ("cat", "/proc/self/uid_map")


class DaemonCase(EngineCase):
    def restart_daemon(self) -> None:
        self.engine.stop_daemon()
        self.engine.start()

    def wait_until_running(self, container: str) -> None:
        for _ in range(200):
            if self.engine.inspect(container, "{{.State.Running}}") == "true":
                return
            time.sleep(0.1)
        self.fail(self.engine.inspect(container, "{{json .State}}"))

    def assert_hardened(self, container: str) -> None:
        status = status_fields(self.inside(container, "cat", "/proc/self/status"))
        self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
        first, host, size = self.inside(container, *UID_MAP).split()
        self.assertEqual(("0", "65536"), (first, size))
        self.assertGreaterEqual(int(host), 1879048192)


class RestartAlways(DaemonCase):
    def test_always_comes_back_with_the_daemon(self):
        container = self.sleeper("--restart", "always", "-v", "/volume")
        self.inside(container, "sh", "-c", "echo kept | tee /var/f /volume/f")
        maps = self.inside(container, *UID_MAP)
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        self.restart_daemon()
        self.wait_until_running(container)
        self.assertNotEqual(pid, self.engine.inspect(container, "{{.State.Pid}}"))
        self.assertEqual("kept\nkept\n", self.inside(container, "cat", "/var/f", "/volume/f"))
        self.assertEqual(maps, self.inside(container, *UID_MAP), "the range that it had")
        self.assert_hardened(container)

    def test_one_that_is_not_started_again_gives_its_range_back(self):
        container = self.sleeper()
        maps = self.inside(container, *UID_MAP)
        self.restart_daemon()
        self.assertEqual("false", self.engine.inspect(container, "{{.State.Running}}"))
        self.engine.run(IMAGE, "true").check()
        block = int(maps.split()[1]) // 65536
        self.assertFalse((state.STATE / f"ids/{block}.json").exists())
        self.engine.cli("start", container).check()
        self.assert_hardened(container)


class LiveRestore(DaemonCase):
    settings = {"live-restore": True}

    def test_containers_live_on_without_the_daemon(self):
        container = self.sleeper()
        self.inside(container, "sh", "-c", "echo kept > /tmp/f")
        maps = self.inside(container, *UID_MAP)
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        self.engine.stop_daemon()
        with open(f"/proc/{pid}/comm") as comm:
            self.assertEqual("sleep\n", comm.read())
        self.engine.start()
        self.assertEqual(pid, self.engine.inspect(container, "{{.State.Pid}}"))
        self.assertEqual("kept\n", self.inside(container, "cat", "/tmp/f"))
        self.assertEqual(maps, self.inside(container, *UID_MAP))
        self.assert_hardened(container)
        other = self.sleeper()
        self.assertNotEqual(maps, self.inside(other, *UID_MAP))
        self.engine.cli("restart", "-t", "0", container).check()
        self.assertEqual("kept\n", self.inside(container, "cat", "/tmp/f"))
        self.assert_hardened(container)

    def test_a_reboot_leaves_nothing_of_run_and_every_process_gone(self):
        container = self.sleeper("--restart", "always", "-v", "/volume")
        self.inside(container, "sh", "-c", "echo kept | tee /var/f /volume/f")
        pid = int(self.engine.inspect(container, "{{.State.Pid}}"))
        shim = int(Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[1])
        self.engine.stop_daemon()
        for process in (shim, pid):
            os.kill(process, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.05)
        for place in (state.STATE, self.engine.directory / "exec", Path("/run/runc")):
            if place.exists():
                command.run("sh", "-c", f"awk '{{print $5}}' /proc/self/mountinfo | grep '^{place}/' | xargs -r umount -l")
                shutil.rmtree(place)
        self.engine.start()
        self.wait_until_running(container)
        self.assertEqual("kept\nkept\n", self.inside(container, "cat", "/var/f", "/volume/f"))
        self.assert_hardened(container)
        self.assertEqual(1, len(list((state.STATE / "ids").glob("*.json"))))
