# SPDX-License-Identifier: Apache-2.0
"""One run: image, payload, machine, results; everything temporary is gone after, and so is the machine."""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree as xml

from lib import package, sandbox, verdict
from vm import build, here, machine, suites

SOURCE = Path(__file__).resolve().parents[2]
BINARY = SOURCE / "build/release/hardened"
KINDS = ("bundle", "containerd", "docker", "host", "package", "podman")
PARTS = ("integration", "defaults", "tests/corpus", "README.md", "docs")
SLOWNESS = 15  # emulated, on cores that others use too
PATIENCE = 60  # seconds without news after which a line is printed
LIMIT_HERE = "900"  # seconds for a file; the machine's are longer by SLOWNESS


def main(words: list[str], usage: str) -> int:
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("--suite", choices=sorted(suites.PACKAGES), default="trixie")
    parser.add_argument("--binary", type=Path, default=BINARY)
    parser.add_argument("--here", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--timeout", type=float, default=7200)
    parser.add_argument("--test", action="append", default=[])
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if reason := unable(arguments):
        return verdict.skipped(*reason)
    try:
        image = build.image(arguments.suite)
    except subprocess.CalledProcessError as error:
        if reachable(arguments.suite):
            raise
        # No network and nothing cached is the machine's own lack, not a failure of what is tested.
        return verdict.skipped(f"this host: no network to build the image: {error}", False)
    return Session(arguments, image).run()


def unable(arguments: argparse.Namespace) -> tuple[str, bool] | None:
    if os.geteuid() != 0:
        return "needs root to build the image", False
    if lacking := machine.missing():
        return f"not installed (tests/run does): {' '.join(lacking)}", True
    if not os.access(arguments.binary, os.X_OK):
        return f"{arguments.binary} is not built (cmake --build --preset release)", True
    return None


def reachable(suite: str) -> bool:
    try:
        urllib.request.urlopen(f"{suites.mirror()}/dists/{suite}/Release", timeout=30).close()
        return True
    except OSError:
        return False


def whole_suite() -> list[str]:
    found = [
        path for kind in KINDS for path in SOURCE.glob(f"integration/{kind}/*.py")
    ]
    return [str(path.relative_to(SOURCE)) for path in sorted(found)]


class Session:
    def __init__(self, arguments: argparse.Namespace, image: Path):
        self.arguments = arguments
        self.image = image
        self.files = [
            str(Path(name).resolve().relative_to(SOURCE)) for name in arguments.files
        ] or whole_suite()
        self.results: dict[str, dict] = {}
        self.current = "boot"
        self.heard = self.began = time.monotonic()

    def run(self) -> int:
        output = SOURCE / "build/vm" / (self.arguments.suite + ("-here" if self.arguments.here else ""))
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        work = Path(tempfile.mkdtemp(prefix="run-", dir=build.cache()))
        try:
            self.payload(work)
            ended = self.here(work) if self.arguments.here else self.boot(work)
            collect(work, output)
            shutil.copy(work / "console", output / "console")
        finally:
            if self.arguments.keep:
                print(f"vm: kept {work}")
            else:
                shutil.rmtree(work)
        return self.judge(output, ended)

    def payload(self, work: Path) -> None:
        """The tests and what they read, and the binary; and an empty disk for what comes out."""
        tree = work / "payload"
        for part in PARTS:
            copy = shutil.copytree if (SOURCE / part).is_dir() else shutil.copy
            (tree / part).parent.mkdir(parents=True, exist_ok=True)
            copy(SOURCE / part, tree / part)
        (tree / "build/release").mkdir(parents=True)
        shutil.copy(self.arguments.binary, tree / "build/release/hardened")
        probe = self.arguments.binary.parent / "hardened-probe"
        if probe.exists():
            shutil.copy(probe, tree / "build/release")
        if any(name.startswith("integration/package/") for name in self.files):
            package.made(tree / "build/release")  # the machine has no compiler and no cpack
        subprocess.run(["chown", "-R", "0:0", tree], check=True)

    def order(self, tree: Path, **environment: str) -> None:
        own = not self.arguments.here  # a kernel, into which a profile may be loaded
        environment["LC_ALL"] = "C.UTF-8"
        order = {"files": self.files, "tests": self.arguments.test, "environment": environment, "own_kernel": own}
        (tree / "order.json").write_text(json.dumps(order))

    def here(self, work: Path) -> bool:
        self.order(work / "payload", HARDENED_TEST_LIMIT=LIMIT_HERE)
        print(f"vm: the user space of {self.arguments.suite} on this kernel", flush=True)
        return here.Here(self.image, work).run(self.arguments.timeout, self.hear)

    def boot(self, work: Path) -> bool:
        disks = [work / "payload.disk", work / "results.disk"]
        guest = machine.Machine(self.image, disks, work)
        emulated = guest.accelerator == machine.EMULATED
        slowness = str(SLOWNESS if emulated else 1)
        self.order(work / "payload", HARDENED_TEST_SLOWNESS=slowness, **{sandbox.THROWAWAY: "1"})
        make = ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal"]
        for disk, content in zip(disks, (["-d", work / "payload"], [])):
            disk.touch()
            os.truncate(disk, 64 << 20)
            subprocess.run([*make, *content, disk], check=True)
        print(f"vm: {self.arguments.suite}, {'emulated' if emulated else 'kvm'}", flush=True)
        return guest.run(self.arguments.timeout, self.hear)

    def hear(self, words: str | None) -> None:
        now = time.monotonic()
        if words is None:
            if now - self.heard >= PATIENCE:
                self.heard = now
                print(f"vm: {now - self.began:.0f} s, in {self.current}", flush=True)
            return
        self.heard = now
        first, *rest = words.split()
        if first == "start":
            self.current = rest[0]
        elif first == "end":
            self.results[rest[0]] = {"code": int(rest[1]), "seconds": float(rest[2])}
            print(f"vm: {rest[0]}: {meaning(int(rest[1]))} after {rest[2]} s", flush=True)
        else:
            print(f"vm: {words}", flush=True)

    def judge(self, output: Path, ended: bool) -> int:
        total = time.monotonic() - self.began
        suite = xml.Element("testsuite", name=f"vm.{self.arguments.suite}", time=f"{total:.0f}")
        codes = [self.judge_file(name, output, suite) for name in self.files]
        xml.ElementTree(suite).write(output / "junit.xml", encoding="unicode")
        if not ended:
            print(f"vm: killed, or ended badly, in {self.current} after {total:.0f} s")
            print((output / "console").read_text(errors="replace")[-4000:])
        elif not self.results:
            print((output / "console").read_text(errors="replace")[-4000:])
        print(f"vm: {total:.0f} s; what was printed is in {output}")
        if not ended or any(code not in (0, verdict.SKIP) for code in codes):
            return 1
        return verdict.SKIP if verdict.SKIP in codes else 0

    def judge_file(self, name: str, output: Path, suite: xml.Element) -> int:
        result = self.results.get(name, {"code": 1, "seconds": 0})
        log = output / (name.replace("/", ".") + ".log")
        text = log.read_text(errors="replace") if log.exists() else "did not run\n"
        case = xml.SubElement(suite, "testcase", name=name, time=str(result["seconds"]))
        if result["code"] == verdict.SKIP:
            xml.SubElement(case, "skipped")
            print("\n".join(line for line in text.splitlines() if line.startswith("skipped: ")))
        elif result["code"]:
            xml.SubElement(case, "failure", message=f"exit code {result['code']}")
            print(f"== {name}\n{text}", flush=True)
        printable = re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd]", "?", text)
        xml.SubElement(case, "system-out").text = printable
        return result["code"]


def meaning(code: int) -> str:
    return {0: "passed", verdict.SKIP: "passed, with skips"}.get(code, f"failed ({code})")


def collect(work: Path, output: Path) -> None:
    """Reads the results without mounting what a guest wrote."""
    if (work / "results").is_dir():
        shutil.copytree(work / "results", output, dirs_exist_ok=True)
        return
    disk = work / "results.disk"
    subprocess.run(["debugfs", "-R", f"rdump / {output}", disk], check=True, capture_output=True)
    shutil.rmtree(output / "lost+found", ignore_errors=True)
