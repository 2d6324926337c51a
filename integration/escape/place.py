# SPDX-License-Identifier: Apache-2.0
"""Where one escape is tried under one runtime: a bundle, and a directory of the host that it must not come to."""
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from lib import command, image, sandbox
from lib.bundle import ENVIRONMENT, Bundle, Runtime

POLICY = Path("/etc/hardened/policy.json")
SECRET = "of the host alone"


def image_of_all() -> Path:
    """Unpacked once, copied for each."""
    path = sandbox.base() / "image"
    return path if path.exists() else image.unpack(path)


class Place:
    def __init__(self, name: str, runtime: Runtime, plain: bool):
        """`plain`: without the wrapper, to see whether the escape is one."""
        self.name, self.runtime, self.plain = name, runtime, plain
        self.directory = sandbox.base() / "escapes" / name
        self.rootfs = self.directory / "bundle/rootfs"
        self.rootfs.parent.mkdir(parents=True)
        command.run("cp", "-a", str(image_of_all()), str(self.rootfs)).check()
        self.bundle = Bundle(self.directory / "bundle", self.rootfs)
        self.bundle.name_cgroup(name)
        self.host = self.directory / "host"
        self.host.mkdir()
        self.secret.write_text(SECRET + "\n")
        self.said: list[command.Result] = []
        self.undo: list[Callable[[], object]] = []

    @property
    def secret(self) -> Path:
        return self.host / "secret"

    @property
    def touched(self) -> Path:
        """There once somebody made it as the host's root."""
        return self.host / "touched"

    def make(self, name: str, mode: int = 0o755) -> Path:
        """A directory beside the bundle."""
        path = self.directory / name
        path.mkdir(parents=True)
        path.chmod(mode)
        return path

    def volume(self, name: str = "volume") -> Path:
        """One that another container writes, too."""
        return self.make(name, 0o777)

    def mount(self, *words: str) -> None:
        sandbox.mount(*words)
        self.undo.append(lambda: command.run("umount", "-l", words[-1]).check())

    def edit(self, change: Callable[[dict], None]) -> None:
        document = self.bundle.document()
        change(document)
        self.bundle.write(document)

    def bind(self, source: Path | str, destination: str, *options: str, kind: str = "bind") -> None:
        entry = {"destination": destination, "type": kind, "source": str(source), "options": list(options or ("rbind",))}
        self.edit(lambda document: document["mounts"].append(entry))

    def bind_first(self, source: Path, destination: str) -> None:
        """Before the mounts that a document begins with."""
        self.bind(source, destination)
        self.edit(lambda document: document["mounts"].insert(0, document["mounts"].pop()))

    def without_mounts(self, *destinations: str) -> None:
        self.edit(lambda document: document.update(mounts=[each for each in document["mounts"] if each["destination"] not in destinations]))

    def note(self, text: str) -> None:
        """What was seen from outside."""
        self.said.append(command.Result(("seen",), 0, text.encode() + b"\n", b""))

    def policy(self, **rules: dict) -> None:
        named = {name.replace("_", "-"): settings for name, settings in rules.items()}
        self.policy_file({"profiles": {"standard": {"rules": named}}})

    def policy_file(self, document: dict) -> None:
        POLICY.write_text(json.dumps(document))
        self.undo.append(POLICY.unlink)

    def wrap(self, policy: dict) -> None:
        """For an escape from the wrapper: it is armed where a policy lets it pass."""
        self.policy_file(policy)
        self.runtime = Runtime(root="wrapped")

    def call(self, *words: str, opened: Path | None = None, output: str = "") -> command.Result:
        """`opened`: what the caller has open as descriptor 3; `output`: where its standard output goes."""
        line = [self.runtime.program, "--root", self.runtime.root, *words]
        if opened:
            line = ["sh", "-c", 'exec 3<"$0" && exec "$@"', str(opened), *line]
        if output:
            line = ["sh", "-c", 'exec "$@" >"$0"', output, *line]
        done = command.run(*line, environment=ENVIRONMENT, timeout=20)
        self.said.append(done)
        return done

    def run(self, script: str, *flags: str, **caller) -> str:
        """What the container's command printed; the container is gone then."""
        self.bundle.shell(script)
        done = self.call("run", "--bundle", str(self.bundle.directory), *flags, self.name, **caller)
        self.delete()
        return done.out

    def run_on_terminal(self, script: str) -> str:
        self.bundle.shell(script)
        line = (self.runtime.program, "--root", self.runtime.root, "run", "--bundle", str(self.bundle.directory), self.name)
        done = command.run_on_terminal(*line, environment=ENVIRONMENT, timeout=20)
        self.said.append(done)
        self.delete()
        return done.out

    def start(self, script: str = "exec sleep 100", *before: str) -> bool:
        """A container that stays until `clear`; `before`: other global flags. Without a script, what its document says."""
        if script:
            self.bundle.shell(script)
        output = self.directory / "output"
        line = (self.runtime.program, *before, "--root", self.runtime.root, "run", "-d", "--bundle", str(self.bundle.directory), self.name)
        with open(output, "wb") as file:
            code = command.run_to_file(file, *line, environment=ENVIRONMENT)
        self.said.append(command.Result(line, code, b"", output.read_bytes()))
        return code == 0

    def process(self, **changed) -> str:
        """The file of a process document for exec."""
        document = {"cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, "terminal": False}
        path = self.directory / "process.json"
        path.write_text(json.dumps(document | changed))
        return str(path)

    def pid(self) -> int:
        return self.runtime.state(self.name)["pid"]

    def delete(self) -> None:
        self.runtime.call("delete", "--force", self.name)

    def clear(self) -> None:
        self.delete()
        for step in reversed(self.undo):
            step()

    def background(self, *words: str) -> subprocess.Popen:
        """A process of the attacker's, for the length of the attempt."""
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        self.undo.append(lambda: (process.kill(), process.wait()))
        return process
