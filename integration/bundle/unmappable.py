# SPDX-License-Identifier: Apache-2.0
"""File systems that the kernel cannot lay a container's ids over: what is refused, what goes on, what is recorded."""
import json
import os
import shutil
import unittest
from pathlib import Path

from lib import sandbox, state
from lib.bundle import Bundle, Runtime

POLICY = Path("/etc/hardened/policy.json")
KIND = "ramfs"  # has no FS_ALLOW_IDMAP in any kernel


def policy(**rules: dict) -> None:
    named = {name.replace("_", "-"): settings for name, settings in rules.items()}
    POLICY.write_text(json.dumps({"profiles": {"standard": {"rules": named}}}))


class Unmappable(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(lambda: POLICY.unlink(missing_ok=True))
        self.directory = sandbox.base() / self._testMethodName[:40]
        self.runtime = Runtime(root=self._testMethodName[:40])
        self.bundle = Bundle(self.directory)
        self.bundle.shell("cat /proc/self/uid_map; id -u; touch /var/made")

    def memory(self, path: Path) -> None:
        path.mkdir(exist_ok=True)
        sandbox.mount("-t", KIND, KIND, str(path))
        self.addCleanup(lambda: os.system(f"umount {path}"))
        path.chmod(0o755)

    def rootfs_in_memory(self) -> Path:
        self.memory(self.directory / "memory")
        shutil.move(self.directory / "rootfs", self.directory / "memory")
        self.bundle.change("/root/path", str(self.directory / "memory/rootfs"))
        return self.directory / "memory/rootfs"

    def record(self) -> dict:
        (path,) = [line.removeprefix("file ") for line in state.records()
                   if line.endswith(f"/{self.name}.json")]
        return json.loads(Path(path).read_text())

    @property
    def name(self) -> str:
        return self._testMethodName[:20].replace("_", "-")

    def alive(self) -> None:
        """Another container, for the length of the test."""
        asked = self.bundle.document()
        self.bundle.shell("exec sleep 100")
        self.bundle.name_cgroup("alive")
        self.runtime.start(self.bundle, "alive", "create")
        self.addCleanup(lambda: self.runtime.call("delete", "--force", "alive"))
        self.bundle.write(asked)

    def run_it(self):
        return self.runtime.run(self.bundle, self.name)

    def test_a_rootfs_is_refused_and_the_message_says_what_is_missing(self):
        self.rootfs_in_memory()
        done = self.run_it()
        self.assertEqual(3, done.code, done)
        self.assertIn(f"{KIND} cannot be id-mapped", done.err)
        self.assertIn("rules.user-namespace.unsupported", done.err)

    def test_a_rootfs_degrades_where_the_policy_says_so_and_that_is_recorded(self):
        rootfs = self.rootfs_in_memory()
        policy(user_namespace={"unsupported": "degrade"})
        done = self.run_it().check()
        self.assertEqual(["0", "0", "4294967295", "0"], done.out.split(), "the host's own ids")
        self.assertEqual(0, (rootfs / "var/made").stat().st_uid)
        (line,) = self.record()["degraded"]
        self.assertIn(f"{KIND} cannot be id-mapped", line)

    def test_a_writable_volume_is_refused_and_mounted_as_it_is_by_policy(self):
        volume = self.directory / "volume"
        self.memory(volume)
        (volume / "open").mkdir()
        (volume / "open").chmod(0o777)
        document = self.bundle.document()
        document["mounts"].append(
            {"destination": "/vol", "type": "bind", "source": str(volume), "options": ["rbind"]}
        )
        document["process"]["args"] = ["sh", "-c", "stat -c %u /vol; touch /vol/open/x; touch /vol/y || true"]
        self.bundle.write(document)
        done = self.run_it()
        self.assertEqual(3, done.code, done)
        self.assertIn("rules.mounts.unmappable", done.err)
        policy(mounts={"unmappable": "plain"})
        done = self.run_it().check()
        self.assertEqual("65534\n", done.out, "nobody's there, as the host's root is nobody inside")
        self.assertGreaterEqual((volume / "open/x").stat().st_uid, 65536, "as the setting says")
        self.assertFalse((volume / "y").exists())
        (line,) = self.record()["degraded"]
        self.assertIn(f"over {volume}: {KIND}", line)

    def test_a_read_only_volume_is_shown_as_it_is(self):
        volume = self.directory / "volume"
        self.memory(volume)
        (volume / "file").write_text("shown\n")
        document = self.bundle.document()
        document["mounts"].append(
            {"destination": "/vol", "type": "bind", "source": str(volume), "options": ["rbind", "ro"]}
        )
        document["process"]["args"] = ["sh", "-c", "cat /vol/file; touch /vol/x || true"]
        self.bundle.write(document)
        done = self.run_it().check()
        self.assertEqual("shown\n", done.out)
        self.assertIn("Read-only", done.err)
        self.assertEqual(1, len(self.record()["degraded"]))

    def test_a_secret_is_copied_so_that_its_owner_can_read_it(self):
        """Swarm's secrets lie on a tmpfs, which takes no ids before Linux 6.3."""
        container = "ab" * 32
        storage = self.directory / "docker"
        secrets = storage / "containers" / container / "mounts/secrets"
        secrets.mkdir(parents=True)
        self.memory(secrets)
        for name, owner, mode in (("own", 0, 0o400), ("other", 33, 0o440), ("nobody", 70000, 0o444)):
            (secrets / name).write_text(f"the content of {name}\n")
            os.chown(secrets / name, owner, owner)
            (secrets / name).chmod(mode)
        rootfs = storage / "overlay2/x/merged"
        rootfs.parent.mkdir(parents=True)
        shutil.move(self.directory / "rootfs", rootfs)
        document = self.bundle.document()
        document["root"]["path"] = str(rootfs)
        for name in ("own", "other", "nobody"):
            document["mounts"].append(
                {
                    "destination": f"/run/secrets/{name}",
                    "type": "bind",
                    "source": str(secrets / name),
                    "options": ["rbind", "rprivate", "ro"],
                }
            )
        self.bundle.write(document)
        self.bundle.shell(
            "cd /run/secrets; cat own nobody; stat -c '%n %u %g %a' *; grep secrets /proc/self/mountinfo;"
            "chmod 777 own; echo x > own"
        )
        done = self.runtime.run(self.bundle, container)
        self.assertIn("the content of own\nthe content of nobody\n", done.out, done)
        self.assertIn("nobody 0 0 444\nother 33 33 440\nown 0 0 400\n", done.out)
        mounts = [line.split() for line in done.out.splitlines() if " /run/secrets/" in line]
        self.assertEqual(3, len(mounts))
        for mount in mounts:
            self.assertIn("ro", mount[5].split(","))
        self.assertEqual(2, done.err.count("Read-only file system"), done)
        self.assertEqual("the content of own\n", (secrets / "own").read_text())
        self.assertEqual(0, (secrets / "own").stat().st_uid)

    def test_mounts_that_appear_later_need_the_same_setting(self):
        """They come as they are, and what the container writes there keeps its ids."""
        volume = self.directory / "volume"
        volume.mkdir()
        document = self.bundle.document()
        mount = {"destination": "/vol", "type": "bind", "source": str(volume), "options": ["rbind", "rslave"]}
        document["mounts"].append(mount)
        self.bundle.write(document)
        done = self.run_it()
        self.assertEqual(3, done.code, done)
        self.assertIn("rules.mounts.unmappable", done.err)
        policy(mounts={"unmappable": "plain"})
        self.run_it().check()
        mount["options"][-1] = "rshared"
        self.bundle.write(document)
        policy(mounts={"shared_propagation": "allow"})
        self.assertIn("rules.mounts.unmappable", self.run_it().check_failed().err)
        policy(mounts={"shared_propagation": "allow", "unmappable": "plain"})
        self.run_it().check()

    def test_no_ids_left_is_the_same_question(self):
        pool = {"first_id": 1900544000, "size": 65536}
        policy(user_namespace={"pool": pool})
        self.alive()
        done = self.run_it()
        self.assertEqual(3, done.code, done)
        self.assertIn("rules.user-namespace.pool", done.err)
        policy(user_namespace={"pool": pool, "unsupported": "degrade"})
        done = self.run_it().check()
        self.assertEqual("4294967295", done.out.split()[2])
        self.assertIn("no ids of the host", self.record()["degraded"][0])

    def test_ids_of_another_profiles_pool_are_not_taken_from_a_document(self):
        """A living container has them, whatever pool the present profile takes from."""
        asked = self.bundle.document()
        self.alive()
        kept = json.loads((Path(self.runtime.root) / "alive/state.json").read_text())
        _, first, _ = Path(f"/proc/{kept['init_process_pid']}/uid_map").read_text().split()
        policy(user_namespace={"pool": {"first_id": 1900544000, "size": 655360}})
        asked["linux"]["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            asked["linux"][kind] = [{"containerID": 0, "hostID": int(first), "size": 65536}]
        self.bundle.write(asked)
        done = self.run_it()
        self.assertEqual(3, done.code, done)
        self.assertIn("ids that are given to one container at a time", done.err)


if __name__ == "__main__":
    unittest.main()
