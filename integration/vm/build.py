# SPDX-License-Identifier: Apache-2.0
"""Makes the image of a suite, once: a disk, a kernel and an initramfs below the cache directory, named by all that went in."""
import fcntl
import hashlib
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vm import suites  # noqa: E402

DISK_SIZE = 6 << 30  # bytes, sparse; Docker's own data of a run lies here too


def cache() -> Path:
    directory = os.environ.get("HARDENED_VM_CACHE")
    path = Path(directory) if directory else Path.home() / ".cache/hardened-vm"
    path.mkdir(parents=True, exist_ok=True)
    return path


def key(suite: str) -> str:
    """The suite and a hash of everything that shapes the image."""
    digest = hashlib.sha256(" ".join(suites.PACKAGES[suite]).encode())
    here = Path(__file__).resolve().parent
    for path in (
        here / "build.py",
        here / "suites.py",
        here / "guest/init",
        here / "guest/hardened-tests.service",
    ):
        digest.update(path.read_bytes())
    return f"{suite}-{digest.hexdigest()[:16]}"


@contextmanager
def lock(name: str):
    """Two runs at once build one image."""
    with open(cache() / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def image(suite: str) -> Path:
    """The directory with disk, vmlinuz and initramfs; raises subprocess.CalledProcessError when it cannot be made."""
    with lock(suite):
        place = cache() / key(suite)
        if place.exists():
            return place
        print(f"vm: building the image of {suite}, which takes some minutes, once", flush=True)
        for old in cache().glob(f"{suite}-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(prefix=f"{suite}-building-", dir=cache()) as directory:
            work = Path(directory)
            (work / "image").mkdir()
            root(suite, work)
            initramfs(work / "root", work / "image/initramfs")
            disk(work / "root", work / "image/disk")
            (work / "image").rename(place)
        return place


def root(suite: str, work: Path) -> None:
    """Installs the packages; the kernel is only unpacked, so that nothing builds an initramfs of its own."""
    hook = f'cd {work} && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" {sys.executable} -B {Path(__file__).resolve()} {work}'
    tolerant = [f'Acquire::{name} "false"' for name in ("Check-Valid-Until", "Check-Date")]
    thin = [f"path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")]
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet"]
    command += [f"--aptopt={option}" for option in (*tolerant, 'APT::Install-Recommends "false"')]
    command += [f"--dpkgopt={option}" for option in (*thin, "force-unsafe-io")]
    command += ["--include=" + ",".join(suites.PACKAGES[suite]), f"--customize-hook={hook}"]
    subprocess.run([*command, suite, work / "root", suites.mirror()], check=True)
    settle(work / "root")


def kernel(work: Path) -> None:
    """Within mmdebstrap, while its apt still knows the suite's packages."""
    words = "apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces"
    listed = subprocess.run(
        [*words.split(), suites.KERNEL], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    # Since trixie one kernel is four packages; linux-base-VERSION has the list of what is built in.
    wanted = ("linux-image-", "linux-modules-", "linux-binary-", "linux-base-")
    names = [
        line for line in listed.splitlines() if line.startswith(wanted) and line != suites.KERNEL
    ]
    unpacked = work / "kernel"
    subprocess.run(["apt-get", "-q", "download", *names], check=True, cwd=work)
    for package in work.glob("linux-*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    next(path for path in unpacked.rglob("vmlinuz*") if path.is_file()).rename(
        work / "image/vmlinuz"
    )
    modules = next(path for path in unpacked.rglob("lib/modules/*") if path.is_dir())
    place = work / "root/usr/lib/modules" / modules.name
    shutil.copytree(modules, place, symlinks=True)
    # Decompressing in the machine costs it more than the space does here.
    for packed in place.rglob("*.ko.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    subprocess.run(["chroot", work / "root", "depmod", modules.name], check=True)


def settle(tree: Path) -> None:
    """A machine without a network that lives for one run."""
    for unit in suites.MASKED:
        link = tree / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    subprocess.run(["chroot", tree, "systemctl", "--quiet", "disable", *suites.DISABLED], check=True)
    unit = tree / "etc/systemd/system/hardened-tests.service"
    shutil.copy(suites.GUEST / unit.name, unit)
    wanted = tree / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    (wanted / unit.name).symlink_to(f"../{unit.name}")
    (tree / "etc/systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
    for profile in (tree / "etc/apparmor.d").iterdir():
        if profile.is_file() and profile.name not in suites.APPARMOR_PROFILES:
            profile.unlink()
    (tree / "etc/hostname").write_text("hardened-vm\n")
    (tree / "etc/machine-id").write_text("00000000000000000000000068617264\n")
    (tree / "etc/fstab").write_text("")
    (tree / "etc/resolv.conf").write_text("nameserver 192.0.2.1\n")
    for name in ("payload", "results"):
        (tree / name).mkdir()


def disk(tree: Path, file: Path) -> None:
    options = ["-q", "-t", "ext4", "-O", "^has_journal", "-E", "lazy_itable_init=0", "-d", tree]
    file.touch()
    os.truncate(file, DISK_SIZE)
    subprocess.run(["mke2fs", *options, file], check=True)


def initramfs(tree: Path, file: Path) -> None:
    """busybox and the modules that reach the disk, in the order in which they are loaded."""
    version = next((tree / "usr/lib/modules").iterdir()).name
    order: list[Path] = []
    for name in suites.BOOT_MODULES:
        words = ["chroot", tree, "modprobe", "--show-depends", "-S", version, name]
        shown = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        loads = [line.split()[1] for line in shown.splitlines() if line.startswith("insmod")]
        order += [path for path in (tree / load.lstrip("/") for load in loads) if path not in order]
    busybox = tree / ("usr/bin/busybox" if (tree / "usr/bin/busybox").exists() else "bin/busybox")
    applets = subprocess.run(
        [busybox, "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    archive = Archive()
    for directory in ("bin", "dev", "proc", "sys", "root", "modules"):
        archive.add(directory, 0o040755)
    archive.add("bin/busybox", 0o100755, busybox.read_bytes())
    for applet in applets:
        if applet != "busybox":
            archive.add(f"bin/{applet}", 0o120777, b"busybox")
    for path in order:
        archive.add(f"modules/{path.name}", 0o100644, path.read_bytes())
    archive.add("modules/order", 0o100644, "".join(f"{path.name}\n" for path in order).encode())
    archive.add("init", 0o100755, (suites.GUEST / "init").read_bytes())
    file.write_bytes(archive.bytes())


class Archive:
    """A cpio archive in the kernel's format (Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def add(self, name: str, mode: int, content: bytes = b"") -> None:
        number = len(self.parts) + 1
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self.parts.append(self.padded(header) + self.padded(content))

    @staticmethod
    def padded(data: bytes) -> bytes:
        return data + b"\0" * (-len(data) % 4)

    def bytes(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


if __name__ == "__main__":
    kernel(Path(sys.argv[1]))
