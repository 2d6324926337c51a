# SPDX-License-Identifier: Apache-2.0
"""A call of the wrapper below the kernel's tracer, which makes one system call of it fail; what the runtime was handed then, and what is left."""
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from lib import command, sandbox, state
from lib.bundle import ENVIRONMENT
from lib.docker import RUNC

# The tracer's own way in; what never fails, or what does its work whatever it answers (close, and kill of a child); what the C library
# ends the process for, before main.
NEVER_FAIL = {"exit_group", "rt_sigreturn", "brk", "close", "kill", "futex", "geteuid", "getpid", "set_tid_address"}
SKIPPED = NEVER_FAIL | {"execve", "arch_prctl", "mprotect"}
ERRORS = {"mmap": "ENOMEM", "mremap": "ENOMEM", "clone": "EAGAIN", "clone3": "EAGAIN", "vfork": "EAGAIN"}
# Children too, up to where they become another program.
FOLLOWING = ("-f", "-b", "execve")
OF_PROCESS = re.compile(r"^(\d+) +")
CALL = re.compile(r"^(\w+)\(")
# In the place of the runtime: asked for a state, the true one answers; of anything else it writes down what it was handed.
RUNTIME = f"""#!/bin/sh
case " $* " in
*" --version "*) printf 'runc version 1.1.5\\nspec: 1.0.2-dev\\n'; exit ;;
*" state "*) exec {RUNC} "$@" ;;
esac
{{
    for word; do
        case $word in /proc/self/fd/*) echo 'a sealed document' ;; *) echo "$word" ;; esac
        case $before in
        --process | --resources) cat "$word" ;;
        --bundle) cat "$word/config.json" ;;
        esac
        case $word in --process=* | --resources=*) cat "${{word#*=}}" ;; esac
        before=$word
    done
    echo; umask
    grep -E '^(SigBlk|SigIgn|SigCgt|Cap|NoNewPrivs|Seccomp:)' /proc/self/status
    for each in /proc/$$/fd/*; do echo "open: ${{each##*/}} $(stat -L -c '%F %u:%g' "$each")"; done
    cut -d ' ' -f 4- /proc/self/mountinfo
}} >'HANDED' 2>&1
"""


@dataclass(frozen=True)
class Traced:
    done: command.Result
    calls: list[str]  # as the tracer saw them, up to the execve that starts the runtime
    children: list[list[str]]  # those of each child, where the tracer followed
    handed: str  # what the runtime saw; empty: it was not started
    injected: bool  # in one of the calls, or in that execve


class Tracer:
    def __init__(self, directory: Path):
        """`directory`: on a file system of the test's own, where a runtime may lie."""
        self.log = sandbox.base() / "calls"
        self.handed = sandbox.base() / "handed"
        self.runtime = directory / "runtime-of-nothing"
        self.runtime.write_text(RUNTIME.replace("HANDED", str(self.handed)))
        self.runtime.chmod(0o755)

    def call(self, words: tuple[str, ...], *inject: str) -> Traced:
        self.handed.unlink(missing_ok=True)
        done = command.run("strace", "-o", str(self.log), *inject, *words, environment=ENVIRONMENT, timeout=60)
        own, *children = by_process(self.log.read_text(errors="replace"))
        starts = [index for index, line in enumerate(own) if line.startswith("execve(")]
        handed = self.handed.read_text(errors="replace") if self.handed.exists() else ""
        end = starts[1] if len(starts) > 1 else len(own)
        injected = any("(INJECTED)" in line for lines in (own[1 : end + 1], *children) for line in lines)
        return Traced(done, own[1:end], children, handed, injected)


def by_process(log: str) -> list[list[str]]:
    """Its calls, without the ends of interrupted ones; the first process is the one that was started."""
    processes: dict[str, list[str]] = {}
    for line in log.splitlines():
        process = OF_PROCESS.match(line)
        call = line[process.end() :] if process else line
        if CALL.match(call):
            processes.setdefault(process[1] if process else "", []).append(call)
        elif "(INJECTED)" in call:
            processes[process[1]][-1] += call
    return list(processes.values())


def of_file(path: Path) -> str:
    status = path.lstat()
    text = hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() and not path.is_symlink() else ""
    return f"{path} {status.st_mode:o} {status.st_uid}:{status.st_gid} {text}"


def of_place(path: Path) -> str:
    """Of what is not the wrapper's to write: it is enough that nobody did."""
    status = path.lstat()
    written = "" if path.is_dir() else f"{status.st_size} {status.st_mtime_ns}"
    return f"{path} {status.st_mode:o} {status.st_uid}:{status.st_gid} {written}"


LAYERS = ("lower", "upper", "volume")


def below(directory: Path) -> set[str]:
    return {of_file(path) for path in directory.rglob("*")}


def mounts() -> set[str]:
    """Where the wrapper works. One elsewhere ends with its mount point, whoever removes that on the host."""
    ours = (sandbox.base(), Path("/run"), Path("/etc"))
    return {line for line in state.mounts() if any(Path(line.split()[1]).is_relative_to(place) for place in ours)}


def processes() -> set[str]:
    """Those of the wrapper, which has no daemon."""
    found = set()
    for each in Path("/proc").glob("[0-9]*/exe"):
        try:
            if os.path.samefile(each, sandbox.binary()):
                found.add(f"process {each.parent.name}")
        except OSError:  # it ended meanwhile, or is the kernel's
            continue
    return found


def standing(bundle: Path) -> set[str]:
    """All that a refused call could leave: files of the state and of the bundle with their content, the image's layers and the volume
    among them, mounts, processes. Of the rootfs itself only its layers: what is mounted over it is `mounts`."""
    found = below(state.STATE) | mounts() | processes()
    for path in bundle.iterdir():
        found.add(of_file(path))
        if path.is_dir() and path.name in LAYERS:
            found |= {of_place(each) for each in path.rglob("*")}
    return found


def path_of(line: str) -> str:
    """A line of `standing` without what differs between two starts: the content of a record."""
    return line.split(" ")[0] if line.startswith("/") else line


# What two starts of one container differ in: times, numbers of processes, names that are made up.
DIFFERS = re.compile(rb"[0-9a-f]{16,}|\d+")


def like(line: str) -> str:
    """A line of `standing` as it is after another start: mode and owner, and of a file of the state its text without numbers."""
    path = Path(path_of(line))
    if not path.is_relative_to(state.STATE) and path.name != "config.json" or not path.is_file():
        return line
    text = hashlib.sha256(DIFFERS.sub(b"0", path.read_bytes())).hexdigest()[:16]
    return f"{line.rpartition(' ')[0]} {text}"


def alike(lines: set[str]) -> set[str]:
    return {like(line) for line in lines}


def is_directory(line: str) -> bool:
    return bool(re.match(r"/\S+ 4\d{4} ", line))


def is_common(line: str) -> bool:
    """Whether it belongs to no container: the state's own directories, its lock, filters that were judged."""
    path = Path(path_of(line))
    if not path.is_relative_to(state.STATE):
        return False
    return is_directory(line) or path.name == "lock" or path.parent.name == "seccomp"
