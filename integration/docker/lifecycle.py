# SPDX-License-Identifier: Apache-2.0
"""What people do with a container after it started, each as it goes under runc."""
import io
import json
import tarfile

from lib import slowness
from lib.case import EngineCase
from lib.docker import IMAGE

RUNTIMES = ("runc", "hardened")


class Lifecycle(EngineCase):
    def wait_for(self, container: str, template: str, wanted: str) -> None:
        for _ in slowness.moments(15):
            if self.engine.inspect(container, template) == wanted:
                return
        self.assertEqual(wanted, self.engine.inspect(container, template))

    def test_stop_and_start_again_keep_the_state(self):
        container = self.sleeper()
        self.inside(container, "sh", "-c", "echo kept > /var/f; echo kept > /tmp/f")
        for words in (("restart", "-t", "0"), ("stop", "-t", "0"), ("start",)):
            self.engine.cli(*words, container).check()
        self.assertEqual("kept\nkept\n", self.inside(container, "cat", "/var/f", "/tmp/f"))
        self.assertEqual(
            "1",
            self.inside(container, "awk", "/NoNewPrivs/{print $2}", "/proc/self/status").strip(),
        )

    def test_signals_arrive(self):
        script = "trap 'echo stopping; exit 5' TERM; echo ready; while :; do sleep 0.1; done"
        container = self.background(IMAGE, "sh", "-c", script)
        self.engine.cli("stop", container).check()
        self.wait_for(container, "{{.State.ExitCode}}", "5")
        self.assertEqual("ready\nstopping\n", self.engine.cli("logs", container).out)

    def test_init_reaps_and_passes_signals(self):
        results = []
        for runtime in RUNTIMES:
            container = self.background("--init", IMAGE, "sh", "-c", "sleep 300", runtime=runtime)
            results.append(
                self.inside(container, "sh", "-c", "cat /proc/1/comm; ls -l /proc/1/exe | wc -l")
            )
            self.engine.cli("stop", "-t", "5", container).check()
        self.assertEqual(results[0], results[1])

    def test_restart_on_failure_and_always(self):
        failing = self.background(
            "--restart", "on-failure:2", IMAGE, "sh", "-c", "echo run; exit 3"
        )
        self.wait_for(failing, "{{.RestartCount}} {{.State.Status}}", "2 exited")
        self.assertEqual("run\n" * 3, self.engine.cli("logs", failing).out)
        always = self.background("--restart", "always", IMAGE, "sh", "-c", "sleep 0.2")
        self.wait_for(always, "{{gt .RestartCount 1}}", "true")

    def test_health_check(self):
        container = self.background(
            "--health-cmd",
            "test -e /tmp/healthy",
            "--health-interval",
            "200ms",
            "--health-retries",
            "1",
            IMAGE,
            "sleep",
            "300",
        )
        self.wait_for(container, "{{.State.Health.Status}}", "unhealthy")
        self.inside(container, "touch", "/tmp/healthy")
        self.wait_for(container, "{{.State.Health.Status}}", "healthy")

    def test_pause_and_resume(self):
        container = self.sleeper()
        self.engine.cli("pause", container).check()
        self.assertEqual("paused", self.engine.inspect(container, "{{.State.Status}}"))
        self.engine.cli("unpause", container).check()
        self.assertEqual("here\n", self.inside(container, "echo", "here"))

    def test_top_and_stats(self):
        shown = [
            self.engine.cli("top", self.sleeper(runtime=runtime), "-o", "pid,args").check().out
            for runtime in RUNTIMES
        ]
        self.assertEqual(*[[line.split()[1:] for line in text.splitlines()] for text in shown])
        stats = self.engine.cli(
            "stats", "--no-stream", "--format", "{{json .}}", self.sleeper()
        ).check()
        self.assertEqual("1", json.loads(stats.out)["PIDs"])

    def test_copy_in_and_out(self):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            entry = tarfile.TarInfo("in.txt")
            entry.size, entry.uid, entry.gid, entry.mode = 3, 1000, 1000, 0o640
            tar.addfile(entry, io.BytesIO(b"in\n"))
        for runtime in RUNTIMES:
            with self.subTest(runtime):
                container = self.sleeper(runtime=runtime)
                self.engine.cli("cp", "-", f"{container}:/var", stdin=buffer.getvalue()).check()
                self.assertEqual(
                    "1000:1000 640\n",
                    self.inside(container, "stat", "-c", "%u:%g %a", "/var/in.txt"),
                )
                self.inside(
                    container, "sh", "-c", "echo out > /var/out.txt; chown 1000:1000 /var/out.txt"
                )
                copied = self.engine.cli("cp", f"{container}:/var/out.txt", "-").check()
                with tarfile.open(fileobj=io.BytesIO(copied.stdout)) as tar:
                    self.assertEqual(
                        (1000, b"out\n"),
                        (tar.getmember("out.txt").uid, tar.extractfile("out.txt").read()),
                    )

    def test_diff_and_commit_see_what_was_written(self):
        images = []
        for runtime in RUNTIMES:
            container = self.background(
                IMAGE,
                "sh",
                "-c",
                "echo new > /var/new; rm /var/log -r; touch /home/app/f",
                runtime=runtime,
            )
            self.engine.cli("wait", container).check()
            images.append(
                (
                    sorted(self.engine.cli("diff", container).check().out.split("\n")),
                    self.engine.cli("commit", container, f"committed-{runtime}").check().code,
                )
            )
        self.assertEqual(images[0], images[1])
        self.assertIn("A /var/new", images[1][0])
        ours = self.engine.run(
            "committed-hardened", "sh", "-c", "cat /var/new; ls -d /var/log /home/app/f"
        )
        self.assertEqual("new\n/home/app/f\n", ours.out)

    def test_export_is_the_same(self):
        listings = []
        for runtime in RUNTIMES:
            container = self.background(IMAGE, "true", runtime=runtime)
            self.engine.cli("wait", container).check()
            with tarfile.open(
                fileobj=io.BytesIO(self.engine.cli("export", container).check().stdout)
            ) as tar:
                listings.append(
                    sorted((entry.name, entry.mode, entry.uid, entry.type) for entry in tar)
                )
        self.assertEqual(listings[0], listings[1])

    def test_namespaces_of_another_container_can_be_joined(self):
        container = self.sleeper("--ipc", "shareable")
        flags = (
            "--network",
            f"container:{container}",
            "--ipc",
            f"container:{container}",
            "--pid",
            f"container:{container}",
        )
        shown = self.engine.shell(
            "for n in net ipc pid; do readlink /proc/self/ns/$n; done", *flags
        ).check()
        self.assertEqual(
            self.inside(
                container, "sh", "-c", "for n in net ipc pid; do readlink /proc/self/ns/$n; done"
            ),
            shown.out,
        )

    def test_volumes_from(self):
        source = self.sleeper("-v", "/shared")
        self.inside(source, "sh", "-c", "echo x > /shared/f")
        self.assertEqual(
            "x\n", self.engine.run("--volumes-from", source, IMAGE, "cat", "/shared/f").check().out
        )

    def test_removed_by_force_leaves_nothing(self):
        container = self.sleeper()
        self.engine.cli("rm", "-f", container).check()
        self.assertNotIn(container, self.engine.cli("ps", "-aq", "--no-trunc").out)
