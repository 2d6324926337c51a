# SPDX-License-Identifier: Apache-2.0
"""containerd.service as Debian leaves it, set up as a node of Kubernetes: the systemd cgroup driver, a network, and `configure containerd --reload`."""
import re
import shutil
import unittest
from pathlib import Path

from lib import command, cri, kernel, sandbox
from lib.containerd import CONTAINERD

PROGRAM = Path("/usr/local/bin/hardened")
CONFIGURATION = Path("/etc/containerd/config.toml")
NETWORK = Path("/etc/cni/net.d/10-tests.conflist")
SLICE = "tests.slice"
# Kubernetes' own advice for a host with systemd; the section's name by the version of the file.
SYSTEMD_CGROUP = """
[plugins."{plugin}".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."{plugin}".containerd.runtimes.runc.options]
  SystemdCgroup = true
"""
PLUGINS = {"2": "io.containerd.grpc.v1.cri", "3": "io.containerd.cri.v1.runtime"}


def own(*words: str) -> command.Result:
    return command.run(str(PROGRAM), *words, timeout=60)


def reloaded(*words: str) -> command.Result:
    """With what the service said of it, where it did not come up again."""
    done = own(*words, "--reload")
    if done.code:
        said = command.run("journalctl", "--unit=containerd.service", "--lines=40", "--output=short-monotonic", "--no-pager")
        raise AssertionError(f"{done}\n{said.out}")
    return done


def restarts() -> str:
    shown = command.run("systemctl", "show", "--property=MainPID,ActiveState", "containerd.service")
    return shown.check().out


class Node(cri.Cri):
    """The service instead of a containerd of the tests' own."""

    def __init__(self) -> None:
        super().__init__()
        self.address = "/run/containerd/containerd.sock"

    def daemon_starts(self) -> None:
        self.network()
        NETWORK.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.directory / "net.d/tests.conflist", NETWORK)
        text = CONFIGURATION.read_text()
        version = re.search(r"^version = (\d)", text, re.MULTILINE)[1]
        CONFIGURATION.write_text(text + SYSTEMD_CGROUP.format(plugin=PLUGINS[version]))
        command.run("systemctl", "start", "containerd.service", timeout=60).check()
        self.pause = re.search(r"registry\.k8s\.io/pause:[\d.]+", self.dump())[0]

    def dump(self) -> str:
        return command.run(CONTAINERD, "config", "dump").check().out

    def parent(self, name: str) -> str:
        return SLICE

    def stop(self) -> None:
        super().stop()
        command.run("systemctl", "stop", "containerd.service", timeout=60).check()
        NETWORK.unlink()


class StockContainerd(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        shutil.copy(sandbox.binary(), PROGRAM)
        Path("/etc/hardened").mkdir(exist_ok=True)
        cls.engine = Node()
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.start()

    def pod(self, name: str, runtime: str) -> cri.Pod:
        pod = cri.Pod(self.engine, name, runtime)
        self.addCleanup(pod.remove)
        return pod.start()

    def test_a_node_is_configured_while_pods_run_and_set_back(self):
        before = self.pod("before", "")
        first = restarts()
        done = reloaded("configure", "containerd", "--default")
        self.assertIn("a trial container ran", done.out)
        self.assertNotEqual(first, restarts(), "not started again")
        self.assertIn("ActiveState=active", restarts())
        self.assertEqual("on\n", before.run("echo", "on").check().out, "a pod that ran runs on")
        self.assertEqual("0", kernel.status(before.pid())["NoNewPrivs"])

        self.hardened(self.pod("named", "hardened"))
        self.hardened(self.pod("of-the-default", ""))
        self.in_its_slice(self.pod("still-plain", "runc"))
        self.assertIn("nothing to be done", own("configure", "containerd", "--default").check().out)

        reloaded("unconfigure", "containerd")
        self.assertEqual("0", kernel.status(self.pod("after", "").pid())["NoNewPrivs"])
        with self.assertRaises(cri.Failed):
            self.pod("gone", "hardened")
        self.assertEqual(0, own("unconfigure", "--check").code)

    def hardened(self, pod: cri.Pod) -> None:
        pid = pod.pid()
        self.assertEqual("1", kernel.status(pid)["NoNewPrivs"])
        self.in_its_slice(pod)
        self.assertEqual("1024", kernel.cgroup_file(pid, "pids.max"))
        # The pod's network namespace belongs to the host's user namespace, and so does the pod: verify says so.
        failed = re.findall(r"^(.*?) +FAIL  ", own("verify", "--pid", str(pid)).out, re.MULTILINE)
        self.assertEqual(["CIS 5.31"], failed)
        log = own("log", "--container", pod.container[:20], "--format", "json").check().out
        self.assertIn('"engine":"cri"', log.replace(" ", ""))

    def in_its_slice(self, pod: cri.Pod) -> None:
        """By the systemd cgroup driver, which the main file asks for and no drop-in may lose."""
        cgroup = Path(f"/proc/{pod.pid()}/cgroup").read_text()
        self.assertIn(f"/{SLICE}/cri-containerd-{pod.container}.scope", cgroup)


if __name__ == "__main__":
    unittest.main()
