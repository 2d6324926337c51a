# SPDX-License-Identifier: Apache-2.0
"""One virtual machine: no network, three virtio disks, a console in a file. It ends when told to, or is killed by its pid."""
import os
import subprocess
import sys
import time
from pathlib import Path

QEMU = "qemu-system-x86_64"
EMULATED = ["-accel", "tcg,thread=multi", "-cpu", "max"]
VIRTUAL = ["-accel", "kvm", "-cpu", "host"]
PROBE_LIMIT = 15  # seconds; a working kvm needs two
MARK = "hardened-vm: "
# The guest runs for minutes and is then thrown away: whatever costs time without changing what is tested is off.
KERNEL = (
    "root=/dev/vda syscall.x32=y console=ttyS0 quiet loglevel=3 mitigations=off no5lvl "
    "init_on_alloc=0 nowatchdog no_timer_check tsc=reliable random.trust_cpu=on "
    "systemd.show_status=no rd.systemd.show_status=no systemd.log_level=warning panic=-1 "
    "systemd.default_timeout_start_sec=1200s"  # a busy host's emulation starts containerd in more than 90 seconds
)


def acceleration(image: Path, work: Path) -> list[str]:
    """kvm only where a guest really boots: the device may be there and fail."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return EMULATED
    console = work / "probe"
    command = arguments(image, VIRTUAL, console, f"{KERNEL} hardened.probe")
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_LIMIT)
    except subprocess.TimeoutExpired:
        pass
    booted = console.exists() and f"{MARK}probe" in console.read_text(errors="replace")
    return VIRTUAL if booted else EMULATED


def arguments(image: Path, accelerator: list[str], console: Path, kernel: str) -> list[str]:
    words = ["setpriv", "--pdeathsig", "KILL", QEMU, "-machine", "q35,hpet=off", *accelerator]
    words += ["-smp", "2", "-m", "3072", "-nodefaults", "-no-user-config", "-display", "none"]
    words += ["-nic", "none", "-no-reboot", "-serial", f"file:{console}"]
    words += ["-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initramfs")]
    return [*words, "-append", kernel, "-device", "virtio-rng-pci"]


def drive(file: Path, throw_away: bool) -> list[str]:
    """The cached disk is never written: what a run writes there goes to a file that has no name."""
    option = f"file={file},format=raw,if=virtio,cache=unsafe"
    return ["-drive", option + (",snapshot=on" if throw_away else "")]


class Machine:
    def __init__(self, image: Path, disks: list[Path], work: Path):
        self.console = work / "console"
        self.console.touch()
        self.accelerator = acceleration(image, work)
        words = arguments(image, self.accelerator, self.console, KERNEL)
        words += drive(image / "disk", True)
        for disk in disks:
            words += drive(disk, False)
        self.words = words
        self.environment = dict(os.environ, TMPDIR=str(work))

    def run(self, limit: float, hear) -> bool:
        """True when it powered off by itself within `limit` seconds. `hear(line)` gets what the tests say."""
        process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, env=self.environment)
        return follow(process, self.console, limit, hear)


def follow(process: subprocess.Popen, file: Path, limit: float, hear) -> bool:
    """True when it ended well by itself. What it wrote to its console is told meanwhile."""
    end = time.monotonic() + limit
    try:
        with open(file, errors="replace") as console:
            rest = ""
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.5)
                rest = tell(rest + console.read(), hear)
            tell(rest + console.read() + "\n", hear)
        return process.poll() == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def tell(text: str, hear) -> str:
    """Hands on whole lines; returns what has no end yet."""
    *lines, rest = text.split("\n")
    for line in lines:
        _, mark, words = line.strip().partition(MARK)
        if mark:
            hear(words)
    hear(None)
    return rest


def missing() -> list[str]:
    """The programs that are needed and not there."""
    programs = (QEMU, "mmdebstrap", "mke2fs", "debugfs", "setpriv", "dpkg-deb")
    places = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
    return [
        name for name in programs if not any(os.access(f"{at}/{name}", os.X_OK) for at in places)
    ]


if __name__ == "__main__":
    sys.exit("only by integration/vm/run")
