# SPDX-License-Identifier: Apache-2.0
"""Which of the kernel holes that were exploited in Google's kernelCTF stay within reach of a container, by what its submitters say they need.

The facts lie in published.json; how a need is judged by the attempts is decided here. What is not known counts as within reach."""
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

FACTS = Path(__file__).with_name("published.json")
REPOSITORY = "https://github.com/google/security-research"
DIRECTORY = "pocs/linux/kernelctf"

USERNS = ("unshare.user@", "clone.user", "clone3.user@", "call.unshare@", "call.clone3@")
NETFILTER = ("net.nftables", "net.ipset", "socket.NETLINK_NETFILTER")
SCHEDULER = ("net.scheduler",)
BPF = ("object.bpf", "call.bpf@")
TLS = ("ulp.",)
CRYPTO = ("socket.AF_ALG", "net.cipher")

# What a submission needs -> the attempts, by the beginnings of their ids; one that was reached is a way in.
WAYS: dict[str, tuple[str, ...]] = {
    "userns": USERNS,
    "io_uring": ("object.io_uring", "call.io_uring_"),
    # Held over the container's own network, or had in a new user namespace.
    "CAP_NET_ADMIN": ("net.interface", *USERNS),
    "CAP_NET_RAW": ("raw.", *USERNS),
    "CAP_SYS_ADMIN": ("mount.tmpfs", *USERNS),
    "CONFIG_TLS": TLS,
    "CONFIG_XFRM_ESPINTCP": TLS,  # the other upper-layer protocol
    "CONFIG_NF_TABLES": NETFILTER,
    "CONFIG_IP_SET": NETFILTER,  # sets are made over the same socket
    "CONFIG_IP_SET_BITMAP_IP": NETFILTER,
    "CONFIG_NET_SCHED": SCHEDULER,
    "CONFIG_XFRM": ("net.xfrm", "socket.NETLINK_XFRM", "socket.AF_KEY"),
    "CONFIG_XFRM_INTERFACE": ("net.interface",),
    "CONFIG_ETHTOOL_NETLINK": ("net.generic", "socket.NETLINK_GENERIC"),
    # Verifier and helpers of programs that bpf(2) loads; classic filters of sockets know neither.
    "CONFIG_BPF": BPF,
    "CONFIG_BPF_SYSCALL": BPF,
    "CONFIG_PERF_EVENTS": ("object.perf", "call.perf_event_open@"),
    "CONFIG_IO_URING": ("object.io_uring", "call.io_uring_"),
    "CONFIG_VSOCKETS": ("socket.AF_VSOCK",),
    "CONFIG_CRYPTO_USER_API": CRYPTO,
    "CONFIG_CRYPTO_USER_API_HASH": CRYPTO,
    "CONFIG_AF_UNIX_OOB": ("oob.",),
    "CONFIG_UNIX": ("needed.unix", "needed.splice"),
    "CONFIG_IP_MULTICAST": ("needed.multicast",),
    "CONFIG_SMBFS": ("mount.fsopen-", "mount.tmpfs", "call.mount@", "call.fsopen@"),
}
# Any scheduler or classifier is set up by the same messages.
for _name in ("SCH_QFQ", "SCH_HFSC", "SCH_PLUG", "SCH_CHOKE", "SCH_FIFO", "SCH_SFQ", "SCH_PRIO", "SCH_INGRESS", "CLS_U32", "CLS_FW", "CLS_ROUTE4"):
    WAYS[f"CONFIG_NET_{_name}"] = SCHEDULER
# How a kernel is built, but no way in: these decide nothing.
NO_WAY = {
    "CONFIG_NETFILTER",
    "CONFIG_NF_CONNTRACK",
    "CONFIG_NF_CONNTRACK_ZONES",
    "CONFIG_NF_NAT",
    "CONFIG_IP_SET_LIST_SET",
    "CONFIG_CRYPTO_CRYPTD",
    "CONFIG_CRYPTO_ESSIV",
    "CONFIG_VSOCKETS_LOOPBACK",
    "CONFIG_BPF_UNPRIV_DEFAULT_OFF",
    "CONFIG_USER_NS",
}

Ways = dict[str, list[str]]  # need -> columns in which a way is open


def facts() -> dict:
    return json.loads(FACTS.read_text())


def needs(submission: dict) -> list[str]:
    """Without what decides nothing. A user namespace is wanted for its capabilities: where those are named they decide."""
    surface = [need for need in submission["attack_surface"] if need != "userns" or not submission["capabilities"]]
    configuration = [need for need in submission["kernel_config"] if need not in NO_WAY]
    return [*surface, *submission["capabilities"], *configuration]


def judged(submission: dict) -> bool:
    return any(need in WAYS for need in needs(submission))


def within_reach(submission: dict, ways: Ways, column: str) -> bool:
    """Every way that it needs is open. One that nobody judges is open."""
    return all(column in ways[need] for need in needs(submission) if need in WAYS)


def reachable(ways: Ways, column: str) -> list[str]:
    """CVEs of which at least one submission is within reach."""
    return sorted({each["cve"] for each in facts()["submissions"] if within_reach(each, ways, column)})


def by_way() -> dict[str, set[str]]:
    """The CVEs of each way in, for the page."""
    found: dict[str, set[str]] = defaultdict(set)
    for submission in facts()["submissions"]:
        for need in needs(submission):
            found[need].add(submission["cve"])
    return found


def read(clone: Path) -> Iterator[dict]:
    """The facts of each submission in a clone of the repository. A directory is named after its CVE; one file has another year in it."""
    git = ("git", "-C", str(clone))
    listed = subprocess.run((*git, "ls-tree", "-r", "--name-only", "HEAD", DIRECTORY + "/"), capture_output=True, text=True, check=True)
    for path in sorted(listed.stdout.split()):
        if not path.endswith("/metadata.json"):
            continue
        shown = subprocess.run((*git, "show", f"HEAD:{path}"), capture_output=True, text=True, check=True)
        stated = json.loads(shown.stdout)["vulnerability"]["requirements"]
        name = path.split("/")[-2]
        kept = {key: stated[key] for key in ("attack_surface", "capabilities", "kernel_config")}
        yield {"submission": name, "cve": name.split("_")[0], **kept}


def write(clone: Path) -> None:
    """published.json anew."""
    shown = subprocess.run(("git", "-C", str(clone), "log", "-1", "--format=%H %cs"), capture_output=True, text=True, check=True)
    commit, date = shown.stdout.split()
    lines = ",\n".join("  " + json.dumps(each) for each in read(clone))
    head = json.dumps({"source": f"{REPOSITORY}/tree/{commit}/{DIRECTORY}", "date": date})[:-1]
    FACTS.write_text(f'{head},\n "submissions": [\n{lines}\n]}}\n')
