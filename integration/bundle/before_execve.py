# SPDX-License-Identifier: Apache-2.0
"""What a process is made of when it becomes the runtime is what it was made of when it was called: an engine sets the
death signal, masks and descriptors for the runtime, not for us. Over a whole create with a rebuilt overlay and an
id-mapped volume."""
import ctypes
import json
import os
import resource
import signal
import subprocess
import unittest
from pathlib import Path

from lib import sandbox
from lib.bundle import ENVIRONMENT, Bundle

PR_SET_PDEATHSIG = 1
LINK = Path("/etc/hardened/runtime")
PROBE = r"""#!/usr/bin/python3 -B
# Stands where runc would, and says what it finds itself to be.
import ctypes, json, os, resource, sys
if "--version" in sys.argv or "features" in sys.argv:
    print("runc version 1.1.5\ncommit: probe\nspec: 1.0.2-dev")
    sys.exit()
death = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(death), 0, 0, 0)
status = dict(line.split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
kept = "Umask SigPnd ShdPnd SigBlk SigIgn SigCgt CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Uid Gid Groups".split()
descriptors = {}
for name in os.listdir("/proc/self/fd"):
    try:
        descriptors[name] = os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:
        pass  # the listing's own
print(json.dumps({
    "death signal": death.value, "status": {name: status[name].strip() for name in kept},
    "descriptors": descriptors, "directory": os.getcwd(), "session": os.getsid(0), "group": os.getpgid(0),
    "limits": {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")},
    "priority": os.getpriority(os.PRIO_PROCESS, 0), "environment": dict(os.environ), "pid": os.getpid(),
    "arguments": sys.argv[1:], "children": open(f"/proc/self/task/{os.getpid()}/children").read(),
    "oom": open("/proc/self/oom_score_adj").read(), "namespaces": {
        kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("user", "pid", "net", "ipc", "uts", "cgroup")},
    "mount namespace": os.readlink("/proc/self/ns/mnt"),
}))
"""


class BeforeExecve(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = sandbox.base() / "bundle"
        self.bundle = Bundle(self.directory)
        (self.directory / "rootfs").rename(self.directory / "lower")
        (self.directory / "volume").mkdir()
        for name in ("rootfs", "upper", "work"):
            (self.directory / name).mkdir()
        parts = (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work"))
        options = ",".join(f"{option}={self.directory}/{name}" for option, name in parts)
        sandbox.mount("-t", "overlay", "-o", options, "overlay", str(self.directory / "rootfs"))
        self.addCleanup(lambda: os.system(f"umount {self.directory}/rootfs"))
        document = self.bundle.document()
        volume = {"destination": "/vol", "type": "bind", "source": str(self.directory / "volume")}
        document["mounts"].append({**volume, "options": ["rbind"]})
        self.bundle.write(document)
        self.bundle.name_cgroup("c")
        self.probe = Path("/usr/local/sbin/runtime-probe")
        # /usr is the host's: the probe lies on a file system of the test's own.
        sandbox.mount("-t", "tmpfs", "-o", "mode=755", "probe", "/usr/local/sbin")
        self.addCleanup(lambda: os.system("umount /usr/local/sbin"))
        self.probe.write_text(PROBE)
        self.probe.chmod(0o755)
        LINK.symlink_to(self.probe)
        self.addCleanup(LINK.unlink)

    @staticmethod
    def unusual() -> None:
        """What engines set, and more: all of it must arrive."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
        os.umask(0o137)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM})
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.setpriority(os.PRIO_PROCESS, 0, 3)
        os.setsid()

    def seen(self, program: Path) -> dict:
        with open(self.directory / "log", "ab") as kept, open(self.directory / "lower/bin/busybox", "rb") as other:
            words = ["--root", str(sandbox.base() / "root"), "create", "--bundle", str(self.directory)]
            words += ["--preserve-fds", str(max(kept.fileno(), other.fileno()) - 2), "c"]
            done = subprocess.run(
                [str(program), *words],
                env={**ENVIRONMENT, "LISTEN_PID": "1", "ODD": "a=b\nc"},
                cwd="/var",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=(kept.fileno(), other.fileno()),
                preexec_fn=self.unusual,
            )
        self.assertEqual(0, done.returncode, done.stderr)
        seen = json.loads(done.stdout)
        # Those are new with every call, and the process leads its own session either way.
        for number in ("1", "2"):
            self.assertRegex(seen["descriptors"].pop(number), r"^pipe:\[")
        self.assertEqual((seen["pid"], seen["pid"]), (seen["session"], seen["group"]))
        for name in ("pid", "session", "group"):
            seen.pop(name)
        return seen

    def test_nothing_differs_but_the_mount_namespace(self):
        plain = self.seen(self.probe)
        ours = self.seen(sandbox.binary())
        self.assertEqual(signal.SIGUSR1, ours["death signal"], "set, and not cleared by a change of ids")
        self.assertIn(str(self.directory / "log"), ours["descriptors"].values())
        self.assertNotEqual(plain.pop("mount namespace"), ours.pop("mount namespace"), "a whole create")
        self.assertEqual(plain, ours)


if __name__ == "__main__":
    unittest.main()
