# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of a container under the standard profile, rule by rule, beside plain runc."""
import os
from pathlib import Path

from lib import sandbox
from lib.case import EngineCase
from lib.docker import IMAGE
from lib.kernel import KEPT, V2, cgroup_file, mount_options, status_fields
from lib.verdict import need_host


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
            "unshare -U true",
            *("--security-opt", "seccomp=unconfined"),
            *("--security-opt", "apparmor=unconfined"),  # AppArmor 4 denies it in docker-default
            runtime="runc",
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

    def test_processes_and_memory_are_bounded(self):
        for flags, pids in (
            ((), 1024),
            (("--pids-limit", "-1"), 1024),
            (("--pids-limit", "50"), 50),
        ):
            pid = self.engine.inspect(self.sleeper(*flags), "{{.State.Pid}}")
            self.assertEqual(pids, int(cgroup_file(pid, "pids.max")))
        total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
        bound = int(cgroup_file(pid, "memory.max", "memory.limit_in_bytes"))
        self.assertLessEqual(bound, total * 8 // 10)
        self.assertGreater(bound, total * 7 // 10)

    def test_memory_the_user_set_lower_stays(self):
        pid = self.engine.inspect(self.sleeper("--memory", "64m"), "{{.State.Pid}}")
        self.assertEqual(64 << 20, int(cgroup_file(pid, "memory.max", "memory.limit_in_bytes")))

    def test_devices_are_the_default_ones(self):
        script = "find /dev -type c -o -type b; head -c1 /dev/zero | wc -c >&2; mknod /tmp/m c 1 1"
        plain = self.engine.shell(script, "--device", "/dev/kmsg", runtime="runc")
        self.assertIn("/dev/kmsg", plain.out.split())
        ours = self.engine.shell(script)
        names = {Path(name).name for name in ours.out.split() if "/pts/" not in name}
        self.assertEqual({"null", "zero", "full", "random", "urandom", "tty"}, names - {"ptmx"})
        self.assertIn("mknod", ours.check_failed().err)
        self.assertEqual("1", ours.err.split()[0])

    def test_the_cgroup_lets_no_other_device_through(self):
        need_host(not V2, "cgroup v2: the device filter is a program that no file shows")
        pid = self.engine.inspect(self.sleeper(), "{{.State.Pid}}")
        rules = cgroup_file(pid, "devices.list").splitlines()
        # 10:200 is /dev/net/tun, which older runc allows in every container by itself.
        numbers = "1:3 1:5 1:7 1:8 1:9 5:0 5:1 5:2 10:200 136:*"
        allowed = {f"c {number}" for number in numbers.split()}
        for rule in rules:
            device, access = rule.rsplit(" ", 1)
            if access != "m":
                self.assertIn(device, allowed)
        self.assertTrue(rules)

    def test_oom_score_is_not_below_zero(self):
        script = "cat /proc/self/oom_score_adj"
        for asked, score in (("-500", 0), ("300", 300)):
            shown = self.engine.shell(script, "--oom-score-adj", asked).check().out
            self.assertEqual(score, int(shown))
        # Where root may lower a score at all, runc does.
        plain = self.engine.shell(script, "--oom-score-adj", "-500", runtime="runc")
        self.assertTrue(plain.code or int(plain.out) == -500, str(plain))

    def test_processes_of_a_user_are_bounded(self):
        script = "grep 'Max processes' /proc/self/limits"
        words = self.engine.shell(script, "--ulimit", "nproc=-1").check().out.split()
        self.assertEqual(["65536", "65536"], words[2:4])
        lower = self.engine.shell(script, "--ulimit", "nproc=100:200").check().out.split()
        self.assertEqual(["100", "200"], lower[2:4])

    def test_cpu_shares_are_set_and_bounded(self):
        def shares(*flags: str, runtime: str = "hardened") -> int:
            pid = self.engine.inspect(self.sleeper(*flags, runtime=runtime), "{{.State.Pid}}")
            return int(cgroup_file(pid, "cpu.weight", "cpu.shares"))

        most = 100 * os.cpu_count() if V2 else 1024 * os.cpu_count()
        self.assertGreater(shares("--cpu-shares", "262144", runtime="runc"), most)
        self.assertLessEqual(shares("--cpu-shares", "262144"), most)
        self.assertLess(shares("--cpu-shares", "100"), shares())

    def test_the_cgroup_is_the_containers_own(self):
        container = self.sleeper()
        pid = self.engine.inspect(container, "{{.State.Pid}}")
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            if "pids" in line or "memory" in line or line.startswith("0::/"):
                self.assertTrue(V2 or line.startswith("0::") or line.endswith(container), line)
        need_host(V2, "cgroup v1: documents without a cgroup namespace are left as they are")
        host = os.readlink("/proc/self/ns/cgroup")
        pid = self.engine.inspect(self.sleeper("--cgroupns", "host"), "{{.State.Pid}}")
        self.assertNotEqual(host, os.readlink(f"/proc/{pid}/ns/cgroup"))

    def test_allowed_sysctls_arrive(self):
        flags = ("--sysctl", "net.ipv4.tcp_fin_timeout=33", "--sysctl", "kernel.shm_rmid_forced=1")
        script = "cat /proc/sys/net/ipv4/tcp_fin_timeout /proc/sys/kernel/shm_rmid_forced"
        self.assertEqual(["33", "1"], self.engine.shell(script, *flags).check().out.split())

    def test_apparmor_confines_even_when_asked_not_to(self):
        enabled = Path("/sys/module/apparmor/parameters/enabled")
        need_host(enabled.exists() and enabled.read_text().strip() == "Y", "no AppArmor")
        script = "cat /proc/self/attr/current"
        for flags in ((), ("--security-opt", "apparmor=unconfined")):
            self.assertIn("(enforce)", self.engine.shell(script, *flags).check().out)

    def test_user_mounts_gain_nosuid_and_nodev(self):
        volume = self.engine.cli("volume", "create").check().out.strip()
        self.addCleanup(lambda: self.engine.cli("volume", "rm", volume))
        done = self.engine.run(
            "-v", f"{volume}:/data", IMAGE, "cat", "/proc/self/mountinfo"
        ).check()
        self.assertLessEqual({"rw", "nosuid", "nodev"}, mount_options(done.out)["/data"])


class ProfileOfTheRuntime(EngineCase):
    """The administrator's choice of a profile: by the name of a link, and by runtimeArgs."""

    @classmethod
    def setUpClass(cls) -> None:
        link = sandbox.base() / "hardened-strict"
        link.symlink_to(sandbox.binary())
        own = {"path": str(sandbox.binary())}
        cls.settings = {
            "runtimes": {
                "hardened": own,
                "by-link": {"path": str(link)},
                "by-arguments": own | {"runtimeArgs": ["--profile", "strict"]},
            }
        }
        super().setUpClass()

    def test_strict_by_link_and_by_arguments(self):
        for runtime in ("by-link", "by-arguments"):
            with self.subTest(runtime):
                shown = self.engine.shell(
                    "cat /proc/self/status /proc/self/mountinfo", "-u", "app", runtime=runtime
                ).check()
                self.assertEqual(1 << 10, int(status_fields(shown.out)["CapBnd"], 16))
                mounts = "\n".join(line for line in shown.out.splitlines() if " - " in line)
                self.assertLessEqual({"rw", "noexec", "nosuid"}, mount_options(mounts)["/tmp"])
                root = self.engine.shell("true", runtime=runtime)
                self.assertIn("root as the container's user", root.check_failed().err)
