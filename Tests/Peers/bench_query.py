#!/usr/bin/env python3
"""Labels the stored regions of many images with new names: this program beside numpy over plain .npy files.

usage: bench_query.py BENCH FOLDER [IMAGES] [NAMES]

BENCH is .build/release/vild-cache-bench, FOLDER one on a fast disk that may be filled (some 100 kB an
image and precision). An image has 100 regions with vectors of 512 numbers. Both sides read, multiply, take
the softmax with the geometric mean of objectness, and keep 300 detections an image; this program also
suppresses overlapping boxes of each name, writes its JSON lines durably and checks every byte, which numpy
does not. Three runs each, in turn; medians. Everything is in the page cache.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

bench, folder = sys.argv[1:3]
images = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
names = int(sys.argv[4]) if len(sys.argv) > 4 else 100


def ours(precision):
    store = f"{folder}/store-{precision}"
    if not os.path.exists(store):
        subprocess.run([bench, "store", store, str(images), precision], check=True, stdout=subprocess.DEVNULL)
    out = subprocess.run([bench, "query", store, str(names)], check=True, stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def written():
    """One file an image, as people keep them."""
    place = f"{folder}/npy"
    if not os.path.exists(place):
        os.makedirs(place)
        some = np.random.default_rng(1).standard_normal((32, 100, 512))
        some /= np.linalg.norm(some, axis=-1, keepdims=True)
        for i in range(images):
            np.save(f"{place}/{i:07}.npy", some[i % 32].astype(np.float16))
    return [f"{place}/{i:07}.npy" for i in range(images)]


def plain(files, text, objectness):
    start = time.monotonic()
    for file in files:
        logits = np.load(file).astype(np.float32) @ text.T * 100
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        scores = np.sqrt(p * objectness[:, None]).ravel()
        best = np.argpartition(scores, -300)[-300:] if scores.size > 300 else np.arange(scores.size)
        scores[best[np.argsort(-scores[best])]]
    return len(files) / (time.monotonic() - start)


rng = np.random.default_rng(2)
text = rng.standard_normal((names, 512)).astype(np.float32)
text /= np.linalg.norm(text, axis=1, keepdims=True)
objectness = rng.random(100).astype(np.float32)
files = written()
runs = {"numpy, .npy in float16": []}
details = {}
for _ in range(3):
    runs["numpy, .npy in float16"].append(plain(files, text, objectness))
    for precision in ("float32", "float16", "int8"):
        found = ours(precision)
        runs.setdefault(precision, []).append(found["images_per_second"])
        details.setdefault(precision, []).append(found)
numpy = statistics.median(runs["numpy, .npy in float16"])
print(f"{images} images, {names} names")
print("| regions from | images/s | of numpy | reading and product of the time | resident MB |")
print("| --- | ---: | ---: | ---: | ---: |")
print(f"| numpy, .npy in float16 | {numpy:.0f} | 1 | | |")
for precision, found in details.items():
    rate = statistics.median(runs[precision])
    share = statistics.median(f["share_of_limit"] for f in found)
    resident = max(f["resident"] for f in found) / 1e6
    print(f"| store, {precision} | {rate:.0f} | {rate / numpy:.2f} | {share:.2f} | {resident:.0f} |")
