# SPDX-License-Identifier: Apache-2.0
"""What a document says beside the container: hooks and annotations."""
import base64
import shutil
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from escape.case import CRUN, Escape, Section
from escape.place import Place

ALLOW_ALL = base64.b64encode(struct.pack("<HBBI", 0x06, 0, 0, 0x7FFF0000)).decode()  # BPF_RET | BPF_K, SECCOMP_RET_ALLOW


def hook(kind: str) -> Callable[[Place], bool]:
    def attempt(place: Place) -> bool:
        entry = {"path": "/bin/sh", "args": ["sh", "-c", f"echo > {place.touched}"]}
        place.edit(lambda document: document.update(hooks={kind: [entry]}))
        place.run("true")
        return place.touched.exists()

    return attempt


def a_program_like_the_engines(place: Place) -> bool:
    """Docker's own hook is /proc/PID/exe with the name libnetwork-setkey: so may a process of the attacker's be called."""
    program = place.volume() / "dockerd"
    shutil.copy("/bin/dash", program)
    process = place.background(str(program), "-c", "sleep 60; true")
    entry = {"path": f"/proc/{process.pid}/exe", "args": ["libnetwork-setkey", "-c", f"echo > {place.touched}"]}
    place.edit(lambda document: document.update(hooks={"prestart": [entry]}))
    place.run("true")
    return place.touched.exists()


def preloaded(place: Place, **hook: object) -> bool:
    """glibc's libmemusage.so, copied into the image, is the library: it writes a file wherever it is loaded."""
    shutil.copy(LIBRARY, place.rootfs / "library.so")
    place.policy(hooks={"allowed_executables": [HONEST], "allowed_first_arguments": ["true"]})
    place.edit(lambda document: document.update(hooks={"createContainer": [{"path": HONEST, "args": ["true"], **hook}]}))
    place.run("echo STARTED")
    written = place.directory / "open/written"
    if not written.exists():
        return False
    place.note(f"the library wrote as {written.stat().st_uid}")
    return written.stat().st_uid == 0


def steering_environment(place: Place) -> list[str]:
    return [f"LD_PRELOAD={place.rootfs}/library.so", f"MEMUSAGE_OUTPUT={place.make('open', 0o777)}/written"]


def environment_of_a_hook(place: Place) -> bool:
    return preloaded(place, env=steering_environment(place))


def environment_of_the_container(place: Place) -> bool:
    """A hook without one of its own has the container's, which an image sets."""
    place.edit(lambda document: document["process"]["env"].extend(steering_environment(place)))
    return preloaded(place)


def annotate(place: Place, name: str, value: str) -> None:
    place.edit(lambda document: document.setdefault("annotations", {}).update({name: value}))


def tell_annotations(place: Place) -> None:
    """As the runtime got them."""
    place.note(f"annotations: {place.bundle.document().get('annotations')}")


def output_of_hooks(place: Place) -> bool:
    """crun opens the file as the host's root."""
    place.policy(hooks={"mode": "off"})
    place.edit(lambda document: document.update(hooks={"prestart": [{"path": "/bin/true"}]}))
    annotate(place, "run.oci.hooks.stdout", str(place.touched))
    place.run("true")
    tell_annotations(place)
    return place.touched.exists()


def another_handler(place: Place) -> bool:
    """Whether crun is handed the choice: one that is built without libkrun makes nothing of it."""
    annotate(place, HANDLER, "krun")
    place.run("echo STARTED")
    tell_annotations(place)
    return HANDLER in place.bundle.document().get("annotations", {})


def another_filter(place: Place) -> bool:
    denied = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    place.edit(lambda document: document["linux"].update(seccomp=denied))
    annotate(place, "run.oci.seccomp_bpf_data", ALLOW_ALL)
    return "MADE" in place.run("mkdir /tmp/made 2>&1 && echo MADE; unshare -U true")


def a_descriptor_of_the_process(place: Place) -> bool:
    path = place.host / "receiver"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(0)
        annotate(place, "run.oci.pidfd_receiver", str(path))
        place.run("true")
        tell_annotations(place)
        path.unlink()
        try:
            server.accept()
        except BlockingIOError:
            return False
    return True


def a_weaker_profile(place: Place) -> bool:
    annotate(place, "hardened.profile", "build")
    if place.plain:
        place.wrap({"selectable_profiles": ["build"]})
    return "MADE" in place.run("touch /usr/made && echo MADE")


HONEST = "/usr/bin/true"
LIBRARY = Path("/lib/x86_64-linux-gnu/libmemusage.so")
GLIBC = ((str(LIBRARY), LIBRARY.exists()),)
HANDLER = "run.oci.handler"
HOOK = "rules.hooks.allowed_executables"
KINDS = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
SECTION = Section(
    "Hooks and annotations",
    (
        *(Escape(f"hook-{kind.lower()}", "", f"a {kind} hook that runs a shell as the host's root", hook(kind), HOOK) for kind in KINDS),
        Escape(
            "hook-like-the-engines",
            "",
            "a prestart hook `/proc/PID/exe libnetwork-setkey`, as Docker's own, of a process of the attacker's that is called `dockerd`",
            a_program_like_the_engines,
            HOOK,
        ),
        Escape(
            "hook-environment",
            "CVE-2025-23266",
            "a createContainer hook that the policy names, with a library of the image in `LD_PRELOAD`",
            environment_of_a_hook,
            "rules.hooks.allowed_environment",
            needs=GLIBC,
        ),
        Escape(
            "hook-environment-of-the-image",
            "CVE-2025-23266",
            "the same in the environment of the container, which such a hook has where it brings none",
            environment_of_the_container,
            held=r"\ASTARTED\n\Z",
            truth="the hook runs with a plain `PATH` alone, and the library does not",
            fixed=("1.3.0-rc.2",),
            needs=GLIBC,
        ),
        Escape(
            "annotation-handler",
            "CVE-2025-24965, CVE-2026-84042",
            "`run.oci.handler` chooses krun, which did as the host's root what the image says: crun is handed the choice",
            another_handler,
            held="STARTED[^|]*annotations: {}",
            truth="removed: the container starts as any other",
            under=CRUN,
        ),
        Escape(
            "annotation-hooks-stdout",
            "",
            "`run.oci.hooks.stdout` names a file of the host, which crun writes as root",
            output_of_hooks,
            held="annotations: {}",
            truth="removed: the file is not there",
            under=CRUN,
        ),
        Escape(
            "annotation-filter",
            "",
            "`run.oci.seccomp_bpf_data` replaces the filter by one that allows everything",
            another_filter,
            held="mkdir: .*Operation not permitted",
            truth="removed: the call is still denied",
            under=CRUN,
        ),
        Escape(
            "annotation-pidfd",
            "",
            "`run.oci.pidfd_receiver` lets crun connect to a socket of the host",
            a_descriptor_of_the_process,
            held="annotations: {}",
            truth="removed: nobody connects",
            under=CRUN,
        ),
        Escape(
            "annotation-profile",
            "",
            "`hardened.profile` asks for `build`, which is weaker (armed by a policy that lets it be chosen)",
            a_weaker_profile,
            "selectable_profiles",
        ),
    ),
)
