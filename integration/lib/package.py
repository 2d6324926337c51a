# SPDX-License-Identifier: Apache-2.0
"""The Debian package: made by cpack from build/release, installed and removed over the sandbox's own /usr and dpkg."""
import os
import shutil
import subprocess
from pathlib import Path

from lib import command, sandbox, verdict

NAME = "hardened"
BUILD = sandbox.SOURCE / "build/release"
# What dpkg writes to besides /etc, which is the sandbox's own already.
WRITTEN = ("/usr", "/var/lib/dpkg", "/var/log", "/var/cache/man", "/var/cache/apparmor")
EPOCH = "1700000000"  # any: what is compared is two packages


def made(directory: Path, mask: int = 0o022) -> Path:
    """A new package there."""
    verdict.need_installed(bool(shutil.which("cpack")), "cpack is not installed")
    environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    subprocess.run(
        ["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", directory],
        check=True,
        stdout=subprocess.DEVNULL,
        env=environment,
        cwd=BUILD,
        umask=mask,
    )
    shutil.rmtree(directory / "_CPack_Packages")
    return next(directory.glob("*.deb"))


def found() -> Path:
    """Made here, or brought along: a virtual machine has no cpack."""
    brought = sorted(BUILD.glob("*.deb"))
    if brought and not shutil.which("cpack"):
        return brought[0]
    directory = sandbox.base() / "package"
    directory.mkdir()
    return made(directory)


def own_machine() -> None:
    """From here on dpkg installs into this sandbox alone."""
    for place in filter(os.path.isdir, WRITTEN):
        layers = sandbox.base() / ("over" + place.replace("/", "-"))
        for name in ("upper", "work"):
            (layers / name).mkdir(parents=True)
        options = f"lowerdir={place},upperdir={layers}/upper,workdir={layers}/work"
        sandbox.mount("-t", "overlay", "-o", options, NAME, place)


def dpkg(*words: str, **environment: str) -> command.Result:
    """What is lost with the sandbox need not be synced to a disk."""
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **environment}
    return command.run("dpkg", "--force-unsafe-io", *words, environment=variables)


def status() -> str:
    """"installed", "config-files", or "" for a package that dpkg does not know."""
    done = command.run("dpkg-query", "-W", "-f", "${db:Status-Status}", NAME)
    return done.out if done.code == 0 else ""
