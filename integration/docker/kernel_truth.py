# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of a container under the standard profile, rule by rule, beside plain runc."""
from pathlib import Path

from lib.case import EngineCase, status_fields
from lib.docker import IMAGE

# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE
KEPT = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 10))
V2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()


def mount_options(mountinfo: str) -> dict[str, set[str]]:
    """The options of the topmost mount at each place."""
    found = {}
    for line in mountinfo.splitlines():
        words = line.split()
        found[words[4]] = set(words[5].split(","))
    return found


class KernelTruth(EngineCase):
    def status(self, *flags: str, runtime: str = "hardened") -> dict[str, str]:
        return status_fields(
            self.engine.shell("cat /proc/self/status", *flags, runtime=runtime).check().out
        )

    def test_no_new_privileges_is_set(self):
        self.assertEqual("0", self.status(runtime="runc")["NoNewPrivs"])
        self.assertEqual("1", self.status()["NoNewPrivs"])

    def test_capabilities_are_the_keep_list(self):
        status = self.status()
        self.assertEqual(
            [KEPT] * 3, [int(status[name], 16) for name in ("CapBnd", "CapEff", "CapPrm")]
        )
        self.assertEqual([0, 0], [int(status[name], 16) & ~KEPT for name in ("CapInh", "CapAmb")])

    def test_added_capabilities_do_not_arrive(self):
        plain = self.status("--cap-add", "SYS_ADMIN", runtime="runc")
        self.assertTrue(int(plain["CapBnd"], 16) & 1 << 21)
        self.assertEqual(
            KEPT, int(self.status("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN")["CapBnd"], 16)
        )

    def test_capabilities_the_user_dropped_stay_dropped(self):
        self.assertEqual(0, int(self.status("--cap-drop", "ALL")["CapBnd"], 16))

    def test_seccomp_filters_even_when_asked_not_to(self):
        self.assertEqual(
            "0", self.status("--security-opt", "seccomp=unconfined", runtime="runc")["Seccomp"]
        )
        self.assertEqual("2", self.status("--security-opt", "seccomp=unconfined")["Seccomp"])
        self.assertEqual("2", self.status()["Seccomp"])

    def test_namespaces_cannot_be_made(self):
        plain = self.engine.shell(
            "unshare -U true", "--security-opt", "seccomp=unconfined", runtime="runc"
        )
        self.assertEqual(0, plain.code)
        ours = self.engine.shell("unshare -U true", "--security-opt", "seccomp=unconfined")
        self.assertIn("Operation not permitted", ours.check_failed().err)

    def test_code_is_immutable_and_state_is_writable(self):
        script = """for d in / /usr /bin /etc /opt; do touch $d/x 2>/dev/null && echo wrote $d; done
                    for d in /tmp /run /var /var/log /home /root /srv /dev/shm; do touch $d/x || echo not $d; done"""
        self.assertEqual("", self.engine.shell(script).check().out)
        self.assertIn("wrote /usr", self.engine.shell(script, runtime="runc").check().out)

    def test_state_directories_are_nosuid_and_nodev(self):
        options = mount_options(self.engine.shell("cat /proc/self/mountinfo").check().out)
        self.assertIn("ro", options["/"])
        for place in ("/tmp", "/run", "/var", "/home", "/root", "/srv"):
            self.assertLessEqual({"rw", "nosuid", "nodev"}, options[place], place)

    def test_sys_is_read_only_and_paths_are_masked(self):
        script = "cat /proc/self/mountinfo; ls /sys/firmware; head -c1 /proc/kcore | wc -c"
        shown = self.engine.shell(script, "--security-opt", "systempaths=unconfined").check().out
        options = mount_options("\n".join(line for line in shown.splitlines() if " - " in line))
        for place in ("/sys", "/sys/firmware", "/proc/sys", "/proc/bus", "/proc/fs", "/proc/irq"):
            self.assertIn("ro", options[place], place)
        self.assertEqual("0", shown.splitlines()[-1])

    def test_core_dumps_are_off_and_files_bounded(self):
        script = "ulimit -Hc; ulimit -Hn"
        core, files = self.engine.shell(script, "--ulimit", "core=1000").check().out.split()
        self.assertEqual("0", core)
        self.assertLessEqual(int(files), 1048576)

    def limit(self, pid: str, v2: str, v1: str) -> str:
        """A cgroup file of a process as the host sees it."""
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if V2 and not controllers:
                return Path(f"/sys/fs/cgroup{path}/{v2}").read_text().strip()
            if not V2 and v1.split(".")[0] in controllers.split(","):
                return Path(f"/sys/fs/cgroup/{controllers}{path}/{v1}").read_text().strip()
        raise AssertionError("no such controller")

    def test_processes_and_memory_are_bounded(self):
        for flags, pids in (
            ((), 1024),
            (("--pids-limit", "-1"), 1024),
            (("--pids-limit", "50"), 50),
        ):
            pid = self.engine.inspect(self.sleeper(*flags), "{{.State.Pid}}")
            self.assertEqual(pids, int(self.limit(pid, "pids.max", "pids.max")))
        total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
        bound = int(self.limit(pid, "memory.max", "memory.limit_in_bytes"))
        self.assertLessEqual(bound, total * 8 // 10)
        self.assertGreater(bound, total * 7 // 10)

    def test_memory_the_user_set_lower_stays(self):
        pid = self.engine.inspect(self.sleeper("--memory", "64m"), "{{.State.Pid}}")
        self.assertEqual(64 << 20, int(self.limit(pid, "memory.max", "memory.limit_in_bytes")))

    def test_devices_are_the_default_ones(self):
        script = "ls /dev; head -c1 /dev/zero | wc -c; mknod /tmp/m c 1 1 && echo made"
        ours = self.engine.shell(script)
        self.assertNotIn("made", ours.out)
        self.assertIn("null", ours.out.split())
        self.assertIn("1", ours.out.split())

    def test_oom_score_is_not_below_zero(self):
        score = self.engine.shell("cat /proc/self/oom_score_adj").check().out
        self.assertGreaterEqual(int(score), 0)

    def test_user_mounts_gain_nosuid_and_nodev(self):
        volume = self.engine.cli("volume", "create").check().out.strip()
        self.addCleanup(lambda: self.engine.cli("volume", "rm", volume))
        done = self.engine.run(
            "-v", f"{volume}:/data", IMAGE, "cat", "/proc/self/mountinfo"
        ).check()
        self.assertLessEqual({"rw", "nosuid", "nodev"}, mount_options(done.out)["/data"])
