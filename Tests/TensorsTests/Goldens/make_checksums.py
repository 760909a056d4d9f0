"""Writes checksums.safetensors and checksums-integers.safetensors as vild writes such files, by hand:
with `xxh3:NAME`, the XXH3 of each tensor's bytes, and `xxh3`, that of all before them.

Needs xxhash 4.1.0.
"""

import json
import struct
from pathlib import Path

import xxhash

here = Path(__file__).parent


def beginning(metadata, tensors):
    """The header's length and the header."""
    header, place = {"__metadata__": metadata}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [place, place + len(data)]}
        place += len(data)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def write(name, metadata, tensors):
    for tensor, (_, _, data) in tensors.items():
        metadata[f"xxh3:{tensor}"] = xxhash.xxh3_128_hexdigest(data)
    # Of the beginning with zeros in the place of its digits.
    checksum = xxhash.xxh3_128_hexdigest(beginning(metadata | {"xxh3": "0" * 32}, tensors))
    body = b"".join(data for _, _, data in tensors.values())
    (here / name).write_bytes(beginning(metadata | {"xxh3": checksum}, tensors) + body)


write("checksums.safetensors", {"step": "12", "name": 'a "quoted" one'}, {
    "b": ("F32", [2, 2], struct.pack("<4f", 1, -2, 3.5, 0)),
    "a": ("F32", [0, 3], b""),
    "one": ("F32", [], struct.pack("<f", 7)),
})
write("checksums-integers.safetensors", {}, {
    "wide": ("I64", [2], struct.pack("<2q", -1, 1 << 40)),
    "narrow": ("U8", [3], bytes([0, 7, 255])),
})
