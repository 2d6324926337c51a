# SPDX-License-Identifier: Apache-2.0
"""What each image is made of: Debian's suite and the packages that a Docker host has. Nothing of the project is in it."""
from pathlib import Path

GUEST = Path(__file__).resolve().parent / "guest"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
MIRROR = "http://deb.debian.org/debian"
KERNEL = "linux-image-cloud-amd64"

# init, the engines, and what integration/lib needs
COMMON = (
    "systemd-sysv udev dbus kmod apparmor procps util-linux mount iproute2 iptables "
    "docker.io containerd runc crun podman uidmap rootlesskit docker-compose busybox-static "
    "python3 python3-grpcio containernetworking-plugins"
).split()
# From Debian 13 on Docker's client and BuildKit's front end are packages of their own, and Podman's network is netavark's, which calls nft.
SINCE_TRIXIE = ["docker-cli", "docker-buildx", "passt", "netavark", "nftables"]
PACKAGES = {
    "bookworm": COMMON,
    "trixie": [*COMMON, *SINCE_TRIXIE],
    "sid": [*COMMON, *SINCE_TRIXIE],
}
# systemd's own work that a machine for one run has no use for, each a second or more under emulation
MASKED = (
    "apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service "
    "fstrim.timer getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service "
    "systemd-pcrlock-make-policy.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service "
    "systemd-firstboot.service systemd-hwdb-update.service systemd-random-seed.service "
    "systemd-journal-flush.service systemd-update-utmp.service modprobe@drm.service modprobe@configfs.service "
    "dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount"
).split()
# The engines' own: nearly every file of tests starts an engine itself, and integration/host these.
DISABLED = (
    "docker.service docker.socket containerd.service podman.service podman.socket podman-restart.service "
    "podman-auto-update.timer podman-auto-update.service"
).split()
# Of AppArmor's profiles those that confine what is tested; a hundred others take a minute to compile.
APPARMOR_PROFILES = ("runc", "crun", "podman")
# What the kernel needs before it can load anything from the disk.
BOOT_MODULES = ("virtio_pci", "virtio_blk", "ext4")


def mirror() -> str:
    """The first mirror that this machine's apt is set up with: there may be no other."""
    if SOURCES.exists():
        for line in SOURCES.read_text().splitlines():
            if line.startswith("URIs:"):
                return line.split()[1]
    return MIRROR
