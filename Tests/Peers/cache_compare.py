"""Compares the teacher cache with other stores of region embeddings, in one run:

    cache_compare.py VILD_CACHE_BENCH FOLDER [IMAGES [ROUNDS]]

FOLDER is where the stores are made, about 2 GB for 1,024 images. In each round every store writes
and reads once, one process a measure, one after the other, so that all see the same machine; the
page cache is warm. Printed are medians over the rounds. vild checks every checksum, the others none.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
STORES = ["vild", "mds-zstd", "mds", "webdataset", "npy", "lmdb"]
MEASURES = ["write", "first", "sequential", "random", "again"]


def main(bench, folder, images="1024", rounds="3"):
    found = {store: {measure: [] for measure in MEASURES} for store in STORES}
    os.makedirs(folder, exist_ok=True)
    for _ in range(int(rounds)):
        for store in STORES:
            shutil.rmtree(f"{folder}/{store}", ignore_errors=True)
        for measure in MEASURES:
            for store in STORES:
                if store == "webdataset" and measure in ("random", "again"):
                    continue
                place = f"{folder}/{store}"
                # MosaicML unpacks a compressed shard into its folder and leaves it there; only
                # "again" reads what was unpacked before.
                if store == "mds-zstd" and measure != "again":
                    for path in glob.glob(f"{place}/*.mds"):
                        os.remove(path)
                command = [bench] if store == "vild" else [sys.executable, f"{HERE}/cache_bench.py", store]
                command += [measure.replace("again", "random"), place]
                command += [images] if measure == "write" else []
                result = subprocess.run(
                    command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
                found[store][measure].append(json.loads(result.stdout))
    print(f"{images} images, {rounds} rounds; images/s but for the first batch of 16, in ms\n")
    print(f"{'':12}{'written,':>10}{'first':>8}{'in':>9}{'at':>9}{'once':>9}{'bytes an':>10}{'most':>10}")
    print(f"{'':12}{'durable':>10}{'batch':>8}{'order':>9}{'random':>9}{'more':>9}{'image':>10}{'MiB':>10}")
    for store in STORES:
        def rate(measure):
            runs = found[store][measure]
            return f"{median(r['images'] / r['seconds'] for r in runs):.0f}" if runs else "-"
        first = median(r["seconds"] for r in found[store]["first"]) * 1e3
        size = median(r["bytes"] for r in found[store]["write"]) / int(images)
        most = max(r["resident"] for m in MEASURES[1:] for r in found[store][m]) / 2**20
        print(f"{store:12}{rate('write'):>10}{first:8.1f}{rate('sequential'):>9}{rate('random'):>9}"
              f"{rate('again'):>9}{size:10.0f}{most:10.0f}")
    ratios = {
        "sequential, times WebDataset": ("sequential", "webdataset"),
        "random, times MDS zstd": ("random", "mds-zstd"),
        "random, times MDS zstd unpacked": ("again", "mds-zstd"),
        "durable writes, times MDS zstd": ("write", "mds-zstd"),
        "durable writes, times MDS": ("write", "mds"),
    }
    print()
    for title, (measure, peer) in ratios.items():
        pairs = zip(found["vild"][measure], found[peer][measure])
        values = sorted(theirs["seconds"] / ours["seconds"] for ours, theirs in pairs)
        print(f"{title:34}{median(values):6.2f} ({values[0]:.2f}-{values[-1]:.2f})")
    shutil.rmtree(folder)


main(*sys.argv[1:])
