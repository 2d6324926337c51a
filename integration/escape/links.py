# SPDX-License-Identifier: Apache-2.0
"""Links and mounts where the runtime itself opens files as the host's root: /dev, /proc and /sys of the rootfs."""
from collections.abc import Callable
from pathlib import Path

from escape.case import CRUN, OF_2025, Escape, Section
from escape.place import SECRET, Place
from lib.docker import RUNC

# Of the container's own UTS namespace: runc does write what the container prints there, and core_pattern in its place would be the host's.
HARMLESS = "/proc/sys/kernel/domainname"
CORE_PATTERN = "/proc/sys/kernel/core_pattern"
MADE_BY_RUNC = ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")
SHOW_TERMINALS = "awk '/ devpts / {print \"devpts on\", $5}' /proc/self/mountinfo"
MASKED = "/proc/keys"
PLACE = "rules.mounts.allowed_destinations"


def replace(path: Path, target: str) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        path.rmdir()
    path.symlink_to(target)


def printed_into(place: Place) -> bool:
    """runc gives standard streams a new /dev/null, by name; it takes a pipe for the old one where the new has no device number either."""
    place.run(f"echo ESCAPED; cat {HARMLESS} > /tmp/seen")
    return "ESCAPED" in seen(place)


def seen(place: Place) -> str:
    """What the container left where it could not print."""
    file = place.rootfs / "tmp/seen"
    return file.read_text() if file.exists() else ""


def null_link_in_the_image(place: Place) -> bool:
    place.without_mounts(*MADE_BY_RUNC)
    (place.rootfs / "dev/null").symlink_to(HARMLESS)
    return printed_into(place)


def null_link_in_a_volume(place: Place) -> bool:
    volume = place.volume()
    (volume / "null").symlink_to(HARMLESS)
    place.without_mounts(*MADE_BY_RUNC)
    place.bind(volume, "/dev")
    return masked_by_a_setting(place)


def masked_by_a_setting(place: Place) -> bool:
    return f"{MASKED} shows {HARMLESS}" in place.run(f"""awk '$5=="{MASKED}" {{print $5, "shows /proc" $4}}' /proc/self/mountinfo""")


def volume_with_terminals(place: Place) -> Path:
    """One at /dev, all but its `console`."""
    volume = place.volume()
    (volume / "pts").mkdir()
    (volume / "null").touch()
    (volume / "ptmx").symlink_to("pts/ptmx")
    place.without_mounts("/dev", "/dev/shm", "/dev/mqueue")
    place.bind_first(volume, "/dev")
    place.bundle.change("/process/terminal", True)
    return volume


def console_link_in_a_volume(place: Place) -> bool:
    """The runtime makes /dev/console and mounts a terminal on it: where the link leads."""
    (volume_with_terminals(place) / "console").symlink_to(HARMLESS)
    return terminal_on_a_setting(place)


def terminal_on_a_setting(place: Place) -> bool:
    return f"devpts on {HARMLESS}" in place.run_on_terminal(SHOW_TERMINALS)


def null_link_for_a_silent_container(place: Place) -> bool:
    """crun puts the container's /dev/null in the place of the caller's, by name: here the container's own name in /proc."""
    (place.rootfs / "dev/null").symlink_to("/proc/self/comm")
    place.without_mounts(*MADE_BY_RUNC)
    place.run("ls -l /proc/$$/fd > /tmp/seen", output="/dev/null")
    return "/proc/1/comm" in seen(place)


def console_link_of_the_image(place: Place) -> bool:
    (place.rootfs / "dev/console").symlink_to(HARMLESS)
    (place.rootfs / "dev/ptmx").symlink_to("pts/ptmx")
    place.without_mounts("/dev", "/dev/shm", "/dev/mqueue")
    place.bundle.change("/process/terminal", True)
    return f"devpts on {HARMLESS}" in place.run_on_terminal(SHOW_TERMINALS)


def dev_link_into_a_volume(place: Place) -> bool:
    """The tmpfs of /dev lands where the image's link leads, and the volume covers it."""
    volume = place.volume()
    (volume / "null").symlink_to(HARMLESS)
    (place.rootfs / "x").mkdir()
    replace(place.rootfs / "dev", "x")
    place.without_mounts(*MADE_BY_RUNC[1:])
    place.bind(volume, "/x")
    return printed_into(place)


