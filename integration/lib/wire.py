# SPDX-License-Identifier: Apache-2.0
"""Protocol buffers by hand, as much as the CRI needs of them: messages are dictionaries, a schema names their fields.

SCHEMA: message -> {field: (number, kind)}; a kind is `text`, `int` (bool as 0 and 1), `map` (text to text) or a message, `*` before it: repeated.
"""
Schema = dict[str, dict[str, tuple[int, str]]]
VARINT, BYTES = 0, 2  # wire types; the CRI's messages that are used here have no other


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1  # negative ones are ten bytes long
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def delimited(number: int, content: bytes) -> bytes:
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def encode(schema: Schema, message: str, values: dict) -> bytes:
    out = b""
    for name, value in values.items():
        number, kind = schema[message][name]
        for each in value if kind.startswith("*") else [value]:
            out += field(schema, number, kind.lstrip("*"), each)
    return out


def field(schema: Schema, number: int, kind: str, value) -> bytes:
    if kind == "int":
        return varint(number << 3 | VARINT) + varint(int(value))
    if kind == "text":
        return delimited(number, value.encode())
    if kind == "map":
        pairs = ((delimited(1, key.encode()), delimited(2, text.encode())) for key, text in value.items())
        return b"".join(delimited(number, key + text) for key, text in pairs)
    return delimited(number, encode(schema, kind, value))


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """What a message holds, by number."""
    found, place = [], 0
    while place < len(data):
        tag, place = read_varint(data, place)
        value, place = read_varint(data, place)
        if tag & 7 == BYTES:
            value, place = data[place : place + value], place + value
        elif tag & 7 != VARINT:
            raise ValueError(f"wire type {tag & 7} of field {tag >> 3}")
        found.append((tag >> 3, value))
    return found


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def decode(schema: Schema, message: str, data: bytes) -> dict:
    """The fields that the schema names; what is absent has its empty value, as the format wants it."""
    known = {number: (name, kind) for name, (number, kind) in schema[message].items()}
    empty = {"int": 0, "text": "", "map": {}}
    found = {name: empty.get(kind, {}).copy() if kind == "map" else empty.get(kind, {}) for name, kind in known.values()}
    for number, value in fields(data):
        if number not in known:
            continue
        name, kind = known[number]
        if kind == "map":
            pair = dict(fields(value))
            found[name][pair.get(1, b"").decode()] = pair.get(2, b"").decode(errors="surrogateescape")
        elif kind == "text":
            found[name] = value.decode(errors="surrogateescape")
        else:
            found[name] = value if kind == "int" else decode(schema, kind, value)
    return found
