# SPDX-License-Identifier: Apache-2.0
"""Podman as root: what it makes the network namespace of itself belongs to the profile pod; here the container has its own."""
import unittest
from pathlib import Path

from lib import command, docker, podman, sandbox
from lib.kernel import KEPT, status_fields

IMAGE = podman.IMAGE


class Rootful(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = podman.Podman(rootless=False)
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.import_image()

    def container(self, *flags: str) -> str:
        name = self.engine.start(*flags, IMAGE, "sh", "-c", "trap exit TERM; sleep 300 & wait")
        self.addCleanup(lambda: self.engine.cli("rm", "-f", "-v", name))
        return name

    def inside(self, name: str, *words: str) -> str:
        return self.engine.cli("exec", name, *words).check().out

    def test_files_of_the_engine_and_of_the_image_are_as_under_runc(self):
        script = "ls -ln /etc/hosts /etc/hostname /run/.containerenv /home /bin/busybox; id; echo x >> /etc/hosts; tail -1 /etc/hosts"
        plain, ours = (
            self.engine.run(IMAGE, "sh", "-c", script, runtime=runtime).check().out
            for runtime in (docker.RUNC, None)
        )
        without_times = [[line.split()[:4] for line in text.splitlines()] for text in (plain, ours)]
        self.assertEqual(*without_times)
        self.assertTrue(ours.endswith("x\n"))

    def test_volumes_keep_the_ids_that_runc_would_have_written(self):
        volume = self.engine.directory / "volume"
        volume.mkdir()
        script = "echo kept > /vol/root; echo kept > /vol/seven; chown 7:8 /vol/seven; echo kept > /own/f"
        name = self.container("-v", f"{volume}:/vol", "-v", "/own")
        self.inside(name, "sh", "-c", script)
        owners = [(status.st_uid, status.st_gid) for status in map(Path.stat, (volume / "root", volume / "seven"))]
        self.assertEqual([(0, 0), (7, 8)], owners)

    def test_a_tmpfs_is_the_containers(self):
        done = self.engine.run("--tmpfs", "/t", IMAGE, "sh", "-c", "touch /t/x; stat -c %u:%g /t/x").check()
        self.assertEqual("0:0\n", done.out)

    def test_a_secret_is_its_owners(self):
        file = self.engine.directory / "secret"
        file.write_text("of the engine\n")
        self.engine.cli("secret", "create", "known", str(file)).check()
        self.addCleanup(lambda: self.engine.cli("secret", "rm", "known"))
        words = ("--secret", "known,mode=0400", IMAGE, "cat", "/run/secrets/known")
        self.assertEqual("of the engine\n", self.engine.run(*words).check().out)

    def test_it_stays_through_restart_commit_and_copies_while_it_is_stopped(self):
        name = self.container()
        self.inside(name, "sh", "-c", "echo kept > /var/f; chown 7:8 /var/f")
        self.engine.cli("restart", "-t", "1", name).check()
        self.assertEqual("kept\n", self.inside(name, "cat", "/var/f"))
        self.engine.cli("commit", "-q", name, "localhost/new").check()
        words = ("localhost/new", "stat", "-c", "%u:%g", "/var/f")
        self.assertEqual("7:8\n", self.engine.run(*words).check().out)
        self.engine.cli("stop", "-t", "1", name).check()
        file = self.engine.directory / "copied"
        file.write_text("copied\n")
        self.engine.cli("cp", str(file), f"{name}:/var/in").check()
        self.engine.cli("cp", f"{name}:/var/f", str(self.engine.directory / "out")).check()
        self.assertEqual("kept\n", (self.engine.directory / "out").read_text())
        self.engine.cli("start", name).check()
        self.assertEqual("copied\n", self.inside(name, "cat", "/var/in"))

    def test_a_copy_into_a_running_one_says_that_it_cannot(self):
        """Podman copies from within the container's mounts, as the host's root, who has no id there."""
        name = self.container()
        file = self.engine.directory / "copied"
        file.write_text("copied\n")
        done = self.engine.cli("cp", str(file), f"{name}:/var/in").check_failed()
        self.assertIn("value too large", done.err)
        words = ("exec", "-i", name, "sh", "-c", "cat > /var/in")
        self.engine.cli(*words, stdin=b"copied\n").check()
        self.assertEqual("copied\n", self.inside(name, "cat", "/var/in"))

    def test_an_id_map_of_the_users_own_is_kept(self):
        words = ("--uidmap", "0:100000:1000", "--gidmap", "0:100000:1000", IMAGE, "cat", "/proc/self/uid_map")
        self.assertEqual(["0", "100000", "1000"], self.engine.run(*words).check().out.split())

    def test_top_stats_and_pause(self):
        name = self.container()
        self.assertIn("sleep 300", self.engine.cli("top", name).check().out)
        shown = self.engine.cli("stats", "--no-stream", "--format", "{{.PIDs}}", name).check().out
        self.assertEqual("2\n", shown)
        self.engine.cli("pause", name).check()
        self.assertEqual("paused\n", self.engine.cli("inspect", "-f", "{{.State.Status}}", name).out)
        self.engine.cli("unpause", name).check()
        self.assertEqual("on\n", self.inside(name, "echo", "on"))

    def test_a_network_that_podman_makes_wants_the_profile_pod(self):
        command.run("ip", "netns", "add", "of-podman").check()
        self.addCleanup(lambda: command.run("ip", "netns", "delete", "of-podman"))
        words = ("run", "--rm", "--network", "ns:/run/netns/of-podman", IMAGE, "cat", "/proc/self/uid_map", "/proc/self/status")
        done = self.engine.cli(*words, runtime=sandbox.binary()).check_failed()
        self.assertIn("rules.host-namespaces.foreign_network", done.err)
        pod = self.engine.directory / "hardened-pod"
        pod.symlink_to(sandbox.binary())
        done = self.engine.cli(*words, runtime=pod).check()
        self.assertEqual(["0", "0", "4294967295"], done.out.split("\n")[0].split())
        self.assertEqual(KEPT, int(status_fields(done.out)["CapBnd"], 16))

if __name__ == "__main__":
    unittest.main()