def link_to_the_host(place: Place, name: str, target: Path) -> None:
    """An absolute link of the image: the host's own path for whoever does not resolve it within the root file system, where the directory is, too."""
    (place.rootfs / str(place.host).lstrip("/")).mkdir(parents=True)
    replace(place.rootfs / name, str(target))


def mount_point_on_the_host(place: Place) -> bool:
    """The runtime makes the mount point."""
    file = place.volume() / "file"
    file.touch()
    link_to_the_host(place, "way", place.touched)
    place.bind(file, "/way")
    place.run(f"grep {place.touched} /proc/self/mountinfo")
    return place.touched.exists()


def dev_link_to_the_host(place: Place) -> bool:
    """The tmpfs of /dev lands within the root file system; the links that a runtime makes in it go by name."""
    link_to_the_host(place, "dev", place.host)
    place.without_mounts(*MADE_BY_RUNC[1:])
    place.run("true")
    return (place.host / "fd").is_symlink()


def behind_a_link(name: str) -> Callable[[Place], bool]:
    """/NAME of the image leads into a volume, which another container may change at any time."""

    def attempt(place: Place) -> bool:
        volume = place.volume()
        (volume / "real").mkdir()
        (place.rootfs / "volume").mkdir()
        replace(place.rootfs / name, "volume/real")
        place.bind_first(volume, "/volume")
        return " /volume/real " in place.run("cat /volume/real/self/mountinfo /proc/self/mountinfo")

    return attempt


def volume_over_proc(place: Place) -> bool:
    volume = place.volume()
    (volume / "of-the-volume").write_text("REPLACED\n")
    place.bind(volume, "/proc")
    return "REPLACED" in place.run("cat /proc/of-the-volume")


def hosts_proc_over_proc(place: Place) -> bool:
    place.bind("/proc", "/proc")
    return "lib.inside" in place.run("cat /proc/1/cmdline")


def core_pattern_over_a_file_of_proc(place: Place) -> bool:
    """runc lets binds on a few files of /proc pass, for LXCFS. It is opened for writing, and not written."""
    place.bind(CORE_PATTERN, "/proc/uptime")
    return "OPENED" in place.run("(: >> /proc/uptime) && echo OPENED")


def another_spelling(place: Place) -> bool:
    file = place.volume() / "file"
    file.write_text("REPLACED\n")
    place.bind(file, "/tmp/../proc/./uptime")
    return "REPLACED" in place.run("cat /proc/uptime")


def rootfs_of_the_host(place: Place) -> bool:
    """The host's own root directory by another name."""
    directory = place.make("all")
    place.mount("--bind", "/", str(directory))
    place.bundle.change("/root/path", str(directory))
    return SECRET in place.run(f"cat {place.secret}")


def mount_through_a_link_of_the_image(place: Place) -> bool:
    (place.rootfs / "way").symlink_to("/proc/self")
    place.bind(place.volume(), "/way/attr")
    return "volume" in place.run("grep volume /proc/self/mountinfo")


def mount_through_a_link_of_a_volume(place: Place) -> bool:
    volume = place.volume()
    (volume / "way").symlink_to("/proc")
    (volume / "file").write_text("REPLACED\n")
    place.bind(volume, "/data")
    place.bind(volume / "file", "/data/way/uptime")
    return "REPLACED" in place.run("cat /proc/uptime")


