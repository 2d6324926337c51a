# SPDX-License-Identifier: Apache-2.0
"""A value of the wrong type at every place that a rule answers for: a clear error that names it, and nothing started."""
import json
import unittest

from lib import sandbox, state
from lib.bundle import Bundle, Runtime

INVALID = 2
FIELDS = sandbox.SOURCE / "defaults/fields.json"
KEY = "x"  # of an object whose keys are anybody's choice


def read_by_rules() -> dict[str, str]:
    """Pattern and type of each field that a rule reads, or that lies below one."""
    fields = {
        name: field for name, field in json.loads(FIELDS.read_text()).items() if name[0] == "/"
    }
    ruled = [name for name, field in fields.items() if "rule" in field]
    return {
        name: field["type"]
        for name, field in fields.items()
        if field["type"] != "any"
        and any(name == rule or name.startswith(f"{rule}/") for rule in ruled)
    }


def wrong(kind: str):
    """What no field of that type takes."""
    return 7 if kind in ("string", "boolean", "object") or " of " in kind else "text"


def put(document: dict, pattern: str, types: dict[str, str], value) -> str:
    """Sets the first place that the pattern stands for; returns its pointer."""
    place, way, pointer = document, "", ""
    *above, last = pattern.strip("/").split("/")
    for word in above:
        kind = types.get(way, "object")
        way += f"/{word}"
        key = 0 if word == "*" and isinstance(place, list) else KEY if word == "*" else word
        pointer += f"/{key}"
        empty = [{}] if types.get(way, "object").startswith("array") else {}
        if isinstance(place, list):
            place[0] = place[0] if isinstance(place[0], dict) else {}
        elif not isinstance(place.get(key), (dict, list)) or not place[key]:
            place[key] = empty
        place = place[key]
    key = 0 if last == "*" and isinstance(place, list) else KEY if last == "*" else last
    place[key] = value
    return f"{pointer}/{key}"


class WrongTypes(unittest.TestCase):
    def test_every_field_that_a_rule_reads(self):
        types = {name: field["type"] for name, field in json.loads(FIELDS.read_text()).items()}
        bundle = Bundle(sandbox.base() / "wrong")
        bundle.change("/process/args", ["touch", "/tmp/started"])
        bundle.name_cgroup("one")
        original = bundle.config.read_text()
        before = state.mounts() | state.records()
        fields = read_by_rules()
        self.assertGreater(len(fields), 150)
        for pattern, kind in fields.items():
            document = json.loads(original)
            pointer = put(document, pattern, types, wrong(kind))
            with self.subTest(pointer):
                bundle.write(document)
                text = bundle.config.read_bytes()
                done = Runtime().call("create", "--bundle", str(bundle.directory), "one")
                self.assertEqual((INVALID, ""), (done.code, done.out), str(done))
                self.assertIn(f"hardened: {pointer}: expected ", done.err)
                self.assertEqual(1, done.err.count("\n"), done.err)
                self.assertEqual(text, bundle.config.read_bytes())
        self.assertEqual(before, state.mounts() | state.records())
        self.assertFalse((bundle.directory / "rootfs/tmp/started").exists())
