# SPDX-License-Identifier: Apache-2.0
"""What the user asked for arrives as it does under runc: output to the byte, words, mounts, exit codes."""
from lib import command, sandbox, slowness
from lib.case import EngineCase
from lib.docker import IMAGE


class SameAsRunc(EngineCase):
    def test_output_to_the_byte(self):
        script = r"i=0; while [ $i -lt 20000 ]; do printf '\000\377%d\r\n\033[1m' $i; i=$((i+1)); done; echo e >&2"
        self.assertGreater(len(self.same_as_runc(IMAGE, "sh", "-c", script).stdout), 200000)

    def test_standard_input_to_the_byte(self):
        data = bytes(range(256)) * 1000
        self.assertEqual(data, self.same_as_runc("-i", IMAGE, "cat", stdin=data).stdout)

    def test_standard_input_is_closed_without_i(self):
        self.assertEqual(b"", self.same_as_runc(IMAGE, "cat", stdin=b"lost").stdout)

    def test_a_terminal(self):
        shown = [
            self.engine.cli_on_terminal(
                "run",
                "--rm",
                "-t",
                "--runtime",
                runtime,
                IMAGE,
                "sh",
                "-c",
                "tty; stty size; echo err >&2; exit 4",
            )
            for runtime in ("runc", "hardened")
        ]
        self.assertEqual((shown[0].code, shown[0].stdout), (shown[1].code, shown[1].stdout))
        self.assertEqual(4, shown[1].code)
        self.assertIn(b"/dev/pts/0", shown[1].stdout)

    def test_arguments_of_every_shape(self):
        words = [
            "",
            " ",
            "a b",
            "*",
            "$HOME",
            "--rm",
            "-",
            "new\nline",
            "'\"\\",
            "höher",
            "create",
            "--privileged",
        ]
        script = 'for word; do printf "[%s]" "$word"; done'
        self.same_as_runc(IMAGE, "sh", "-c", script, "sh", *words)

    def test_a_command_named_like_one_of_the_runtimes(self):
        self.same_as_runc("--name", "create", IMAGE, "echo", "exec", "--cap", "CAP_SYS_ADMIN")

    def test_environment_user_groups_directory_and_host_name(self):
        flags = (
            "-e",
            "A=b=c d",
            "-e",
            "EMPTY=",
            "-u",
            "app:app",
            "--group-add",
            "2000",
            "-w",
            "/srv",
            "-h",
            "some.host",
            "--add-host",
            "other:10.1.2.3",
            "--dns",
            "10.9.8.7",
            "--domainname",
            "x",
        )
        script = "env | sort; id; pwd; hostname; cat /etc/hostname /etc/resolv.conf; grep other /etc/hosts; umask"
        self.assertIn("uid=1000(app)", self.same_as_runc(*flags, IMAGE, "sh", "-c", script).out)

    def test_exit_codes(self):
        for code in (0, 1, 2, 3, 42, 126, 127, 255):
            with self.subTest(code):
                self.assertEqual(code, self.same_as_runc(IMAGE, "sh", "-c", f"exit {code}").code)

    def test_a_command_that_is_not_there(self):
        plain, ours = (
            self.engine.run(IMAGE, "/no/such", runtime=runtime) for runtime in ("runc", "hardened")
        )
        self.assert_same_error(127, plain, ours)

    def test_a_command_that_is_not_executable(self):
        plain, ours = (
            self.engine.run(IMAGE, "/etc/passwd", runtime=runtime)
            for runtime in ("runc", "hardened")
        )
        self.assert_same_error(126, plain, ours)

    def assert_same_error(self, code, plain, ours):
        """The first line is the engine's; those after it are the client's own log and carry the time."""
        self.assertEqual(
            (code, plain.stderr.splitlines()[0]), (ours.code, ours.stderr.splitlines()[0])
        )

    def test_mounts_of_every_form(self):
        share = sandbox.base() / "share"
        (share / "sub").mkdir(parents=True)
        (share / "file").write_text("content\n")
        volume = self.engine.cli("volume", "create").check().out.strip()
        self.addCleanup(lambda: self.engine.cli("volume", "rm", volume))
        flags = (
            "-v",
            f"{share}:/share",
            "-v",
            f"{share}:/share-ro:ro",
            "-v",
            f"{share}/file:/etc/one-file",
            "-v",
            f"{volume}:/data",
            "-v",
            f"{volume}:/var/lib/app",
            "-v",
            "/anonymous",
            "--mount",
            f"type=bind,source={share}/sub,target=/m,readonly",
            "--mount",
            f"type=volume,source={volume},target=/mv",
            "--mount",
            "type=tmpfs,target=/mt",
            "--tmpfs",
            "/run:size=1m,mode=750",
            "--tmpfs",
            "/tmp",
        )
        script = """for d in /share /share-ro /data /var/lib/app /anonymous /m /mv /mt /run /tmp; do
                      touch $d/f 2>/dev/null && echo "$d writable" || echo "$d not"; done
                    cat /share/file /etc/one-file; stat -c %a /run; ls /share /mv; df -k /run | tail -1 | awk '{print $2}'
                    rm -f /share/f /mv/f"""
        ours = self.same_as_runc(*flags, IMAGE, "sh", "-c", script)
        for line in (
            "/share writable",
            "/share-ro not",
            "/m not",
            "/data writable",
            "/mt writable",
            "/run writable",
        ):
            self.assertIn(line, ours.out.splitlines())

    def test_shared_memory_and_limits_that_are_lower(self):
        flags = (
            "--shm-size",
            "2m",
            "--ulimit",
            "nofile=100:200",
            "--memory",
            "64m",
            "--cpu-shares",
            "100",
        )
        self.same_as_runc(
            *flags, IMAGE, "sh", "-c", "df -k /dev/shm | tail -1; ulimit -n; ulimit -Hn"
        )

    def test_networks(self):
        self.same_as_runc(
            "--network",
            "none",
            IMAGE,
            "sh",
            "-c",
            "ip -o link | grep -o ' lo: '; cat /proc/net/route",
        )
        self.engine.run(
            "--network", "bridge", IMAGE, "sh", "-c", "ip route | grep -q default"
        ).check()

    def fetch(self, address: str) -> str:
        for _ in slowness.moments(5):
            done = command.run("/bin/busybox", "wget", "-qO-", f"http://{address}/")
            if done.code == 0:
                return done.out
        return str(done)

    def test_a_published_port_answers(self):
        container = self.background(
            "-p",
            "127.0.0.1:8099:80",
            IMAGE,
            "sh",
            "-c",
            "echo served > /srv/index.html; exec httpd -f -p 80 -h /srv",
        )
        self.assertEqual("served\n", self.fetch("127.0.0.1:8099"))
        self.assertEqual(
            "served\n", self.fetch(self.engine.inspect(container, "{{.NetworkSettings.IPAddress}}"))
        )

    def test_a_container_finds_another_by_its_name(self):
        self.engine.cli("network", "create", "net1").check()
        self.addCleanup(lambda: self.engine.cli("network", "rm", "net1"))
        self.background(
            "--network",
            "net1",
            "--name",
            "peer",
            IMAGE,
            "sh",
            "-c",
            "echo served > /srv/index.html; exec httpd -f -p 80 -h /srv",
        )
        script = (
            "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://peer/ && exit; sleep 0.3; done; exit 1"
        )
        self.assertEqual("served\n", self.engine.shell(script, "--network", "net1").check().out)

    def test_logs_hold_what_the_container_said_and_nothing_else(self):
        containers = [
            self.background(IMAGE, "sh", "-c", "echo out; echo err >&2", runtime=runtime)
            for runtime in ("runc", "hardened")
        ]
        for container in containers:
            self.engine.cli("wait", container).check()
        logs = [self.engine.cli("logs", container).check() for container in containers]
        self.assertEqual((b"out\n", b"err\n"), (logs[1].stdout, logs[1].stderr))
        self.assertEqual((logs[0].stdout, logs[0].stderr), (logs[1].stdout, logs[1].stderr))
