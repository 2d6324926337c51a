# SPDX-License-Identifier: Apache-2.0
"""One list of what holds for a container below every engine, each with its judge: the kernel, seen from the host and from within."""
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import TestCase

from engines.adapter import LIMITS, OWN, POD, Adapter, Container
from lib import kernel
from lib.rootless import UID

FIRST_HARDENED_ID = 1879048192
MOST_PROCESSES = 1024
MASKED = "/proc/kcore"
INEXPRESSIBLE = "—"


@dataclass(frozen=True)
class Truth:
    row: str  # as the table prints it
    judge: Callable[[TestCase, Adapter, Container], None] | None = None
    ask: str = ""  # a key of Adapter.asks; empty: nothing is asked for
    refused: str = ""  # instead of a judge: the setting that the engine's error line names

    def cell(self, adapter: type[Adapter]) -> str:
        if self.row in adapter.without:
            return adapter.without[self.row]
        if self.ask and self.ask not in adapter.asks:
            return INEXPRESSIBLE
        if self.judge is ids:
            return adapter.mapping
        return "refused" if self.refused else "hardened"

    def holds(self, adapter: type[Adapter]) -> bool:
        """Whether there is something to run."""
        return self.row not in adapter.without and self.cell(adapter) != INEXPRESSIBLE


def ids(test: TestCase, adapter: Adapter, container: Container) -> None:
    for kind in ("uid_map", "gid_map"):
        lines = [line.split() for line in Path(f"/proc/{container.pid()}/{kind}").read_text().splitlines()]
        if adapter.mapping == POD:
            test.assertEqual([["0", "0", "4294967295"]], lines)
        elif adapter.mapping == OWN:
            test.assertEqual([("0", "65536")], [(line[0], line[2]) for line in lines])
            test.assertGreaterEqual(int(lines[0][1]), FIRST_HARDENED_ID)
        else:
            test.assertEqual(["0", str(UID), "1"], lines[0])
    test.assertEqual("0\n", container.run("id", "-u").check().out)


def capabilities_within(test: TestCase, status: dict[str, str]) -> None:
    for name in ("CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb"):
        test.assertEqual(0, int(status[name], 16) & ~kernel.KEPT, f"{name} {status[name]}")


def capabilities(test: TestCase, _: Adapter, container: Container) -> None:
    status = kernel.status(container.pid())
    capabilities_within(test, status)
    test.assertNotEqual(0, int(status["CapBnd"], 16), "a server needs some")


def no_new_privileges(test: TestCase, _: Adapter, container: Container) -> None:
    test.assertEqual("1", kernel.status(container.pid())["NoNewPrivs"])


def seccomp(test: TestCase, _: Adapter, container: Container) -> None:
    test.assertEqual("2", kernel.status(container.pid())["Seccomp"])
    test.assertIn("Operation not permitted", container.run("unshare", "-U", "true").check_failed().err)


def read_only(test: TestCase, _: Adapter, container: Container) -> None:
    test.assertIn("ro", kernel.mounts(container.pid())["/"])
    script = """for d in / /usr /bin /etc; do touch $d/x 2>/dev/null && echo wrote $d; done
                for d in /tmp /run /var /home; do touch $d/x || echo not $d; done"""
    test.assertEqual("", container.run("sh", "-c", script).check().out)


def state_without_devices(test: TestCase, _: Adapter, container: Container) -> None:
    mounts = kernel.mounts(container.pid())
    for place in ("/tmp", "/var", "/home"):
        test.assertLessEqual({"rw", "nosuid", "nodev"}, mounts[place], place)


def masked_paths(test: TestCase, _: Adapter, container: Container) -> None:
    mounts = kernel.mounts(container.pid())
    for place in ("/sys", "/sys/firmware", "/proc/sys", "/proc/bus", "/proc/irq"):
        test.assertIn("ro", mounts[place], place)
    test.assertEqual("0\n", container.run("sh", "-c", f"head -c1 {MASKED} | wc -c").check().out)


def devices(test: TestCase, _: Adapter, container: Container) -> None:
    shown = container.run("find", "/dev", "-type", "c", "-o", "-type", "b").check().out.split()
    names = {Path(name).name for name in shown if "/pts/" not in name}
    test.assertEqual({"null", "zero", "full", "random", "urandom", "tty"}, names - {"ptmx", "console"})
    container.run("mknod", "/tmp/memory", "c", "1", "1").check_failed()


def processes(test: TestCase, _: Adapter, container: Container) -> None:
    limit = kernel.cgroup_file(container.pid(), "pids.max")
    test.assertTrue(limit and limit.isdigit() and int(limit) <= MOST_PROCESSES, limit)


def memory(test: TestCase, _: Adapter, container: Container) -> None:
    limit = kernel.cgroup_file(container.pid(), "memory.max", "memory.limit_in_bytes")
    test.assertTrue(limit and limit.isdigit() and int(limit) <= kernel.memory() * 8 // 10, limit)


def entered(test: TestCase, container: Container, privileged: bool) -> None:
    done = container.run("cat", "/proc/self/status", privileged=privileged).check()
    status = kernel.status_fields(done.out)
    capabilities_within(test, status)
    test.assertEqual(("1", "2", ""), (status["NoNewPrivs"], status["Seccomp"], done.err))
    maps = [container.run("cat", f"/proc/{who}/uid_map", privileged=privileged).check().out for who in ("1", "self")]
    test.assertEqual(*maps)


def exec_is_held(test: TestCase, _: Adapter, container: Container) -> None:
    entered(test, container, privileged=False)


def privileged_exec_is_held(test: TestCase, _: Adapter, container: Container) -> None:
    entered(test, container, privileged=True)


def update_is_held(test: TestCase, adapter: Adapter, container: Container) -> None:
    container.lift()
    processes(test, adapter, container)
    memory(test, adapter, container)


TRUTHS = (
    Truth("root has ids of its own", ids),
    Truth("no new privileges", no_new_privileges),
    Truth("capabilities are the keep list", capabilities),
    Truth("capabilities that are added do not arrive", capabilities, "capabilities"),
    Truth("system calls are filtered, asked not to or not", seccomp, "no seccomp"),
    Truth("code is read-only, state is writable", read_only),
    Truth("state has no devices and no set-user-ID", state_without_devices),
    Truth("kernel paths are masked", masked_paths),
    Truth("kernel paths are masked, asked not to", masked_paths, "no masks"),
    Truth("devices are the default ones", devices),
    Truth(LIMITS[0], processes, "no limits"),
    Truth(LIMITS[1], memory, "no limits"),
    Truth("`exec` gains nothing", exec_is_held),
    Truth("`exec --privileged` gains nothing", privileged_exec_is_held, "privileged exec"),
    Truth(LIMITS[2], update_is_held, "update"),
    Truth("privileged", ask="privileged", refused="rules.privileged.privileged"),
    Truth("the host's processes", ask="host pid", refused="rules.host-namespaces.pid"),
    Truth("the host's network", ask="host network", refused="rules.host-namespaces.network"),
    Truth("an engine's socket", ask="socket", refused="rules.mounts.allowed_sources"),
    Truth("the host's /etc", ask="etc", refused="rules.mounts.allowed_sources"),
)
