# SPDX-License-Identifier: Apache-2.0
"""The root file system that every workload's image is built on, made once by mmdebstrap: Debian's packages of all of them."""
import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

from vm import suites

SUITE = "bookworm"
PACKAGES = (
    "ca-certificates gosu tini procps curl netcat-openbsd apache2 cron haproxy mariadb-server memcached mosquitto nginx-light "
    "nodejs php-fpm libfcgi-bin postgresql python3 rabbitmq-server redis-server tomcat10"
).split()


def cache() -> Path:
    directory = os.environ.get("HARDENED_WORKLOADS_CACHE")
    path = Path(directory) if directory else Path.home() / ".cache/hardened-workloads"
    path.mkdir(parents=True, exist_ok=True)
    return path


def archive() -> Path:
    """A tar; raises subprocess.CalledProcessError when it cannot be made."""
    key = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:16]
    place = cache() / f"{SUITE}-{key}.tar"
    with open(cache() / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if place.exists():
            return place
        print("workloads: installing Debian's packages into one image, which takes some minutes, once", flush=True)
        for old in cache().glob("*.tar"):
            old.unlink()
        unfinished = place.with_suffix(".unfinished.tar")
        words = ["mmdebstrap", "--variant=minbase", "--quiet", '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-unsafe-io"]
        words += ["--include=" + ",".join(PACKAGES), SUITE, str(unfinished), suites.mirror()]
        subprocess.run(words, check=True)
        unfinished.rename(place)
    return place
