# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of a section under runc and under hardened, and judges each by what came of it."""
import json
import re
import shlex
import socket
from concurrent.futures import ThreadPoolExecutor

from flags.case import HARDENED, REFUSED, SAME, Case, Section
from lib import command, sandbox, state
from lib.case import EngineCase
from lib.docker import IMAGE
from lib.state import shifted

RUNTIMES = ("runc", "hardened")
MARK = "####"
PRELUDE = """
start() { docker run --runtime $R "$@"; }
begin() { start -d --name $N "$@" busybox sleep 300 >/dev/null; }
packed() { echo $3 > $DIR/$3; tar -C $DIR --owner=:${1%:*} --group=:${1#*:} --mode=$2 -cf - $3; }
listed() { tar -tvn --numeric-owner | awk '{print $2, $3, $6}'; }
limit() {
  while IFS=: read -r _ controllers path; do
    for file in "/sys/fs/cgroup/$controllers$path/$2" "/sys/fs/cgroup/$controllers$path/$3"; do
      test -f "$file" && cat "$file" && return
    done
  done < /proc/$(docker inspect -f '{{.State.Pid}}' $1)/cgroup
  echo none
}
"""


def cases_here(section: Section) -> list[Case]:
    """Those that this file runs, on this host."""
    version = 2 if (state.CGROUPS / "cgroup.controllers").exists() else 1
    return [case for case in section.cases if not case.test and case.cgroup in (0, version)]


