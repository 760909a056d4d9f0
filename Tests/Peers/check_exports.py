"""Reads exports of a cache with the libraries they are for:

    check_exports.py VILD CACHE

VILD is the executable, CACHE the folder of one cache; exports go to a temporary folder. What the
shards hold is read by Tests/CacheTests/Goldens/read_shard.py, which knows only the document. Needs
numpy, safetensors, webdataset, mosaicml-streaming and pyzstd (Tests/Peers/cache_requirements.txt).
"""

import glob
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/CacheTests/Goldens")
import read_shard  # noqa: E402

ARRAYS = {"boxes": ("<f4", 4), "scores": ("<f4", None), "vectors": ("<f2", -1)}


def expected(cache):
    images = {}
    for path in sorted(glob.glob(f"{cache}/shards/*.zst")):
        for record in read_shard.read(path):
            boxes, scores, vectors = (np.array(record[name], kind) for name, (kind, _) in ARRAYS.items())
            regions = len(scores)
            images[record["image"]] = {
                "width": record["width"], "height": record["height"], "status": record["status"],
                "error": record["error"] or "", "boxes": boxes.reshape(regions, 4), "scores": scores,
                "vectors": vectors.reshape(regions, -1 if regions else WIDTH)}
    return dict(sorted(images.items()))


def compare(found, wanted, keys):
    assert list(found) == list(wanted), (len(found), len(wanted))
    for image, record in wanted.items():
        for key in keys:
            value = found[image][key]
            if key in ARRAYS:
                assert value.dtype == record[key].dtype, (image, key, value.dtype)
                assert value.shape == record[key].shape, (image, key, value.shape)
                assert value.tobytes() == record[key].tobytes(), (image, key)
            else:
                assert value == record[key], (image, key, value, record[key])


def columns(parts):
    images = {}
    for part in parts:
        assert part["offsets"][-1] == len(part["scores"]) == len(part["boxes"]) == len(part["vectors"])
        for i, image in enumerate(part["ids"].tolist()):
            rows = slice(part["offsets"][i], part["offsets"][i + 1])
            images[image] = {name: part[name][rows] for name in ARRAYS}
            images[image]["width"], images[image]["height"] = part["sizes"][i].tolist()
            images[image]["status"] = read_shard.STATUS[part["status"][i]]
    return images


def npz(folder):
    return columns(np.load(path) for path in sorted(glob.glob(f"{folder}/*.npz")))


def safetensors(folder):
    from safetensors.numpy import load_file
    return columns(load_file(path) for path in sorted(glob.glob(f"{folder}/*.safetensors")))


def webdataset(folder):
    import webdataset
    tars = sorted(glob.glob(f"{folder}/*.tar"))
    images = {}
    for sample in webdataset.WebDataset(tars, shardshuffle=False).decode():
        about = sample["json"]
        images[about["id"]] = {name: sample[f"{name}.npy"] for name in ARRAYS} | {
            key: about.get(key, "") for key in ("width", "height", "status", "error")}
    return images


def mds(folder):
    from streaming import StreamingDataset
    data = StreamingDataset(local=folder, shuffle=False, batch_size=1)
    in_order = [sample["id"] for sample in data]
    # And at random, backwards.
    samples = [data[i] for i in reversed(range(len(data)))][::-1]
    assert in_order == [sample["id"] for sample in samples]
    return {int(sample["id"]): sample for sample in samples}


def seekable(cache):
    """Every column of every shard through pyzstd's reader of the seekable format, at random."""
    from pyzstd import SeekableZstdFile
    for path in sorted(glob.glob(f"{cache}/shards/*.zst")):
        plain = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
        with SeekableZstdFile(path) as shard:
            assert shard.seek(0, io.SEEK_END) == len(plain)
            for at in np.random.default_rng(0).integers(0, len(plain), 100).tolist():
                shard.seek(at)
                assert shard.read(1000) == plain[at : at + 1000]
            shard.seek(0)
            assert shard.read() == plain
    return len(plain)


def main(vild, cache):
    global WIDTH
    WIDTH = json.load(open(f"{cache}/recipe.json"))["teacher"]["dimension"]
    wanted = expected(cache)
    both = ["width", "height", "status", *ARRAYS]
    with tempfile.TemporaryDirectory() as folder:
        for name, read, words, keys in [
            ("npz", npz, [], both), ("safetensors", safetensors, [], both),
            ("webdataset", webdataset, [], both + ["error"]), ("mds", mds, [], both + ["error"]),
            ("mds", mds, ["--zstd"], both + ["error"]),
        ]:
            place = f"{folder}/{name}{''.join(words)}"
            subprocess.run(
                [vild, "cache", "export", cache, "--format", name, "--output", place,
                 "--file-size", "1", *words], check=True, stderr=subprocess.DEVNULL)
            compare(read(place), wanted, keys)
            files = json.load(open(f"{place}/export.json"))["files"]
            print(f"{name}{''.join(words)}: {len(wanted)} images in {len(files)} files agree", flush=True)
    seekable(cache)
    print("pyzstd reads the shards anywhere as zstd does")
    with sqlite3.connect(f"file:{cache}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
        assert catalogue.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert [row[0] for row in catalogue.execute("SELECT image FROM location ORDER BY image")] == list(wanted)
    print("sqlite3 reads the catalogue")


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)  # MosaicML's threads take seconds to end
