"""An independent reader of exports, written from the formats' own documents.

Prints the images of an export as JSON: read_export.py npz|safetensors|webdataset|mds FOLDER.
Needs nothing but Python's own library; Tests/Peers/check_exports.py asks the real readers.
"""

import ast
import glob
import json
import os
import struct
import sys
import tarfile
import zipfile

STATUS = ["ok", "noProposals", "decodeError", "tooLarge", "unsupported", "missing", "crashed"]
CODES = {"<i8": "q", "<i4": "i", "|u1": "B", "<f4": "f", "<f2": "e",
         "I64": "q", "I32": "i", "U8": "B", "F32": "f", "F16": "e"}


def array(kind, shape, data):
    count = 1
    for length in shape:
        count *= length
    values = struct.unpack(f"<{count}{CODES[kind]}", data)
    return values


def npy(data):
    assert data[:8] == b"\x93NUMPY\x01\x00"
    (length,) = struct.unpack_from("<H", data, 8)
    assert (10 + length) % 64 == 0 and data[9 + length : 10 + length] == b"\n"
    about = ast.literal_eval(data[10 : 10 + length].decode())
    assert about["fortran_order"] is False
    return array(about["descr"], about["shape"], data[10 + length :])


def images(columns):
    ids, offsets, width = columns["ids"], columns["offsets"], 0
    assert len(offsets) == len(ids) + 1 and offsets[-1] == len(columns["scores"])
    if columns["scores"]:
        width = len(columns["vectors"]) // len(columns["scores"])
    for i, image in enumerate(ids):
        a, b = offsets[i], offsets[i + 1]
        yield {
            "id": image, "width": columns["sizes"][2 * i], "height": columns["sizes"][2 * i + 1],
            "status": STATUS[columns["status"][i]], "boxes": columns["boxes"][4 * a : 4 * b],
            "scores": columns["scores"][a:b], "vectors": columns["vectors"][width * a : width * b],
        }


def read_npz(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return images({n[:-4]: npy(archive.read(n)) for n in archive.namelist()})


def read_safetensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    assert len(header.pop("__metadata__")["recipeHash"]) == 64
    end = 0
    columns = {}
    for name, about in sorted(header.items(), key=lambda entry: entry[1]["data_offsets"]):
        start, stop = about["data_offsets"]
        assert start == end
        end = stop
        columns[name] = array(
            about["dtype"], about["shape"], data[8 + length + start : 8 + length + stop])
    assert 8 + length + end == len(data)
    return images(columns)


def read_webdataset(path):
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            key, extension = member.name.split(".", 1)
            assert member.isfile()
            found.setdefault(key, {})[extension] = archive.extractfile(member).read()
    for key, files in found.items():
        about = json.loads(files["json"])
        assert int(key) == about["id"]
        arrays = {name: npy(files[f"{name}.npy"]) for name in ("boxes", "scores", "vectors")}
        assert about.pop("regions") == len(arrays["scores"])
        yield about | arrays


def mds_array(kind, data):
    axes, width = data[0] >> 2, 1 << (data[0] & 3)
    shape = [int.from_bytes(data[1 + i * width :][:width], "little") for i in range(axes)]
    return array(kind, shape, data[1 + axes * width :])


def read_mds(folder):
    index = json.load(open(f"{folder}/index.json"))
    assert index["version"] == 2
    for shard in index["shards"]:
        path = f"{folder}/{shard['raw_data']['basename']}"
        assert os.path.getsize(path) == shard["raw_data"]["bytes"]
        data = open(path, "rb").read()
        (count,) = struct.unpack_from("<I", data)
        assert count == shard["samples"]
        offsets = struct.unpack_from(f"<{count + 1}I", data, 4)
        assert json.loads(data[8 + 4 * count : offsets[0]])["column_names"] == shard["column_names"]
        assert offsets[-1] == len(data)
        for start, end in zip(offsets, offsets[1:]):
            sizes = []
            for size in shard["column_sizes"]:
                if size is None:
                    (size,) = struct.unpack_from("<I", data, start)
                    start += 4
                sizes.append(size)
            sample = {}
            names, encodings = shard["column_names"], shard["column_encodings"]
            for name, encoding, size in zip(names, encodings, sizes):
                value = data[start : start + size]
                start += size
                if encoding == "int":
                    (sample[name],) = struct.unpack("<q", value)
                elif encoding == "str":
                    sample[name] = value.decode()
                else:
                    kind = {"ndarray:float32": "F32", "ndarray:float16": "F16"}[encoding]
                    sample[name] = mds_array(kind, value)
            assert start == end
            sample["error"] = sample["error"] or None
            yield sample


def main(kind, folder):
    if kind == "mds":
        found = list(read_mds(folder))
    else:
        read, extension = {"npz": (read_npz, "npz"), "safetensors": (read_safetensors, "safetensors"),
                           "webdataset": (read_webdataset, "tar")}[kind]
        found = [image for path in sorted(glob.glob(f"{folder}/*.{extension}")) for image in read(path)]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
