# SPDX-License-Identifier: Apache-2.0
"""Pods, as docs/kubernetes.md sets them up: what is not on the list of truths (truths.py)."""
import os
import unittest
from pathlib import Path

from lib import command, cri, kernel, sandbox, state
from lib.verdict import need_host

KUBELET = Path("/var/lib/kubelet")
UID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"  # a pod's, as the API server makes one
FIRST_ID = 1 << 20  # of a pod with a user namespace


class Pods(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.before = state.here()
        cls.engine = cri.Cri()
        cls.addClassCleanup(cls.stop_and_compare)
        cls.engine.start()

    @classmethod
    def stop_and_compare(cls) -> None:
        cls.engine.stop()
        left = sorted(state.here() ^ cls.before)
        if left:
            raise AssertionError("left behind:\n" + "\n".join(left))

    def pod(self, name: str, runtime: str | None = None, uid: str = "", **words) -> cri.Pod:
        pod = cri.Pod(self.engine, name, runtime, uid)
        self.addCleanup(pod.remove)
        return pod.start(**words)

    def test_it_is_containerd_and_the_handler_of_the_page(self):
        self.assertEqual("containerd", self.engine.call("Version")["runtime_name"])
        with self.assertRaises(cri.Failed) as caught:
            self.pod("unknown", "no-such-handler")
        self.assertIn('no runtime for "no-such-handler" is configured', str(caught.exception))

    def test_a_pod_that_names_no_class_is_runcs(self):
        """So it is the handler that hardens: the two are told apart by the kernel."""
        plain, ours = self.pod("plain", ""), self.pod("ours")
        self.assertEqual("0", kernel.status(plain.pid())["NoNewPrivs"])
        self.assertEqual("1", kernel.status(ours.pid())["NoNewPrivs"])

    def test_a_container_has_the_pods_network_and_names(self):
        pod = self.pod("web")
        self.assertEqual("web\n", pod.run("hostname").check().out)
        self.assertIn("inet 10.88.77.", pod.run("ip", "addr").check().out)
        for kind in ("net", "ipc", "uts"):
            own = os.readlink(f"/proc/{pod.pid()}/ns/{kind}")
            self.assertNotEqual(os.readlink(f"/proc/self/ns/{kind}"), own)

    def test_exec_hands_over_output_and_exit_code(self):
        done = self.pod("spoken").run("sh", "-c", "echo out; echo err >&2; exit 7")
        self.assertEqual((7, "out\n", "err\n"), (done.code, done.out, done.err))

    def test_an_emptydir_and_a_secret_of_kubelet(self):
        made = not KUBELET.exists()
        KUBELET.mkdir(exist_ok=True)
        sandbox.mount("-t", "tmpfs", "kubelet", str(KUBELET))
        self.addCleanup(lambda: (command.run("umount", str(KUBELET)).check(), made and KUBELET.rmdir()))
        volumes = KUBELET / "pods" / UID / "volumes"
        empty, secret = volumes / "kubernetes.io~empty-dir/work", volumes / "kubernetes.io~secret/token"
        for path in (empty, secret):
            path.mkdir(parents=True)
        (secret / "known").write_text("of the cluster\n")
        hosts = KUBELET / "pods" / UID / "etc-hosts"
        hosts.write_text("127.0.0.1 localhost\n")
        mounts = [
            {"container_path": "/etc/hosts", "host_path": str(hosts)},
            {"container_path": "/work", "host_path": str(empty)},
            {"container_path": "/token", "host_path": str(secret), "readonly": True},
        ]
        pod = self.pod("kept", uid=UID, mounts=mounts)
        script = "echo made > /work/f; chown 7:8 /work/f; cat /token/known; touch /token/x"
        done = pod.run("sh", "-c", script).check_failed()
        self.assertEqual("of the cluster\n", done.out)
        self.assertIn("Read-only file system", done.err)
        self.assertEqual((7, 8), ((empty / "f").stat().st_uid, (empty / "f").stat().st_gid))
        options = kernel.mounts(pod.pid())["/work"]
        self.assertLessEqual({"rw", "nosuid", "nodev"}, options)

    def test_a_user_namespace_of_the_pod_is_kept(self):
        need_host(cri.major() >= 2, "containerd before 2.0 has no hostUsers: false")
        mapping = [{"host_id": FIRST_ID, "container_id": 0, "length": 65536}]
        own = {"namespace_options": {"userns_options": {"mode": cri.POD, "uids": mapping, "gids": mapping}}}
        pod = self.pod("mapped", pod=own, container=own)
        words = Path(f"/proc/{pod.pid()}/uid_map").read_text().split()
        self.assertEqual(["0", str(FIRST_ID), "65536"], words)
        self.assertEqual("1", kernel.status(pod.pid())["NoNewPrivs"])
        self.assertEqual("0\n", pod.run("id", "-u").check().out)

    def test_snapshots_hold_no_shifted_id_and_records_go(self):
        pod = self.pod("written")
        pod.run("sh", "-c", "echo kept > /var/f; chown 7:8 /var/f").check()
        seen, shifted = state.shifted(self.engine.directory / "root")
        self.assertEqual([], shifted[:5])
        self.assertGreater(seen, 100)


if __name__ == "__main__":
    unittest.main()
