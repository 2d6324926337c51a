# SPDX-License-Identifier: Apache-2.0
"""A user namespace for every container on stock Docker, judged by the kernel and by the engine's disk."""
import io
import os
import re
import tarfile
import tempfile
from pathlib import Path

from lib import state
from lib.case import EngineCase
from lib.docker import IMAGE

# A writable root, so that it is not that which denies.
BUILD = {"default_profile": "build"}


def ranges(text: str) -> list[tuple[int, int, int]]:
    return [tuple(map(int, line.split())) for line in text.splitlines() if line.strip()]


class UserNamespace(EngineCase):
    def layer(self, container: str, which: str = "UpperDir") -> Path:
        return Path(self.engine.inspect(container, "{{.GraphDriver.Data." + which + "}}"))

    def test_root_is_an_unprivileged_id_of_its_own(self):
        maps = [self.inside(self.sleeper(), "cat", "/proc/self/uid_map") for _ in range(3)]
        found = [ranges(text) for text in maps]
        for one in found:
            self.assertEqual(len(one), 1)
            self.assertEqual((one[0][0], one[0][2]), (0, 65536))
            self.assertGreaterEqual(one[0][1], 1879048192)
        self.assertEqual(len({one[0][1] for one in found}), 3, "exclusive")

    def test_the_host_sees_an_unprivileged_process(self):
        name = self.sleeper()
        pid = self.engine.inspect(name, "{{.State.Pid}}")
        self.assertGreaterEqual(os.stat(f"/proc/{pid}").st_uid, 1879048192)
        self.assertNotEqual(os.readlink(f"/proc/{pid}/ns/user"), os.readlink("/proc/self/ns/user"))

    def test_exec_joins_it(self):
        name = self.sleeper()
        own = self.inside(name, "cat", "/proc/1/uid_map")
        self.assertEqual(self.inside(name, "cat", "/proc/self/uid_map"), own)
        self.assertEqual(
            self.engine.cli("exec", "-u", "1000:1000", name, "id", "-u").out.strip(), "1000"
        )
        self.assertEqual(
            self.engine.cli("exec", "-i", name, "cat", stdin=b"through\n").out, "through\n"
        )
        reopened = self.engine.cli("exec", name, "sh", "-c", "echo again > /dev/stdout")
        self.assertEqual(reopened.out, "again\n", reopened)

    def test_files_of_the_image_belong_to_root(self):
        out = self.engine.shell(
            "ls -ln /bin/busybox; ls -lnd / /etc; touch /tmp/x; ls -ln /tmp/x"
        ).out
        self.assertNotIn("65534", out)

    def test_nothing_on_disk_has_a_shifted_id(self):
        name = self.sleeper()
        self.inside(
            name, "sh", "-c", "echo state > /var/kept; mkdir /tmp/d; chown 1000:1000 /tmp/d"
        )
        upper = self.layer(name)
        self.assertEqual((upper / "var/kept").read_text(), "state\n")
        self.assertEqual((upper / "tmp/d").stat().st_uid, 1000)
        self.assertEqual(state.shifted(upper)[1], [])

    def test_a_file_of_the_hosts_root_is_out_of_reach(self):
        """Through any mount it was not given: upwards from every mount point, process and descriptor."""
        with tempfile.TemporaryDirectory(dir="/srv") as directory:
            secret, given = Path(directory, "secret"), Path(directory, "given")
            secret.write_text("of the host's root\n")
            secret.chmod(0o600)
            given.mkdir()
            script = f"""
                for place in $(awk '{{print $5}}' /proc/self/mountinfo) /proc/[0-9]*/root /proc/[0-9]*/cwd /proc/self/fd/*; do
                  for up in . .. ../.. ../../.. ../../../.. ../../../../..; do
                    cat $place/$up{secret} $place/$up/secret 2>/dev/null
                  done
                done; true"""
            mounts = ("-v", f"{given}:/vol", "-v", f"{given}:/vol/again:ro", "-v", "/named", "--tmpfs", "/memory")
            self.assertEqual("", self.engine.shell(script, *mounts).check().out)
            everything = self.engine.shell(script, "-v", "/:/host", runtime="runc").check().out
            self.assertIn("of the host's root", everything, "the script finds what can be found")

    def test_volumes_hold_the_ids_that_runc_would_have_written(self):
        with tempfile.TemporaryDirectory(dir="/srv") as directory:
            Path(directory, "secret").write_text("of root\n")
            Path(directory, "secret").chmod(0o600)
            out = self.engine.shell(
                "cat /vol/secret; echo > /vol/by-root; chown 33:33 /vol/by-root; ls -ln /vol/secret",
                "-v",
                f"{directory}:/vol",
            )
            self.assertIn("of root\n", out.out, out)
            self.assertIn(" 0 ", out.out)
            self.assertEqual(Path(directory, "by-root").stat().st_uid, 33)
        name = self.sleeper("-v", "/named")
        self.inside(name, "sh", "-c", "echo named > /named/f")
        source = self.engine.inspect(name, "{{(index .Mounts 0).Source}}")
        self.assertEqual(Path(source, "f").stat().st_uid, 0)

    def test_the_usual_files_are_as_under_runc(self):
        for file in ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf"):
            with self.subTest(file):
                script = f"ls -ln {file} | cut -c1-10; ls -ln {file} | awk '{{print $3, $4}}'; wc -l < {file}"
                plain = self.engine.shell(script, "--hostname", "named", runtime="runc").out
                self.assertEqual(self.engine.shell(script, "--hostname", "named").out, plain)

    def test_copies_go_in_and_out_running_and_stopped(self):
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, "in").write_text("copied\n")
            name = self.sleeper()
            self.engine.cli("cp", f"{directory}/in", f"{name}:/tmp/in").check()
            self.assertEqual(self.inside(name, "cat", "/tmp/in"), "copied\n")
            self.inside(name, "sh", "-c", "echo made > /var/made; chown 7 /var/made")
            stream = self.engine.cli("cp", f"{name}:/var/made", "-").check().stdout
            with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
                member = archive.getmembers()[0]
                self.assertEqual((member.uid, member.size), (7, 5))
            self.engine.cli("stop", "-t", "0", name).check()
            self.engine.cli("cp", f"{directory}/in", f"{name}:/var/late").check()
            self.engine.cli("cp", f"{name}:/tmp/in", f"{directory}/back").check()
            self.assertEqual(Path(directory, "back").read_text(), "copied\n")
            self.engine.cli("start", name).check()
            self.assertEqual(self.inside(name, "cat", "/var/late"), "copied\n")
            self.assertNotIn("65534", self.inside(name, "ls", "-ln", "/var/late"))

    def test_diff_commit_and_export_see_what_was_written(self):
        name = self.sleeper()
        self.inside(name, "sh", "-c", "echo kept > /var/f; rm -rf /home; chown 12 /var/f")
        diff = self.engine.cli("diff", name).out
        self.assertIn("A /var/f", diff)
        image = self.engine.cli("commit", name, "committed").check().out.strip()
        self.addCleanup(lambda: self.engine.cli("rmi", "-f", image))
        out = self.engine.run("committed", "sh", "-c", "cat /var/f; ls -ln /var/f").out
        self.assertIn("kept\n", out)
        self.assertRegex(out, r" 12 +0 ")

    def test_state_survives_restart_and_the_range_with_it(self):
        name = self.sleeper()
        before = self.inside(name, "cat", "/proc/self/uid_map")
        self.inside(name, "sh", "-c", "echo kept > /var/state")
        self.engine.cli("restart", "-t", "0", name).check()
        self.assertEqual(self.inside(name, "cat", "/var/state"), "kept\n")
        self.assertEqual(self.inside(name, "cat", "/proc/self/uid_map"), before)

    def test_a_network_of_another_container_is_joined_with_its_user_namespace(self):
        one = self.sleeper()
        guest = self.sleeper("--network", f"container:{one}", "--ipc", "private")
        self.assertEqual(
            self.inside(guest, "cat", "/proc/self/uid_map"),
            self.inside(one, "cat", "/proc/self/uid_map"),
        )
        self.assertNotIn("65534", self.inside(guest, "ls", "-ln", "/bin/busybox"))

    def test_ids_of_an_image_beyond_the_range_are_nobodys(self):
        """As docs/docker.md says: they show as 65534 and cannot be changed; nothing is said of it at the start."""
        self.engine.import_image("high-ids", owners={"opt/one": 70000, "opt/two": 1879048192})
        script = "stat -c '%u:%g' /opt/one /opt/two; cat /opt/one; chown 0 /opt/one || echo denied"
        done = self.engine.run("high-ids", "sh", "-c", script, runtime="runc").check()
        self.assertIn("70000:70000\n1879048192:1879048192\n", done.out)
        with self.policy(BUILD):
            done = self.engine.run("high-ids", "sh", "-c", script).check()
        self.assertIn("65534:65534\n65534:65534\nof the image\ndenied\n", done.out)

    def test_a_device_by_another_name_is_the_one_that_was_asked_for(self):
        name = self.engine.cli(
            "run",
            "--rm",
            "--runtime",
            "hardened",
            "--device",
            "/dev/null:/dev/nothing",
            IMAGE,
            "sh",
            "-c",
            "ls -l /dev/nothing; echo lost > /dev/nothing && echo written",
        )
        self.assertRegex(name.check().out, r"1, +3")
        self.assertIn("written", name.out)

    def test_sysctls_and_the_ping_range_fit(self):
        out = self.engine.shell(
            "cat /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_unprivileged_port_start"
        )
        self.assertEqual(re.findall(r"\d+", out.out), ["0", "65535", "0"], out)
