# SPDX-License-Identifier: Apache-2.0
"""exec and update: the doors into a container that runs, by which its hardening would be undone."""
import json

from attack.documents import privileged_process, within
from escape.case import CRUN, V1, Escape, Section
from escape.place import Place
from lib.kernel import cgroup_file, memory, status_fields

SYS_ADMIN = 1 << 21
MANY = 4096
SHOWN = ("cat", "/proc/self/status")


def powerful(said: str) -> bool:
    return bool(int(status_fields(said).get("CapEff", "0"), 16) & SYS_ADMIN)


def a_capability(place: Place) -> bool:
    place.start()
    return powerful(place.call("exec", "--cap", "CAP_SYS_ADMIN", place.name, *SHOWN).out)


def root_of_an_ordinary_user(place: Place) -> bool:
    place.bundle.change("/process/user", {"uid": 1000, "gid": 1000})
    place.start("exec sleep 100", *(() if place.plain else ("--profile", "strict")))
    return place.call("exec", "--user", "0", place.name, "id", "-u").out == "0\n"


def every_privilege(place: Place) -> bool:
    """As `docker exec --privileged` writes it."""
    place.start()
    document = {"process": privileged_process(list(SHOWN))}
    within(document)
    file = place.process(**document["process"])
    said = place.call("exec", "--process", file, place.name).out
    return powerful(said) and status_fields(said)["NoNewPrivs"] == "0"


def limit(place: Place, *names: str) -> int:
    found = cgroup_file(place.pid(), *names)
    place.note(f"{names[0]}: {found}")
    return 1 << 62 if found == "max" else int(found)


def few_processes(place: Place) -> None:
    place.edit(lambda document: document["linux"]["resources"].update(pids={"limit": 50}))
    place.start()


def more_processes(place: Place) -> bool:
    few_processes(place)
    place.call("update", "--pids-limit", "-1", place.name)
    return limit(place, "pids.max") > MANY


def more_memory(place: Place) -> bool:
    place.edit(lambda document: document["linux"]["resources"].update(memory={"limit": 64 << 20}))
    place.start()
    place.call("update", "--memory", "-1", "--memory-swap", "-1", place.name)
    return limit(place, "memory.max", "memory.limit_in_bytes") > memory() * 8 // 10


def update_by(place: Place, resources: dict) -> None:
    file = place.directory / "resources.json"
    file.write_text(json.dumps(resources))
    place.call("update", "--resources", str(file), place.name)


def more_processes_by_a_document(place: Place) -> bool:
    few_processes(place)
    update_by(place, {"pids": {"limit": -1}})
    return limit(place, "pids.max") > MANY


def every_device(place: Place) -> bool:
    place.start()
    update_by(place, {"devices": [{"allow": True, "access": "rwm"}]})
    found = cgroup_file(place.pid(), "devices.list")
    place.note(f"devices: {found}")
    return "a *:*" in str(found)


HELD = r"CapEff:\s+0000000000000420"  # KILL and NET_BIND_SERVICE of what `runc spec` asks for
SECTION = Section(
    "exec and update",
    (
        Escape(
            "exec-capability",
            "",
            "`exec --cap CAP_SYS_ADMIN`",
            a_capability,
            held=HELD,
            truth="`/proc/self/status`: what the container has itself",
        ),
        Escape(
            "exec-every-privilege",
            "",
            "`exec --process` with every capability, no `noNewPrivileges`, no AppArmor profile",
            every_privilege,
            held=HELD + r"[^|]*NoNewPrivs:\s+1\s+Seccomp:\s+2",
            truth="`/proc/self/status`: what the container has itself, no-new-privileges and its filter",
        ),
        Escape(
            "exec-root",
            "",
            "`exec --user 0` in a container of an ordinary user (profile `strict`)",
            root_of_an_ordinary_user,
            "rules.process.root_user",
        ),
        Escape("update-pids", "", "`update --pids-limit -1`", more_processes, held="pids.max: 1024", truth="the cgroup: 1024, the profile's most"),
        Escape(
            "update-pids-document",
            "",
            "the same by `update --resources`",
            more_processes_by_a_document,
            held="pids.max: 1024",
            truth="the cgroup: 1024, the profile's most",
        ),
        Escape(
            "update-memory",
            "",
            "`update --memory -1 --memory-swap -1`",
            more_memory,
            held=r"memory.max: \d+",
            truth="the cgroup: the profile's share of the host's memory",
        ),
        Escape(
            "update-devices",
            "",
            "`update --resources` with every device",
            every_device,
            held="devices: (?!.*a [*]:[*])",
            truth="the cgroup: the devices that the container had",
            under=CRUN,
            fixed_later=True,
            needs=V1,
        ),
    ),
)
