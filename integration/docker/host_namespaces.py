# SPDX-License-Identifier: Apache-2.0
"""Each namespace of the host that a policy allows: the container starts, works, and has no right over what it shares."""
import os
from pathlib import Path

from lib import command, idmap, sandbox
from lib.case import EngineCase
from lib.docker import IMAGE

WORKS = "echo f > /tmp/f && cat /tmp/f && echo again > /dev/stdout && id -u"


def allow(*types: str, **mounts) -> dict:
    rules = {"host-namespaces": {name: "allow" for name in types}, "mounts": mounts}
    return {"profiles": {"standard": {"rules": rules}}}


class HostNamespaces(EngineCase):
    def sharing(self, kind: str, *flags: str) -> str:
        """A container in the host's own namespace of that kind, which works like any other."""
        container = self.sleeper(*flags)
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        for name, compare in ((kind, self.assertEqual), ("user", self.assertNotEqual)):
            compare(os.readlink(f"/proc/self/ns/{name}"), os.readlink(f"/proc/{pid}/ns/{name}"))
        self.assertEqual("f\nagain\n0\n", self.inside(container, "sh", "-c", WORKS))
        self.engine.cli("restart", "-t", "0", container).check()
        self.assertEqual("f\n", self.inside(container, "cat", "/tmp/f"))
        return container

    def denied(self, container: str, script: str) -> None:
        done = self.engine.cli("exec", container, "sh", "-c", script)
        self.assertNotEqual(0, done.code, str(done))

    def test_the_hosts_processes(self):
        with self.policy(allow("pid")):
            container = self.sharing("pid", "--pid", "host")
            own = self.engine.inspect(container, "{{.State.Pid}}")
            self.assertIn(f"/proc/{own}/comm", self.inside(container, "sh", "-c", "ls /proc/*/comm"))
            daemon = self.engine.daemon.pid
            self.assertEqual("dockerd\n", self.inside(container, "cat", f"/proc/{daemon}/comm"))
            for script in (
                f"kill -0 {daemon}",
                f"ls /proc/{daemon}/root/",
                f"echo 0 > /proc/{daemon}/oom_score_adj",
                "echo 1 > /proc/sys/kernel/panic",
                "echo h > /proc/sysrq-trigger",
                "echo 1 > /proc/sys/net/ipv4/tcp_fin_timeout",
            ):
                with self.subTest(script):
                    self.denied(container, script)

    def test_the_sysctls_of_a_container_that_shares_the_hosts_processes_are_its_own(self):
        script = "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"
        with self.policy(allow("pid")):
            flags = ("--pid", "host", "--sysctl", "net.ipv4.ip_unprivileged_port_start=77")
            self.assertEqual("77\n", self.engine.shell(script, *flags).check().out)
        own = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()
        self.assertNotEqual("77\n", own)

    def test_the_hosts_network(self):
        with self.policy(allow("network")):
            container = self.sharing("net", "--network", "host")
            self.assertEqual(
                sorted(os.listdir("/sys/class/net")),
                sorted(self.inside(container, "ls", "/sys/class/net").split()),
            )
            self.denied(container, "ip link set lo down")
            self.denied(container, "echo 1 > /proc/sys/net/ipv4/ip_forward")
            self.denied(container, "touch /sys/class/net/lo/mtu && echo 1400 > /sys/class/net/lo/mtu")

    def test_the_hosts_names(self):
        with self.policy(allow("uts")):
            container = self.sharing("uts", "--uts", "host")
            self.assertEqual(os.uname().nodename, self.inside(container, "hostname").strip())
            self.denied(container, "hostname other")

    def mounted(self, kind: str, place: str) -> None:
        """A file system of this test's own, out of sight for the rest of the machine."""
        if not os.path.exists(place):
            os.mkdir(place)
            self.addCleanup(os.rmdir, place)
        if kind == "mqueue" and os.path.ismount(place):
            return  # of systemd; the kernel mounts it once
        sandbox.mount("-t", kind, kind, place)
        self.addCleanup(lambda: command.run("umount", place).check())

    def test_the_hosts_ipc(self):
        """Its shared memory is a directory of the host besides, with a setting of its own."""
        done = self.engine.run("--ipc", "host", IMAGE, "true").check_failed()
        for setting in ("rules.host-namespaces.ipc", "rules.mounts.allowed_sources"):
            self.assertIn(setting, done.err, "all that is to be set, in one refusal")
        with self.policy(allow("ipc", allowed_sources=["/dev/shm"])):
            if not os.path.exists("/dev/mqueue"):
                done = self.engine.run("--ipc", "host", IMAGE, "true").check_failed()
                self.assertIn("mqueue, which is not mounted at /dev/mqueue", done.err)
            self.mounted("mqueue", "/dev/mqueue")
            self.mounted("tmpfs", "/dev/shm")
            if idmap.possible("/dev/shm"):
                return self.shares_memory()
            done = self.engine.run("--ipc", "host", IMAGE, "true").check_failed()
            self.assertIn("rules.mounts.unmappable", done.err)
        with self.policy(allow("ipc", allowed_sources=["/dev/shm"], unmappable="plain")):
            self.shares_memory()

    def shares_memory(self) -> None:
        container = self.sharing("ipc", "--ipc", "host")
        self.inside(container, "sh", "-c", "echo x > /dev/shm/of-c")
        self.assertEqual("x\n", Path("/dev/shm/of-c").read_text())
        self.denied(container, "touch /dev/mqueue/new")
