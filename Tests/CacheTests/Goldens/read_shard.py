"""An independent reader of shard files, written from schemas/shard-format.md alone.

Prints the records of a shard as JSON after checking everything the document promises:

    python3 read_shard.py shard-v1.zst > shard-v1.json

Needs nothing but the `zstd` command.
"""

import hashlib
import json
import struct
import subprocess
import sys

STATUS = ["ok", "noProposals", "decodeError", "tooLarge", "unsupported", "missing", "crashed"]


def content(frame, size):
    out = subprocess.run(["zstd", "-dcq"], input=frame, capture_output=True, check=True).stdout
    assert len(out) == size, (len(out), size)
    return out


def read(path):
    data = open(path, "rb").read()

    # The seek table, from the end.
    entries, descriptor, magic = struct.unpack("<IBI", data[-9:])
    assert magic == 0x8F92EAB1 and descriptor == 0x80
    start = len(data) - 9 - 12 * entries - 8
    magic, size = struct.unpack_from("<II", data, start)
    assert magic == 0x184D2A5E and size == 12 * entries + 9
    table = [struct.unpack_from("<III", data, start + 8 + 12 * i) for i in range(entries)]
    assert sum(entry[0] for entry in table) == start

    # The footer is the last frame before it.
    size, decoded, checksum = table[-1]
    footer_at = start - size
    assert data[start - 4 : start] == struct.pack("<I", checksum)
    footer = json.loads(content(data[footer_at:start], decoded))
    assert footer["version"] == 1
    assert hashlib.sha256(data[:footer_at]).hexdigest() == footer["sha256"]

    # The header.
    magic, size = struct.unpack_from("<II", data, 0)
    assert magic == 0x184D2A50 and data[8:16] == b"VILDSHRD"
    assert struct.unpack_from("<I", data, 16)[0] == footer["version"]
    assert hashlib.sha256(data[: 8 + size]).hexdigest() == footer["headerSHA256"]
    header = json.loads(data[20 : 8 + size])
    assert header["dtype"] == "float16"
    assert table[0] == (8 + size, 0, 0x51D8E999)
    assert hashlib.sha256(header["recipe"].encode()).hexdigest() == header["recipeHash"]
    assert json.loads(header["recipe"])["teacher"]["dimension"] == header["dimension"]

    width = header["dimension"]
    records = []
    position = 8 + size
    frames = iter(table[1:-1])
    for block in footer["blocks"]:
        columns = []
        for frame in block["frames"]:
            at, end = frame["offset"], frame["offset"] + frame["size"]
            assert at == position
            assert next(frames) == (frame["size"], frame["content"], frame["checksum"])
            assert data[end - 4 : end] == struct.pack("<I", frame["checksum"])
            columns.append(content(data[at:end], frame["content"]))
            position = end
        images, boxes, scores, high, low = columns
        boxes = struct.unpack(f"<{len(boxes) // 4}f", boxes)
        scores = struct.unpack(f"<{len(scores) // 4}f", scores)
        halves = bytes(byte for pair in zip(low, high) for byte in pair)
        vectors = struct.unpack(f"<{len(high)}e", halves)
        text = 32 * block["images"]
        for i in range(block["images"]):
            row = struct.unpack_from("<qIIIIII", images, 32 * i)
            image, first, count, status, image_width, image_height, length = row
            error = images[text : text + length].decode()
            text += length
            if error[-65:-64] == "\n":  # the hash of the image's file
                error = error[:-65]
            records.append({
                "image": image, "status": STATUS[status], "width": image_width,
                "height": image_height, "error": error if status > 1 else None,
                "boxes": boxes[4 * first : 4 * (first + count)],
                "scores": scores[first : first + count],
                "vectors": vectors[width * first : width * (first + count)],
            })
        assert text == len(images)
    assert position == footer_at
    assert len(records) == footer["images"] and len(scores) <= footer["regions"]
    return records


if __name__ == "__main__":
    json.dump(read(sys.argv[1]), sys.stdout, indent=None, separators=(",", ":"))
    print()
