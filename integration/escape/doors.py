# SPDX-License-Identifier: Apache-2.0
"""exec and update: the doors into a container that runs, by which its hardening would be undone."""
import json
import os

from attack.documents import privileged_process, within
from escape.case import CRUN, V1, Escape, Section
from escape.place import SECRET, Place
from lib import sandbox
from lib.docker import RUNC
from lib.kernel import CGROUPS, V2, cgroup_file, memory, status_fields

SYS_ADMIN, KILL = 1 << 21, 1 << 5
MANY = 4096
SHARES = 200_000
GROUP = 100_999  # beyond what a container's map holds
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


def inheritable(place: Place) -> bool:
    """A container of ours has no inheritable set: what an ordinary user inherits, a program with capabilities of its file hands on."""
    place.start()
    sets = {kind: ["CAP_KILL"] for kind in ("bounding", "permitted", "effective", "inheritable", "ambient")}
    file = place.process(args=list(SHOWN), user={"uid": 1000, "gid": 1000}, capabilities=sets)
    found = status_fields(place.call("exec", "--process", file, place.name).out)
    return any(int(found.get(kind, "0"), 16) & KILL for kind in ("CapInh", "CapAmb", "CapEff"))


def inheritable_by_a_flag(place: Place) -> bool:
    place.start()
    found = status_fields(place.call("exec", "--cap", "CAP_KILL", place.name, *SHOWN).out)
    return bool(int(found.get("CapInh", "0"), 16) & KILL)


def ordinary_user_taken_for_root(place: Place) -> bool:
    """crun read the one-digit user as none."""
    place.start()
    return place.call("exec", "--user", "1", place.name, "id", "-u").out == "0\n"


def a_group_of_the_host(place: Place) -> bool:
    file = place.volume() / "of-the-group"
    file.write_text(SECRET + "\n")
    os.chown(file, 0, GROUP)
    file.chmod(0o040)
    place.bundle.change("/process/user", {"uid": 1000, "gid": 1000})
    place.bind(file.parent, "/data")
    place.start()
    words = ("exec", "--user", "1000:1000", "--additional-gids", str(GROUP), place.name, "cat", "/data/of-the-group")
    return SECRET in place.call(*words).out


def a_cgroup_beside(place: Place) -> bool:
    """runc looks whether the other's name begins as the container's own does, and not whether it lies below."""
    beside = f"{place.name}-beside"
    directory = CGROUPS / ("" if V2 else "pids") / sandbox.cgroup_parent().lstrip("/") / beside
    place.start()
    directory.mkdir(parents=True)
    place.undo.append(directory.rmdir)
    way = f"{'' if V2 else 'pids:'}../{beside}"
    said = place.call("exec", "--cgroup", way, place.name, "cat", "/proc/self/cgroup").out
    place.delete()
    return beside in said


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


def more_processes_by_unified(place: Place) -> bool:
    """The files of cgroup v2 by their names: a limit by another way than its own."""
    few_processes(place)
    update_by(place, {"unified": {"pids.max": "max"}})
    return limit(place, "pids.max") > MANY


def a_greater_share(place: Place) -> bool:
    place.start()
    place.call("update", "--cpu-share", str(SHARES), place.name)
    return limit(place, "cpu.shares", "cpu.weight") > MANY


def a_greater_weight(place: Place) -> bool:
    place.start()
    place.call("update", "--blkio-weight", "1000", place.name)
    return limit(place, "blkio.bfq.weight") == 1000


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
        Escape(
            "exec-inheritable",
            "CVE-2022-29162",
            "`exec --cap CAP_KILL`: in the inheritable set, too",
            inheritable_by_a_flag,
            held=r"CapInh:\s+0{16}",
            truth="`/proc/self/status`: nothing inheritable",
            fixed=("1.1.2",),
        ),
        *(
            Escape(
                f"exec-inheritable-{name}",
                cve,
                "`exec --process` of an ordinary user, with an inheritable and ambient capability that the container's root has",
                inheritable,
                held=r"CapInh:\s+0{16}\nCapPrm:\s+0{16}\nCapEff:\s+0{16}[^|]*CapAmb:\s+0{16}",
                truth="`/proc/self/status`: nothing inheritable, nothing ambient",
                under=program,
            )
            for name, cve, program in (("runc", "CVE-2022-29162", RUNC), ("crun", "CVE-2022-27650", CRUN))
        ),
        Escape(
            "exec-user",
            "CVE-2026-30892",
            "`exec --user 1`, which crun took for root",
            ordinary_user_taken_for_root,
            held=r"(?m)^1$",
            truth="`id`: the user that was asked for",
            under=CRUN,
            introduced="1.19",
            fixed=("1.27",),
        ),
        Escape("exec-groups", "", "`exec --additional-gids` with a group of the host's", a_group_of_the_host, "rules.process.mode"),
        Escape(
            "exec-cgroup",
            "",
            "`exec --cgroup ../NAME-beside`: a cgroup that is not the container's",
            a_cgroup_beside,
            held="hardened: [^\n]*--cgroup",
            truth="refused: `exec --cgroup`",
            fixed_later=True,
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
            "update-pids-unified",
            "",
            "the same by `unified` of the document",
            more_processes_by_unified,
            held="pids.max: 1024",
            truth="the cgroup: 1024, the profile's most",
            needs=(("cgroup v2", V2),),
        ),
        Escape(
            "update-cpu-share",
            "",
            f"`update --cpu-share {SHARES}`",
            a_greater_share,
            # cgroup v2 has a weight in their place, of a smaller scale
            held=r"cpu.shares: (2048|\d{1,3})\n",
            truth="the cgroup: 2048, the profile's most",
        ),
        Escape(
            "update-blkio-weight",
            "",
            "`update --blkio-weight 1000`",
            a_greater_weight,
            held="blkio.bfq.weight: 100\n",
            truth="the cgroup: 100, the profile's most",
            needs=(*V1, ("the scheduler bfq", (CGROUPS / "blkio/blkio.bfq.io_serviced").exists())),
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
