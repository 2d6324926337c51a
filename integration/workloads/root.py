# SPDX-License-Identifier: Apache-2.0
"""The root file system that workloads' images are built on, made once by mmdebstrap: Debian's packages of all of them."""
import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

from vm import suites
from workloads.workload import ARCHIVE, Workload

SUITE = "bookworm"
LINE = (
    "mmdebstrap --variant=minbase --quiet --dpkgopt=force-unsafe-io "
    "--aptopt=APT::Install-Recommends=false --aptopt=Acquire::Languages=none"
).split()


def cache() -> Path:
    directory = os.environ.get("HARDENED_WORKLOADS_CACHE")
    path = Path(directory) if directory else Path.home() / ".cache/hardened-workloads"
    path.mkdir(parents=True, exist_ok=True)
    return path


def words(of: list[str]) -> list[str]:
    """The words of all of them, each once."""
    return sorted({word for each in of for word in each.split()})


def filling(archived: list[str]) -> list[str]:
    """Hooks that make ARCHIVE."""
    lines = (
        f"apt-get install -q -y --download-only {' '.join(archived)}",
        f"sh -c 'mkdir {ARCHIVE} && mv /var/cache/apt/archives/*.deb {ARCHIVE}'",
        f"sh -c 'cd {ARCHIVE} && apt-ftparchive packages . >Packages'",
    )
    return [f'--customize-hook=chroot "$1" {line}' for line in lines] if archived else []


def archive(kind: str, workloads: list[Workload]) -> Path:
    """A tar, in place of an older one of that kind; raises subprocess.CalledProcessError when it cannot be made."""
    line = [*LINE, *filling(words([each.archived for each in workloads]))]
    line += ["--include=" + ",".join(words([each.packages for each in workloads])), SUITE]
    key = hashlib.sha256("\n".join(line).encode()).hexdigest()[:16]
    place = cache() / f"{kind}-{key}.tar"
    with open(cache() / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if place.exists():
            return place
        print("workloads: installing Debian's packages into one image, which takes some minutes, once", flush=True)
        for old in cache().glob(f"{kind}-*.tar"):
            old.unlink()
        unfinished = place.with_suffix(".unfinished.tar")
        subprocess.run([*line, str(unfinished), suites.mirror()], check=True)
        unfinished.rename(place)
    return place
