# SPDX-License-Identifier: Apache-2.0
"""Whose cgroup a container gets, and what it may take of the host, at its start and by `docker update`: the kernel says."""
import resource
from pathlib import Path

from lib import sandbox, verdict
from lib.case import EngineCase
from lib.docker import IMAGE

CGROUPS = Path("/sys/fs/cgroup")
V2 = (CGROUPS / "cgroup.controllers").exists()
WEIGHTS = ("io.bfq.weight", "blkio.bfq.weight", "blkio.weight")
LOCKED = 64 << 20


class Resources(EngineCase):
    def cgroups(self, container: str) -> list[Path]:
        """Its cgroup in every hierarchy."""
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        found = []
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            place = CGROUPS if V2 else CGROUPS / controllers.removeprefix("name=")
            if path.startswith(sandbox.cgroup_parent()):
                found.append(place / path.lstrip("/"))
        return found

    def read(self, container: str, *names: str) -> str | None:
        for cgroup in self.cgroups(container):
            for name in names:
                if (cgroup / name).exists():
                    return (cgroup / name).read_text().strip()
        return None

    def refused(self, *flags: str) -> str:
        self.engine.cli("rm", "-f", "refused")
        done = self.engine.cli(
            "run", "-d", "--name", "refused", "--runtime", "hardened", *flags, IMAGE, "sleep", "9"
        )
        self.addCleanup(lambda: self.engine.cli("rm", "-f", "refused"))
        self.assertNotEqual(0, done.code)
        self.assertEqual("0", self.engine.inspect("refused", "{{.State.Pid}}"))
        return done.err

    def test_a_parent_of_ones_own_choice_is_kept_and_the_limits_hold_there(self):
        container = self.sleeper("--cgroup-parent", f"{sandbox.cgroup_parent()}/team")
        paths = [str(path) for path in self.cgroups(container)]
        self.assertTrue(paths and all(f"/team/{container}" in path for path in paths), paths)
        self.assertEqual("1024", self.read(container, "pids.max"))

    def test_another_containers_cgroup_is_no_parent(self):
        victim = self.sleeper()
        line = self.refused("--cgroup-parent", f"{sandbox.cgroup_parent()}/{victim}")
        self.assertIn("rules.cgroup.occupied", line)
        self.assertEqual([], [path for path in self.cgroups(victim)[0].iterdir() if path.is_dir()])

    def test_a_unit_of_the_host_is_no_parent(self):
        self.assertIn("cgroup", self.refused("--cgroup-parent", "/system.slice/ssh.service"))

    def test_locked_memory_is_bounded(self):
        own = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        raised = own == resource.RLIM_INFINITY or own >= LOCKED
        verdict.need_host(raised, "its own limit of locked memory is lower, and it cannot raise it")
        container = self.sleeper("--ulimit", "memlock=-1:-1", "--ulimit", "sigpending=1000000")
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        limits = {
            line[:26].strip(): line[26:].split()[:2]
            for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
        }
        for name, most in (("Max locked memory", LOCKED), ("Max pending signals", 65536)):
            self.assertTrue(all(int(value) <= most for value in limits[name]), limits[name])
        inside = self.inside(container, "sh", "-c", "ulimit -Hl")
        self.assertLessEqual(int(inside), LOCKED >> 10)

    def test_memory_alone_brings_as_much_swap(self):
        container = self.sleeper("--memory", "64m")
        limit = self.read(container, "memory.max", "memory.limit_in_bytes")
        self.assertEqual(64 << 20, int(limit))
        swap = self.read(container, "memory.swap.max", "memory.memsw.limit_in_bytes")
        verdict.need_host(swap is not None, "the kernel does not account swap")
        self.assertEqual((64 if V2 else 128) << 20, int(swap))

    def test_disk_weights_are_bounded_at_start_and_in_an_update(self):
        container = self.sleeper("--blkio-weight", "1000")
        weight = self.read(container, *WEIGHTS)
        verdict.need_host(weight is not None, "the kernel has no weights on disks")
        self.assertEqual("100", weight.split()[-1])
        self.engine.cli("update", "--blkio-weight", "900", container)
        self.assertEqual("100", self.read(container, *WEIGHTS).split()[-1])
