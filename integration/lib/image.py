# SPDX-License-Identifier: Apache-2.0
"""A root file system made of Debian's busybox-static, as an archive: no registry is needed."""
import io
import subprocess
import tarfile
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
DIRECTORIES = {
    "bin": 0o755,
    "dev": 0o755,
    "etc": 0o755,
    "home": 0o755,
    "home/app": 0o755,
    "opt": 0o755,
    "proc": 0o755,
    "root": 0o700,
    "run": 0o755,
    "sbin": 0o755,
    "srv": 0o755,
    "sys": 0o755,
    "tmp": 0o1777,
    "usr": 0o755,
    "usr/bin": 0o755,
    "usr/sbin": 0o755,
    "var": 0o755,
    "var/log": 0o755,
    "var/tmp": 0o1777,
}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\nextra:x:2000:app\n",
    "usr/bin/marker": "part of the image\n",
}
OWNED = b"of the image\n"
OWNERS = {"home/app": 1000}


def archive(extra: dict[str, str] | None = None, owners: dict[str, int] | None = None) -> bytes:
    """`extra`: files by path; a value that starts with `-> ` makes a symbolic link. `owners`: files by path, too."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, mode in DIRECTORIES.items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            entry.uid = entry.gid = OWNERS.get(path, 0)
            tar.addfile(entry)
        for path, text in {**FILES, **(extra or {})}.items():
            add(tar, path, text.encode(), 0o644)
        for path, owner in (owners or {}).items():
            entry = tarfile.TarInfo(path)
            entry.uid = entry.gid = owner
            entry.size, entry.mode = len(OWNED), 0o644
            tar.addfile(entry, io.BytesIO(OWNED))
        add(tar, "bin/busybox", BUSYBOX.read_bytes(), 0o755)
        for name in applets():
            add_link(tar, f"bin/{name}", "busybox")
    return buffer.getvalue()


def add(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    if content.startswith(b"-> "):
        return add_link(tar, path, content[3:].decode())
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def add_link(tar: tarfile.TarFile, path: str, target: str) -> None:
    entry = tarfile.TarInfo(path)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def applets() -> list[str]:
    names = subprocess.run(
        [BUSYBOX, "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    return [name for name in names if name != "busybox"]


def unpack(directory: Path) -> Path:
    """The same as a directory, for a bundle."""
    directory.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive())) as tar:
        tar.extractall(directory, numeric_owner=True)
    return directory
