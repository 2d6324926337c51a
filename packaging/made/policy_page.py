# SPDX-License-Identifier: Apache-2.0
"""The part of hardened-policy(5) that tells the settings: types from the schema, values from the built-in profiles,
meanings from docs/policy.md. A setting that one of them lacks is an error here."""
import json
import re

from made.help import PROFILES, SOURCE
from made.roff import escaped, from_markdown, item, lines

TREE = SOURCE / "defaults"
SCHEMA = json.loads((TREE / "policy.schema.json").read_text())
BUILT_IN = {name: json.loads((TREE / f"profiles/{name}.json").read_text()) for name in PROFILES}
DOCUMENT = (SOURCE / "docs/policy.md").read_text()
MANY = 12  # entries of a list from which on the page tells their number


def settings() -> list[str]:
    made = [".SH TOP LEVEL"]
    base = json.loads((TREE / "policy.json").read_text())
    made += described(section_of("Top level"), SCHEMA["properties"], [("", base)])
    about = section_of("Rules").replace('"=" means as in `standard`. ', "")  # the tables' columns
    made += [".SH RULES", lines(from_markdown(about))]
    for rule, schema in SCHEMA["$defs"]["rules"]["properties"].items():
        values = [(name, profile["rules"].get(rule, {})) for name, profile in BUILT_IN.items()]
        values.sort(key=lambda pair: pair[0] != "standard")
        names = {name: about for name, about in schema["properties"].items() if name != "mode"}
        made += [f".SS {escaped(rule)}", *described(section_of(rule), names, values)]
    return made


def section_of(title: str) -> str:
    match = re.search(rf"(?ms)^##+ {re.escape(title)}\n(.*?)(?=^##)", DOCUMENT + "\n##")
    assert match, f"docs/policy.md has no section {title}"
    return match[1]


def described(section: str, names: dict, values: list) -> list[str]:
    """The section's paragraphs and tables in their order."""
    made, seen = [], set()
    for block in re.split(r"\n{2,}", section.strip("\n")):
        if not block.startswith("|"):
            made += [*([".PP"] if made else []), lines(from_markdown(block))]
            continue
        for name, meaning in rows(block):
            if name in names:
                seen.add(name)
                made += setting(name, names[name], meaning, values)
    assert seen == names.keys() - {"$schema"}, f"docs/policy.md lacks {names.keys() - seen}"
    return made


def rows(table: str):
    """(name, meaning) of each line; the meaning is the last column where that is prose."""
    head, _, *body = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()
    ]
    for cells in body:
        text = cells[-1] if head[-1] in ("meaning", "field", "weaker") else ""
        weaker = "*Weaker:* " if head[-1] == "weaker" else ""
        for name in re.findall(r"`([^`]+)`", cells[0]):
            yield name, weaker + text


def setting(name: str, schema: dict, meaning: str, values: list) -> list[str]:
    first, *others = [(profile, rules[name]) for profile, rules in values if name in rules] or [("", None)]
    told = [(profile, value) for profile, value in others if value != first[1]]
    if parts := resolved(schema).get("properties"):
        assert not told, f"{name}: profiles differ in an object"
        made = item(f"\\fB{escaped(name)}\\fR (object)", from_markdown(meaning))
        for part, about in parts.items():
            made += item(head(f"{name}.{part}", about, first[1][part], []), from_markdown(about.get("description", "")))
        return made
    return item(head(name, schema, first[1], told), from_markdown(meaning))


def head(name: str, schema: dict, default, others: list) -> str:
    told = [kind(schema)]
    if default is not None:
        told.append(f"default \\fB{escaped(shown(default))}\\fR")
    told += [f"{profile}: \\fB{escaped(shown(value))}\\fR" for profile, value in others]
    return f"\\fB{escaped(name)}\\fR ({'; '.join(told)})"


def resolved(schema: dict) -> dict:
    while "$ref" in schema:
        schema = {**SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]}
    return schema


def kind(schema: dict) -> str:
    schema = resolved(schema)
    if "enum" in schema:
        return " | ".join(escaped(str(value)) for value in schema["enum"])
    if schema["type"] == "integer" and "maximum" in schema:
        return escaped(f"{schema.get('minimum', 0)} to {schema['maximum']}")
    if schema["type"] == "array":
        return "list of objects" if resolved(schema["items"])["type"] == "object" else "list of strings"
    return schema["type"]


def shown(value) -> str:
    if isinstance(value, list):
        if len(value) > MANY:
            return f"{len(value)} entries, see hardened policy show"
        words = [entry["path"] if isinstance(entry, dict) else str(entry) for entry in value]
        return " ".join(words) or "none"
    return json.dumps(value) if isinstance(value, (bool, int)) else str(value)
