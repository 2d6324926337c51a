# SPDX-License-Identifier: Apache-2.0
"""Which calls a document's seccomp profile denies, by number at each door of an x86-64 kernel: from the profile that the container gets
and from the very library that the runtime compiles it with, so that a call that is newly denied is attempted without a line here."""
import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

# The doors, as hardened-probe calls them, with libseccomp's tokens and the mark that x32's numbers carry there.
DOORS = {"x86-64": (0xC000003E, 0), "x32": (0x4000003E, 0x40000000), "i386": (0x40000003, 0)}
NUMBERS = range(560)  # beyond what any of them has, and x32's second table (512 to 547)
# uretprobe and uprobe: newer kernels (measured on 6.18) let them pass every seccomp filter, so they say nothing of one.
UNFILTERED = {("x86-64", 335), ("x86-64", 336)}
PASSING = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"}
OPEN = "open"
TRACING = "tracing of other processes"


def library() -> ctypes.CDLL:
    libseccomp = ctypes.CDLL("libseccomp.so.2")
    libseccomp.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
    libseccomp.seccomp_syscall_resolve_num_arch.argtypes = [ctypes.c_uint32, ctypes.c_int]
    libseccomp.free_name = ctypes.CDLL(None).free
    libseccomp.free_name.argtypes = [ctypes.c_void_p]
    return libseccomp


class Version(ctypes.Structure):
    """struct scmp_version"""

    _fields_ = [(part, ctypes.c_uint) for part in ("major", "minor", "micro")]


def version() -> str:
    """Of the library: a newer one has names for more numbers."""
    asked = library().seccomp_version
    asked.restype = ctypes.POINTER(Version)
    found = asked().contents
    return f"{found.major}.{found.minor}.{found.micro}"


def names() -> Iterator[tuple[str, int, str]]:
    """Every number of every door; without a name it is called by its number, for no profile can allow it."""
    libseccomp = library()
    for door, (token, mark) in DOORS.items():
        for number in NUMBERS:
            found = libseccomp.seccomp_syscall_resolve_num_arch(token, number | mark)
            name = ctypes.string_at(found).decode() if found else f"number-{number}"
            libseccomp.free_name(found)
            yield door, number, name


def passing(seccomp: dict) -> set[str]:
    """Names that pass with some arguments at least."""
    return {name for entry in seccomp["syscalls"] if entry["action"] in PASSING for name in entry["names"]}


def group_of(door: str) -> str:
    return f"denied calls, {door}"


@dataclass(frozen=True)
class Listed:
    door: str
    number: int
    name: str
    group: str

    @property
    def id(self) -> str:
        """As hardened-probe calls the attempt."""
        return f"call.{self.name}@{self.door}"


def listed(table: str) -> Iterator[Listed]:
    """The lines of a table."""
    for line in table.splitlines():
        _, door, number, name, group = line.split(maxsplit=4)
        yield Listed(door, int(number), name, group)


def table(documents: dict[str, set[str]], tracing: set[str]) -> str:
    """What hardened-probe reads: each number with the row of the page that it counts in, or `open` where some profile lets it pass.
    `documents`: the names that pass in each; `tracing`: those of them that are a row of their own."""
    some = set().union(*documents.values()) - tracing
    lines = []
    for door, number, name in names():
        group = group_of(door)
        if name in some or (door, number) in UNFILTERED:
            group = OPEN
        elif name in tracing:
            group = TRACING
        lines.append(f"call {door} {number} {name} {group}\n")
    return "".join(lines)
