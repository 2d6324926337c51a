# SPDX-License-Identifier: Apache-2.0
"""The second half of integration/quickstart: one bundle, its difference, and the same probe under runc and hardened."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib import command, image  # noqa: E402

RUNC = "/usr/sbin/runc"
# What Docker asks for unless told otherwise.
CAPABILITIES = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
]
# Prints one `row: value` per line, from the kernel's own files.
PROBE = r"""
status() { awk -v name="$1:" '$1 == name {print $2}' /proc/self/status; }
options() { awk -v place="$1" '$5 == place {found = $6} END {print found ? found : "part of /"}' /proc/self/mountinfo; }
limit() { awk -v name="$1" 'index($0, name) == 1 {print $(NF - 2), "/", $(NF - 1)}' /proc/self/limits; }
group() { cat /sys/fs/cgroup/$2 2>/dev/null || cat /sys/fs/cgroup/$1 2>/dev/null || echo unknown; }
try() { "$@" >/dev/null 2>&1 && echo yes || echo no; }
echo "root is the host's uid: $(awk '$1 == 0 {print $2}' /proc/self/uid_map)"
echo "NoNewPrivs: $(status NoNewPrivs)"
echo "CapBnd: $(status CapBnd)"
echo "Seccomp: $(status Seccomp)"
echo "mount options of /: $(options /)"
echo "mount options of /var: $(options /var)"
echo "write to /usr: $(try touch /usr/x)"
echo "write to /etc: $(try touch /etc/x)"
echo "write to /var: $(try touch /var/x)"
echo "make a device node: $(try sh -c 'mknod /tmp/node c 1 3 && rm /tmp/node')"
echo "new user namespace: $(try unshare -U true)"
echo "mount a tmpfs: $(try mount -t tmpfs none /mnt)"
echo "processes (pids.max): $(group pids/pids.max pids.max)"
echo "memory limit: $(group memory/memory.limit_in_bytes memory.max)"
echo "core file size, soft / hard: $(limit 'Max core file size')"
echo "open files, soft / hard: $(limit 'Max open files')"
echo "masked or read-only paths: $(awk '$5 ~ /^\/(proc|sys)\/./ && $6 ~ /^ro/' /proc/self/mountinfo | wc -l)"
"""
UNLIMITED = 1 << 62


def make_bundle(directory: Path) -> None:
    image.unpack(directory / "rootfs")
    subprocess.run([RUNC, "spec", "--bundle", directory], check=True)
    document = json.loads((directory / "config.json").read_text())
    document["process"].update(terminal=False, args=["sh", "-c", PROBE], noNewPrivileges=False)
    document["process"]["capabilities"] = {
        kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")
    }
    document["root"]["readonly"] = False
    document["linux"]["cgroupsPath"] = f"/{directory.parent.name}"
    (directory / "config.json").write_text(json.dumps(document, indent=2) + "\n")


def probe(runtime: str, bundle: Path) -> dict[str, str]:
    name = bundle.parent.name
    done = command.run(
        runtime, "--root", str(bundle.parent / "containers"), "run", "--bundle", str(bundle), name
    )
    return dict(line.split(": ", 1) for line in done.check().out.splitlines())


def readable(row: str, value: str) -> str:
    if row == "CapBnd":
        return f"{int(value, 16):#x} ({int(value, 16).bit_count()} capabilities)"
    if row == "Seccomp":
        return {"0": "0 (none)", "2": "2 (filter)"}.get(value, value)
    if row == "memory limit" and value.isdigit():
        return "none" if int(value) > UNLIMITED else f"{int(value) / 2**30:.1f} GiB"
    return "none" if value in ("max", "unlimited / unlimited") else value


def print_table(plain: dict[str, str], ours: dict[str, str]) -> None:
    rows = [("inside the container", "runc", "hardened")]
    rows += [(name, readable(name, plain[name]), readable(name, ours[name])) for name in plain]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for number, row in enumerate(rows):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        changed = number > 0 and row[1] != row[2]
        line = f"{'*' if changed else ' '} {cells}"
        print(f"\033[1m{line}\033[0m" if colour and (changed or number == 0) else line)
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
    print("\n* differs")


def heading(text: str) -> None:
    print(f"\n== {text}", flush=True)


def main() -> int:
    wrapper = os.path.abspath(sys.argv[1])
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run"], check=True)
    directory = Path(tempfile.mkdtemp(prefix="hardened-quickstart-"))
    try:
        bundle = directory / "bundle"
        heading("a busybox bundle: `runc spec`, a writable root and Docker's default capabilities")
        make_bundle(bundle)
        print(bundle)
        heading("hardened dry-run --bundle DIR --format diff")
        subprocess.run([wrapper, "dry-run", "--bundle", bundle, "--format", "diff"], check=True)
        heading("the same bundle under runc, then under hardened")
        plain = probe(RUNC, bundle)
        print_table(plain, probe(wrapper, bundle))
    finally:
        shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
