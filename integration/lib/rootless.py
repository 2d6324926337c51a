# SPDX-License-Identifier: Apache-2.0
"""An ordinary user of the tests' own, with ids that an administrator gave it, and a Docker engine that runs as this user."""
import os
import pwd
from pathlib import Path

from lib import verdict
from lib.docker import DAEMON, Docker

USER, UID = "rootless", 4712
IDS = (400000, 65536)  # of /etc/subuid
ROOTLESSKIT = "/usr/bin/rootlesskit"
AS_USER = ("setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "--")


def add_user(home: Path) -> Path:
    """Gives the directory that logind would make, where the wrapper expects what engines give each container."""
    for name, line in {
        "passwd": f"{USER}:x:{UID}:{UID}::{home}:/bin/sh",
        "group": f"{USER}:x:{UID}:",
        "subuid": f"{USER}:{IDS[0]}:{IDS[1]}",
        "subgid": f"{USER}:{IDS[0]}:{IDS[1]}",
    }.items():
        with open(f"/etc/{name}", "a", encoding="ascii") as file:
            file.write(line + "\n")
    runtime_directory = Path(f"/run/user/{UID}")
    runtime_directory.mkdir(mode=0o700, parents=True)
    user = pwd.getpwnam(USER)
    for path in (home, *home.iterdir(), runtime_directory):
        os.chown(path, user.pw_uid, user.pw_gid)
    return runtime_directory


class RootlessDocker(Docker):
    """What dockerd-rootless.sh starts, without a network of its own."""

    NAME = "rootless"

    def __init__(self):
        super().__init__({"bridge": "none", "iptables": False, "ip-forward": False})
        verdict.need_installed(os.access(ROOTLESSKIT, os.X_OK), f"{ROOTLESSKIT} is not installed")
        self.directory.mkdir(mode=0o755)
        self.runtime_directory = add_user(self.directory)
        for setting in ("cgroup-parent", "exec-opts"):
            del self.settings[setting]

    def daemon_line(self, configuration: Path) -> list[str]:
        kit = [ROOTLESSKIT, "--state-dir", str(self.runtime_directory / "kit"), "--net=host"]
        kit += ["--copy-up=/etc", "--copy-up=/run", "--propagation=rslave"]
        script = 'rm -f /run/docker /run/containerd /run/xtables.lock; exec "$@"'
        return [*AS_USER, *kit, "sh", "-c", script, "sh", DAEMON, "--config-file", str(configuration)]

    def environment(self) -> dict:
        return super().environment() | {"XDG_RUNTIME_DIR": str(self.runtime_directory), "USER": USER}
