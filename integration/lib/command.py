# SPDX-License-Identifier: Apache-2.0
"""Runs a command and keeps everything it said; on a terminal of its own where that is asked for."""
import os
import pty
import subprocess
import tty
from dataclasses import dataclass

from lib import slowness


@dataclass(frozen=True)
class Result:
    words: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode(errors="surrogateescape")

    @property
    def err(self) -> str:
        return self.stderr.decode(errors="surrogateescape")

    def __str__(self) -> str:
        return (
            f"{' '.join(self.words)}\nexit code {self.code}\nstdout: {self.out}\nstderr: {self.err}"
        )

    def check(self) -> "Result":
        if self.code:
            raise AssertionError(str(self))
        return self

    def check_failed(self) -> "Result":
        if not self.code:
            raise AssertionError(str(self))
        return self


def run(
    *words: str,
    stdin: bytes = b"",
    environment: dict | None = None,
    directory=None,
    timeout: float = 120,
) -> Result:
    done = subprocess.run(
        words,
        input=stdin,
        env=environment,
        cwd=directory,
        capture_output=True,
        timeout=slowness.seconds(timeout),
    )
    return Result(words, done.returncode, done.stdout, done.stderr)


def run_to_file(
    output,
    *words: str,
    environment: dict | None = None,
    timeout: float = 120,
    stdin=subprocess.DEVNULL,
) -> int:
    """For a command that leaves a process behind which holds its output open."""
    return subprocess.run(
        words,
        stdin=stdin,
        stdout=output,
        stderr=output,
        env=environment,
        timeout=slowness.seconds(timeout),
    ).returncode


def run_on_terminal(*words: str, environment: dict | None = None, timeout: float = 120) -> Result:
    """Standard input, output and error are one new terminal; everything it shows is `stdout`."""
    master, slave = pty.openpty()
    tty.setraw(slave)  # or line ends are translated twice
    process = subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    shown = b""
    while chunk := read(master):
        shown += chunk
    os.close(master)
    return Result(words, process.wait(slowness.seconds(timeout)), shown, b"")


def read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # EIO: the last holder of the other side is gone
        return b""
