# SPDX-License-Identifier: Apache-2.0
"""`docker cp` and a running container are two overlays over one upper directory: what one may miss of the other
until an exec, and what is never lost. The table in docs/architecture.md says the same."""
import io
import subprocess
import tarfile
from pathlib import Path

from lib import sandbox
from lib.case import EngineCase
from lib.docker import CLIENT

END = "--end--"
# Directories of the image, each with two files: the container's overlay finds them in a lower layer.
PLACES = [f"var/d{number}" for number in range(16)]
FILES = {f"{place}/{name}": f"image {name}\n" for place in PLACES for name in ("f", "g")}


class Conversation:
    """A shell that runs in a container all the time: an exec would bring both sides up to date first."""

    def __init__(self, engine, *words: str):
        self.process = subprocess.Popen(
            [CLIENT, "run", "-i", "--runtime", "hardened", *words, "sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=engine.environment(),
            text=True,
        )

    def ask(self, script: str) -> str:
        self.process.stdin.write(f"{{ {script}; }} 2>&1; echo {END}\n")
        self.process.stdin.flush()
        return "".join(iter(self.process.stdout.readline, END + "\n"))

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class SharedUpper(EngineCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.engine.import_image("stateful", FILES)
        cls.places = iter(PLACES)
        cls.shell = Conversation(cls.engine, "--name", "one", "stateful")
        cls.addClassCleanup(cls.shell.end)
        cls.shell.ask("true")
        cls.upper = Path(cls.engine.inspect("one", "{{.GraphDriver.Data.UpperDir}}"))

    def setUp(self) -> None:
        self.place = "/" + next(self.places)

    def copy_in(self, name: str, text: str) -> bool:
        """Whether Docker took it."""
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
        done = self.engine.cli("cp", "-", f"one:{self.place}", stdin=stream.getvalue())
        return done.code == 0

    def copy_out(self, name: str) -> str | None:
        done = self.engine.cli("cp", f"one:{self.place}/{name}", "-")
        if done.code:
            return None
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            return archive.extractfile(archive.getmembers()[0]).read().decode()

    def on_disk(self, name: str) -> str | None:
        path = Path(f"{self.upper}{self.place}/{name}")
        return path.read_text() if path.is_file() else None

    def within(self, script: str) -> str:
        return self.shell.ask(f"cd {self.place} && {{ {script}; }}; cd /")

    def refresh(self) -> None:
        self.engine.cli("exec", "one", "true").check()

    def assert_agreed(self, name: str, text: str) -> None:
        """After an exec both sides show what is on the disk."""
        self.refresh()
        self.assertEqual(self.on_disk(name), text)
        self.assertEqual(self.within(f"cat {name}"), text)
        self.assertEqual(self.copy_out(name), text)

    def test_a_copy_is_seen_at_once_where_the_container_had_not_looked(self):
        self.assertTrue(self.copy_in("f", "copied\n"))
        self.assertEqual(self.within("cat f"), "copied\n")
        self.assertEqual(self.within("echo more >> f; cat f"), "copied\nmore\n")
        self.assert_agreed("f", "copied\nmore\n")

    def test_a_file_that_the_container_had_read_shows_the_copy_after_an_exec(self):
        self.assertEqual(self.within("cat f"), "image f\n")
        self.assertTrue(self.copy_in("f", "copied\n"))
        self.assertIn(self.within("cat f"), ("image f\n", "copied\n"))
        self.assert_agreed("f", "copied\n")

    def test_writing_to_a_file_that_was_replaced_unseen_loses_nothing(self):
        """The kernel refuses what would overwrite the copy by what the container still took the file for."""
        for name, script in {
            "append": "echo more >> f",
            "rewrite": "echo all > f",
            "replace": "echo all > t && mv t f",
            "rename away": "mv f h",
            "change of mode": "chmod 600 f",
        }.items():
            with self.subTest(name):
                self.place = "/" + next(SharedUpper.places)
                self.within("cat f")
                self.assertTrue(self.copy_in("f", "copied\n"))
                said = self.within(script)
                self.assertNotEqual(said, "", "refused, and the program is told")
                self.assertEqual(self.on_disk("f"), "copied\n")
                self.refresh()
                self.assertEqual(self.within(script), "")

    def test_writes_to_a_file_of_its_own_that_was_replaced_are_gone_with_it(self):
        """The limit of this way (docs/architecture.md): nobody tells the kernel that the file has lost its name."""
        self.within("echo own > own")
        self.assertTrue(self.copy_in("own", "copied\n"))
        self.assertEqual(self.within("echo more >> own; cat own"), "own\nmore\n")
        self.assertEqual(self.on_disk("own"), "copied\n")
        self.refresh()
        self.assertEqual(self.within("echo more >> own; cat own"), "copied\nmore\n")
        self.assert_agreed("own", "copied\nmore\n")

    def test_a_copy_into_what_the_container_holds_is_seen_after_an_exec(self):
        """The directory that mounts stand in, and the working directory."""
        self.engine.import_image("www", {"var/www/html/index": "image\n"}, "WORKDIR /var/www/html")
        plain, name = (
            self.background("www", "sleep", "300", runtime=runtime) for runtime in ("runc", "hardened")
        )
        differences = [self.engine.cli("diff", one).check().out for one in (plain, name)]
        self.assertEqual(*differences)
        self.inside(name, "cat", "index", "/etc/hosts")
        file = sandbox.base() / "copied"
        file.write_text("copied\n")
        for place in ("/etc/new", "/var/www/html/index"):
            self.engine.cli("cp", str(file), f"{name}:{place}").check()
        self.assertEqual("copied\n" * 2, self.inside(name, "cat", "index", "/etc/new"))
        self.inside(name, "mkdir", "made")

    def test_a_name_that_the_container_had_missed_can_be_made_after_an_exec(self):
        self.within("cat new f")
        self.assertTrue(self.copy_in("new", "copied\n"))
        self.within("echo own > new")
        self.assertIn(self.on_disk("new"), ("copied\n", "own\n"))
        self.refresh()
        self.assertEqual(self.within("echo own > new"), "")
        self.assert_agreed("new", "own\n")

    def test_other_files_beside_a_copy_are_not_lost(self):
        self.within("ls; cat f g")
        self.assertTrue(self.copy_in("f", "copied\n"))
        before = self.within("echo more >> g")
        self.refresh()
        if before:  # both sides had to make the directory's own copy
            self.assertEqual(self.within("echo more >> g"), "")
        self.assert_agreed("g", "image g\nmore\n")
        self.assert_agreed("f", "copied\n")

    def test_a_state_directory_itself_takes_what_both_sides_write(self):
        self.place = "/tmp"
        self.within("ls; cat beside")
        self.assertTrue(self.copy_in("copy", "copied\n"))
        self.assertEqual(self.within("cat copy; echo own > beside"), "copied\n")
        self.assertEqual(self.copy_out("beside"), "own\n")

    def test_what_the_container_wrote_is_copied_out_and_after_an_exec_as_it_is_now(self):
        self.within("echo one > n")
        self.assertEqual(self.copy_out("n"), "one\n")
        self.within("echo two > t && mv t n")
        self.assertIn(self.copy_out("n"), ("one\n", "two\n"))
        self.assert_agreed("n", "two\n")

    def test_a_copy_over_what_the_container_wrote_is_taken_or_refused(self):
        self.copy_out("f")
        self.within("echo own > f")
        taken = self.copy_in("f", "copied\n")
        self.assertEqual(self.on_disk("f"), "copied\n" if taken else "own\n")
        self.assert_agreed("f", "copied\n" if taken else "own\n")
