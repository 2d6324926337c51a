# SPDX-License-Identifier: Apache-2.0
"""Every refusal reads well in `docker run`'s own error line, starts nothing and leaves nothing."""
import os
import socket
from pathlib import Path

from lib import sandbox, state
from lib.case import EngineCase
from lib.docker import IMAGE

# What is asked, and what the line has to name.
REFUSED = {
    "privileged": (("--privileged",), "privileged"),
    "the engine's socket": (("-v", "/run/docker.sock:/var/run/docker.sock"), "mounts"),
    "the engine's socket by /var/run": (("-v", "/var/run/docker.sock:/s"), "mounts"),
    "the engine's socket, read-only": (("-v", "/run/docker.sock:/s:ro"), "mounts"),
    "etc": (("-v", "/etc:/host/etc"), "mounts"),
    "etc, read-only": (("-v", "/etc:/host/etc:ro"), "mounts"),
    "a file of etc": (("-v", "/etc/shadow:/shadow:ro"), "mounts"),
    "sudo's timestamps": (("-v", "/run/sudo:/x"), "mounts"),
    "scripts that dpkg runs as root": (("-v", "/var/lib/dpkg/info:/x"), "mounts"),
    "root": (("-v", "/:/host:ro"), "mounts"),
    "proc": (("-v", "/proc:/host/proc"), "mounts"),
    "sys": (("-v", "/sys:/host/sys:ro"), "mounts"),
    "host processes": (("--pid", "host"), "host-namespaces"),
    "host network": (("--net", "host"), "host-namespaces"),
    "host ipc": (("--ipc", "host"), "host-namespaces"),
    "host uts": (("--uts", "host"), "host-namespaces"),
    "a device": (("--device", "/dev/kmsg"), "devices"),
    "a host sysctl": (("--sysctl", "kernel.msgmax=65536"), "sysctl"),
    "shared propagation": (("-v", "{base}/plain:/p:rshared"), "mounts"),
}
# Words by which Docker takes a message for a missing or a non-executable command.
MISTAKABLE = (
    "permission denied",
    "no such file or directory",
    "executable file not found",
    "not a directory",
    "operation not permitted",
)


class Refusals(EngineCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("/run/docker.sock")
        cls.addClassCleanup(listener.close)
        (sandbox.base() / "plain").mkdir()
        if not os.path.exists("/var/run"):
            os.symlink("/run", "/var/run")

    def words(self, flags: tuple[str, ...]) -> list[str]:
        return [flag.format(base=sandbox.base()) for flag in flags]

    def refused(self, *flags: str) -> str:
        """The client's error line, having looked that it is one and that nothing is left."""
        self.engine.cli("rm", "-f", "refused")
        before = {
            mount for mount in state.mounts() if "/netns/default " not in mount
        } | state.records()
        done = self.engine.cli(
            "run", "--name", "refused", "--runtime", "hardened", *flags, IMAGE, "echo", "started"
        )
        self.addCleanup(lambda: self.engine.cli("rm", "-f", "refused"))
        self.assertNotIn("started", done.out, str(done))
        self.assertIn(done.code, (125, 128), str(done))
        status = self.engine.inspect("refused", "{{.State.Status}} {{.State.Pid}}")
        self.assertEqual("created 0", status)
        # dockerd itself keeps this one once it made a container on the host's network, under every runtime.
        left = {
            mount for mount in state.mounts() if "/netns/default " not in mount
        } | state.records()
        self.assertEqual(before, left)
        line = [line for line in done.err.splitlines() if "hardened: " in line]
        self.assertEqual(1, len(line), done.err)
        return line[0]

    def test_each_line_names_the_rule_and_the_setting_that_would_allow_it(self):
        for name, (flags, rule) in REFUSED.items():
            with self.subTest(name):
                line = self.refused(*self.words(flags))
                self.assertRegex(
                    line,
                    rf"hardened: {rule}: /\S*: asks for .* \((CIS|PSS) .*; policy setting: rules\.",
                )
                self.assertNotIn("unable to retrieve OCI runtime error", line)
                self.assertEqual([], [word for word in MISTAKABLE if word in line.lower()])
                self.assertLess(len(line), 700)

    def test_runc_would_have_started_most_of_them(self):
        armed = [
            name
            for name, (flags, _) in REFUSED.items()
            if self.engine.run(*self.words(flags), IMAGE, "true", runtime="runc").code == 0
        ]
        self.assertLessEqual(
            set(REFUSED) - set(armed), {"privileged", "shared propagation", "host network"}
        )

    def test_a_refusal_does_not_reach_the_containers_log(self):
        self.refused("--privileged")
        self.assertEqual(b"", self.engine.cli("logs", "refused").stdout)

    def test_a_policy_can_allow_one_thing_by_name(self):
        allow = {"profiles": {"standard": {"rules": {"host-namespaces": {"uts": "allow"}}}}}
        with self.policy(allow):
            self.assertEqual(
                "yes\n", self.engine.run("--uts", "host", IMAGE, "echo", "yes").check().out
            )
            self.refused("--ipc", "host")

    def test_a_broken_policy_stops_the_start_but_not_the_stop(self):
        container = self.sleeper()
        with self.policy(
            {"profiles": {"standard": {"rules": {"mounts": {"allowed_source": ["/x"]}}}}}
        ):
            line = self.refused()
            self.assertIn("allowed_source", line)
            self.assertIn("/etc/hardened/policy.json", line)
            self.assertIn("allowed_sources", line)
            self.engine.cli("stop", "-t", "1", container).check()

    def test_a_policy_that_others_can_write_is_refused(self):
        with self.policy({}):
            Path("/etc/hardened/policy.json").chmod(0o666)
            self.assertIn("/etc/hardened/policy.json", self.refused())