SECTION = Section(
    "/dev and /proc of the rootfs, masked paths, mounts over /proc",
    (
        Escape(
            "null-link-of-the-image",
            "CVE-2025-31133",
            "no tmpfs on `/dev`, and the image's `/dev/null` is a link to a kernel setting: what the container prints goes there",
            null_link_in_the_image,
            "rules.device-directory",
            fixed=OF_2025,
        ),
        Escape(
            "null-link-of-the-image-crun",
            "CVE-2026-88265",
            "the same where the engine gives the container no output: crun attaches it to where the link leads",
            null_link_for_a_silent_container,
            "rules.device-directory",
            under=CRUN,
            fixed_later=True,
        ),
        Escape(
            "console-link-of-the-image-crun",
            "CVE-2026-88264",
            "no mount on `/dev`, and the image's `/dev/console` is a link: crun mounts the terminal where it leads",
            console_link_of_the_image,
            "rules.device-directory",
            under=CRUN,
            fixed_later=True,
        ),
        Escape(
            "null-link-of-a-volume",
            "CVE-2025-31133",
            "a volume at `/dev` with such a link: what masks `/proc/keys` is that setting",
            null_link_in_a_volume,
            "rules.device-directory",
            fixed=OF_2025,
        ),
        Escape(
            "dev-link",
            "CVE-2025-31133",
            "the image's `/dev` is a link to a place where a volume is mounted",
            dev_link_into_a_volume,
            "rules.rootfs-shape",
            fixed=OF_2025,
        ),
        *(
            Escape(
                f"dev-link-to-the-host-{Path(program).name}",
                cve,
                "the image's `/dev` is a link to a directory of the host: the runtime makes `/dev/fd` and others there",
                dev_link_to_the_host,
                "rules.rootfs-shape",
                under=program,
                fixed=fixed,
            )
            for program, cve, fixed in ((RUNC, "CVE-2026-41579", ("1.3.6", "1.4.3", "1.5.0-rc.3")), (CRUN, "CVE-2026-47766", ("1.28",)))
        ),
        Escape(
            "console-link",
            "CVE-2025-52565",
            "a volume at `/dev` whose `console` is a link: the terminal is mounted over a file of `/proc`",
            console_link_in_a_volume,
            "rules.device-directory",
            fixed=OF_2025,
        ),
        Escape(
            "proc-link",
            "CVE-2019-19921, CVE-2023-27561, CVE-2023-28642",
            "the image's `/proc` is a link into a volume",
            behind_a_link("proc"),
            "rules.rootfs-shape",
            fixed=("1.1.5",),
        ),
        Escape(
            "sys-link",
            "CVE-2023-27561",
            "the image's `/sys` is a link into a volume",
            behind_a_link("sys"),
            "rules.rootfs-shape",
            fixed=("1.1.5",),
        ),
        Escape(
            "volume-over-proc",
            "CVE-2019-16884",
            "a volume over `/proc`, whose `self/attr` would take the label that the runtime writes",
            volume_over_proc,
            PLACE,
            under=CRUN,
            fixed_later=True,
        ),
        Escape("hosts-proc", "CVE-2019-16884", "the host's `/proc` over `/proc`, which runc takes for a real one", hosts_proc_over_proc, PLACE),
        Escape(
            "core-pattern-over-a-file",
            "CVE-2019-16884",
            "the host's `core_pattern` bound over `/proc/uptime`",
            core_pattern_over_a_file_of_proc,
            PLACE,
        ),
        Escape(
            "mount-by-another-spelling",
            "CVE-2019-16884",
            "a bind over `/tmp/../proc/./uptime`",
            another_spelling,
            "rules.mounts.mode",
        ),
        Escape(
            "rootfs-of-the-host",
            "",
            "`root.path` is a directory that the host's `/` is mounted on",
            rootfs_of_the_host,
            "rules.rootfs-shape",
        ),
        Escape(
            "mount-through-a-link-of-the-image",
            "CVE-2025-52881",
            "a volume over `/proc/self/attr` by way of a link in the image",
            mount_through_a_link_of_the_image,
            PLACE,
            under=CRUN,
            fixed_later=True,
        ),
        Escape(
            "mount-point-behind-a-link-of-the-image",
            "CVE-2019-18837",
            "a file bound on an absolute link of the image: crun made the mount point on the host",
            mount_point_on_the_host,
            # crun 1.8 takes no link for the target of a file whose options are recursive (rnosuid, which the wrapper adds).
            held="/host/touched |open mount target `/way`: Not a directory",
            truth="the mount lies within the root file system, or crun takes no link for its target",
            under=CRUN,
            fixed=("0.10.5",),
        ),
        Escape(
            "mount-through-a-link-of-a-volume",
            "CVE-2021-30465",
            "a bind over `/proc/uptime` by way of a link in a volume",
            mount_through_a_link_of_a_volume,
            PLACE,
        ),
    ),
)
