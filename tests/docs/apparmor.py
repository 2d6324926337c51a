# SPDX-License-Identifier: Apache-2.0
"""The AppArmor profile that is shipped: the parser takes it, and no line of it is without effect."""
import subprocess
import sys
from pathlib import Path

# For a kernel that has every feature of the profile's ABI, whatever this one has.
PARSER = ("/usr/sbin/apparmor_parser", "-Q", "-K", "--kernel-features=/etc/apparmor.d/abi/3.0")


def compiled(text: str) -> bytes | None:
    """The policy as the kernel would get it; None where the parser refuses the text."""
    done = subprocess.run([*PARSER, "-S"], input=text.encode(), capture_output=True)
    return done.stdout if done.returncode == 0 else None


def main(file: Path) -> None:
    text = file.read_text()
    subprocess.run([*PARSER, str(file)], check=True)
    whole = compiled(text)
    assert whole and f"profile {file.name} " in text, "one profile, named like its file"
    assert compiled(text.replace("  file,", "  file")) is None, "a broken one passes"
    for denied in ("mount", "umount", "pivot_root", "ptrace", "change_profile"):
        allowing = text.replace("  file,\n", f"  file,\n  {denied},\n")
        assert compiled(allowing) != whole, f"allowed already: {denied}"
    lines = [line for line in text.splitlines() if line.startswith("  deny ")]
    assert len(lines) > 10
    for line in lines:
        assert compiled(text.replace(line + "\n", "")) != whole, f"without effect: {line}"


main(Path(sys.argv[1]))