class FlagCase(EngineCase):
    """One test for each section, made by `tests_of`."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        listener = socket.socket(socket.AF_UNIX)
        cls.addClassCleanup(listener.close)
        listener.bind("/run/docker.sock")
        listener.listen()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(cls.prepare, RUNTIMES))

    @classmethod
    def prepare(cls, runtime: str) -> None:
        directory = sandbox.base() / f"share-{runtime}"
        for name in ("sub", "below"):
            (directory / name).mkdir(parents=True)
        for name, text in (("file", "content"), ("one", "one"), ("of7", "7"), ("secret", "secret")):
            (directory / name).write_text(text + "\n")
        (directory / "secret").chmod(0o600)
        below = sandbox.base() / f"below-{runtime}"  # no tmpfs: Linux before 6.3 id-maps none
        below.mkdir()
        sandbox.mount("--bind", str(below), str(directory / "below"))
        cls.addClassCleanup(command.run, "umount", str(directory / "below"))
        (directory / "below/file").write_text("below\n")
        command.run("chown", "7:8", str(directory / "of7")).check()
        for name, rules in (("allow", []), ("deny", ["mkdir", "mkdirat"])):
            rule = [{"names": rules, "action": "SCMP_ACT_ERRNO"}] if rules else []
            profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rule}
            (directory / f"{name}.json").write_text(json.dumps(profile))
        cls.engine.cli("volume", "create", f"vol-{runtime}").check()
        for name, flags in ((f"x-{runtime}", ("--ipc", "shareable", "-v", "/shared")), (f"c-{runtime}", ())):
            words = ("run", "-d", "--runtime", runtime, "--name", name, *flags, IMAGE, "sleep", "300")
            cls.engine.cli(*words).check()
        script = "echo of x > /shared/file; echo of x > /dev/shm/of-x"
        cls.engine.cli("exec", f"x-{runtime}", "sh", "-c", script).check()

    def words(self, text: str, runtime: str) -> list[str]:
        places = {"DIR": f"{sandbox.base()}/share-{runtime}", "VOL": f"vol-{runtime}", "X": f"x-{runtime}"}
        found = re.sub(r"\b(DIR|VOL|X)\b", lambda match: places[match[0]], text)
        return [] if text.startswith("run") else shlex.split(found)

    def judge_section(self, section: Section) -> None:
        with ThreadPoolExecutor(2) as pool:
            plain, ours = pool.map(lambda runtime: self.outputs(section, runtime), RUNTIMES)
        for case in cases_here(section):
            with self.subTest(case.form):
                self.judge(case, plain[case], ours[case])

    def outputs(self, section: Section, runtime: str) -> dict[Case, str]:
        asked = cases_here(section)
        groups: dict[int, list[Case]] = {}
        for case in asked:
            if case.verdict != REFUSED and not case.host and not case.alone:
                groups.setdefault(case.group, []).append(case)
        found = {}
        for group in groups.values():
            found |= self.run_together(group, runtime)
        for number, case in enumerate(asked):
            name = f"{re.sub('[^a-z]+', '-', section.title.lower())}-{number}-{runtime}"
            if case.host:
                found[case] = self.on_host(case, runtime, name)
            elif case not in found:
                found[case] = self.run_alone(case, runtime, name)
        return found

    def on_host(self, case: Case, runtime: str, name: str) -> str:
        variables = {
            "R": runtime,
            "N": name,
            "C": f"c-{runtime}",
            "X": f"x-{runtime}",
            "VOL": f"vol-{runtime}",
            "DIR": f"{sandbox.base()}/share-{runtime}",
        }
        environment = self.engine.environment() | variables | {"PATH": "/usr/bin:/bin"}
        done = command.run("bash", "-c", PRELUDE + case.host, environment=environment, timeout=60)
        return (done.out + told(done.err)).replace(name, "N").replace(variables["VOL"], "VOL")

    def run_alone(self, case: Case, runtime: str, name: str) -> str:
        flags = ("--name", name, "--runtime", runtime, *self.words(case.form, runtime))
        done = self.engine.cli("run", *flags, IMAGE, "sh", "-c", case.script or "true")
        if case.verdict == REFUSED:
            return f"{done.code} {done.err}"
        return done.out + told(done.err)

    def run_together(self, cases: list[Case], runtime: str) -> dict[Case, str]:
        flags = [word for case in cases for word in self.words(case.form, runtime)]
        script = "".join(f"\n({case.script}\n)\necho; echo '{MARK}'" for case in cases)
        words = ("run", "--runtime", runtime, *flags, IMAGE, "sh", "-c", f"exec 2>&1{script}")
        parts = self.engine.cli(*words).check().out.split(f"\n{MARK}\n")
        self.assertEqual(len(cases) + 1, len(parts))
        return dict(zip(cases, parts))

    def judge(self, case: Case, plain: str, ours: str) -> None:
        both = f"runc:\n{plain}\nhardened:\n{ours}"
        if case.verdict == REFUSED:
            self.assertRegex(ours, r"(?s)^12[58] .*hardened: .*policy setting: ", both)
            self.assertIn(case.setting, ours)
            if case.armed:
                self.assertTrue(plain.startswith("0 "), both)
            return
        self.assertTrue(case.shows, "a case shows something")
        self.assertRegex(ours.strip(), re.compile(case.shows, re.MULTILINE), both)
        if case.verdict == SAME:
            self.assertEqual(plain, ours)
        else:
            self.assertEqual(HARDENED, case.verdict)
            self.assertRegex(plain.strip(), re.compile(case.plain, re.MULTILINE), both)
            self.assertNotRegex(ours.strip(), re.compile(case.plain, re.MULTILINE), both)

    def no_shifted_id_on_disk(self) -> None:
        seen, found = shifted(self.engine.directory / "data")
        self.assertEqual([], found[:10])
        self.assertGreater(seen, 1000)


def told(errors: str) -> str:
    """Without the client's own log, which carries the time."""
    return "".join(line + "\n" for line in errors.splitlines() if not line.startswith("time="))


def tests_of(sections: tuple[Section, ...]) -> dict:
    """Methods of a FlagCase, in this order; the last looks at the engine's disk when all has been done to it."""
    methods = {
        f"test_{number}_{re.sub('[^a-z]+', '_', section.title.lower())}": (
            lambda self, section=section: self.judge_section(section)
        )
        for number, section in enumerate(sections)
    }
    return methods | {"test_z_every_id_on_disk_is_what_runc_writes": FlagCase.no_shifted_id_on_disk}
