# SPDX-License-Identifier: Apache-2.0
"""The columns of docs/attack-surface.md: the same attempts in a container of each kind, and what the kernel answered."""
import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attack import documents, numbers
from lib import command, sandbox
from lib.bundle import ENVIRONMENT, Bundle, Runtime
from lib.docker import RUNC

POLICY = Path("/etc/hardened/policy.json")
LIMIT = 120  # seconds for all attempts in one container
CONTAIN = {"privileged": {"privileged": "contain"}}


@dataclass(frozen=True)
class Column:
    name: str
    title: str
    document: str  # of tests/corpus/config
    hardened: bool = False
    profile: str = "standard"
    host: tuple[str, ...] = ()  # namespaces that are the host's
    rules: dict | None = None  # of the profile, laid over its own

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--profile", self.profile) if self.hardened else ()

    @property
    def user(self) -> int:
        """In `strict` a container of root's is refused, and an exec as root."""
        return documents.ORDINARY_USER if self.profile == "strict" else 0


PRIVILEGED = Column("privileged", "runc, `--privileged`", "docker28-privileged", host=("pid", "cgroup"))
PLAIN = Column("runc", "runc, Docker's default", "docker28-default")
STANDARD = Column("standard", "hardened, `standard`", "docker28-default", hardened=True)
STRICT = Column("strict", "hardened, `strict`", "docker28-default", hardened=True, profile="strict")
CONTAINED = Column("contained", "hardened, `--privileged` contained", "docker28-privileged", hardened=True, rules=CONTAIN)
COLUMNS = (PRIVILEGED, PLAIN, STANDARD, STRICT, CONTAINED)


@dataclass(frozen=True)
class Answer:
    group: str
    result: str  # reached, denied, absent, unable, killed, stuck, failed
    errno: int = 0
    signal: int = 0
    detail: str = ""

    @property
    def shows_nothing(self) -> bool:
        """It could not be prepared, or the probe itself fell: by int 0x80 on a kernel without that door."""
        return self.result == "unable" or self.signal == signal.SIGSEGV

    @property
    def kept_out(self) -> bool:
        """By SIGSYS a filter kills."""
        return self.result in ("denied", "absent") or self.signal == signal.SIGSYS

    @property
    def reached(self) -> bool:
        """Whatever is not known to have been kept out."""
        return not self.kept_out and not self.shows_nothing


Answers = dict[str, Answer]


def read(done: command.Result) -> Answers:
    """What the probe said."""
    found = {}
    for line in done.check().out.splitlines():
        said = json.loads(line)
        identifier = said.pop("id")
        found[identifier] = Answer(**said)
    if not found:
        raise AssertionError(str(done))
    return found


def doors(probe: Path) -> dict[str, bool]:
    """Which doors the kernel has, by a call that it refuses to nobody, made outside of any container."""
    lines = [f"call {door} {number} {name} door\n" for door, number, name in numbers.names() if name == "getpid"]
    said = read(command.run(str(probe), "call.getpid@", stdin="".join(lines).encode()))
    return {door: said[f"call.getpid@{door}"].reached for door in numbers.DOORS}


class Range:
    """A place for containers of every column, one of another container that they attack, and the probe."""

    def __init__(self, probe: Path):
        self.directory = sandbox.base() / "attack"
        self.bundle = Bundle(self.directory / "bundle")
        documents.lay_out(self.directory / "bundle/rootfs", probe)
        self.share = self.directory / "share"
        self.hardened = Runtime(root="attack-hardened")
        self.runc = Runtime(RUNC, "attack-runc")
        self.doors = doors(probe)
        self.table = ""
        passing = {column.name: numbers.passing(self.rewritten(column)["linux"]["seccomp"]) for column in COLUMNS if column.hardened}
        self.table = numbers.table(passing, passing[STANDARD.name] - passing[STRICT.name])

    def runtime(self, column: Column) -> Runtime:
        return self.hardened if column.hardened else self.runc

    def prepare(self, column: Column, words: list[str], change: Callable[[dict], None] | None = None) -> None:
        """Leaves the bundle with the column's document and the host with its policy."""
        documents.volume(self.share)
        document = documents.docker(self.bundle, column.document, self.share, words)
        for kind in column.host:
            documents.without_namespace(document, kind)
        if column.user:
            document["process"]["user"] = {"uid": column.user, "gid": column.user}
        if change:
            change(document)
        self.bundle.write(document)
        rules = {"mounts": {"allowed_sources": [str(self.share)]}} | (column.rules or {})
        POLICY.write_text(json.dumps({"profiles": {column.profile: {"rules": rules}}}))

    def rewritten(self, column: Column) -> dict:
        """The document that its container gets."""
        self.prepare(column, ["true"])
        words = ("dry-run", "--profile", column.profile, "--bundle", str(self.bundle.directory))
        return json.loads(command.run(self.hardened.program, *words, environment=ENVIRONMENT).check().out)

    def start_victim(self) -> None:
        """A container of somebody else, to be attacked. Its process can be told by its name."""
        bundle = Bundle(self.directory / "victim", self.bundle.directory / "rootfs")
        bundle.change("/process/args", [documents.PROBE, "--victim"])
        self.hardened.start(bundle, "victim", "run", "-d")

    def run(self, column: Column, words: list[str], change: Callable[[dict], None] | None = None, identifier: str = "") -> command.Result:
        self.prepare(column, words, change)
        runtime, identifier = self.runtime(column), identifier or f"attack-{column.name}"
        self.bundle.name_cgroup(identifier)
        line = (runtime.program, *column.flags, "--root", runtime.root, "run", "--bundle", str(self.bundle.directory), identifier)
        return command.run(*line, stdin=self.table.encode(), environment=ENVIRONMENT, timeout=LIMIT)

    def exec(self, column: Column) -> Answers:
        """The same by an exec that asks for every privilege, in a container that runs already."""
        self.prepare(column, ["sleep", "3000"])
        runtime, identifier = self.runtime(column), f"attack-exec-{column.name}"
        self.bundle.name_cgroup(identifier)
        runtime.start(self.bundle, identifier, *column.flags, "run", "-d")
        file = self.bundle.directory / "process.json"
        file.write_text(json.dumps(documents.privileged_process([documents.PROBE], column.user)))
        line = (runtime.program, "--root", runtime.root, "exec", "--process", str(file), identifier)
        try:
            return read(command.run(*line, stdin=self.table.encode(), environment=ENVIRONMENT, timeout=LIMIT))
        finally:
            runtime.call("delete", "--force", identifier)

    def answers(self, column: Column) -> Answers:
        return read(self.run(column, [documents.PROBE]))

    def left_on_the_host(self) -> list[str]:
        """Files of the volume that raise whoever runs them on the host, but those that the host put there."""
        return sorted(
            path.name for path in self.share.iterdir() if path.name not in documents.PRESENT and path.lstat().st_mode & 0o6000
        )

    def clear(self) -> None:
        self.hardened.call("delete", "--force", "victim")
        POLICY.unlink(missing_ok=True)
        shutil.rmtree(self.share, ignore_errors=True)
