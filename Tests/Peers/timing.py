"""What the PyTorch sides of the benchmarks share."""

import json
import os
import time

import numpy as np
import torch

THREADS = int(os.environ.get("VILD_THREADS") or len(os.sched_getaffinity(0)))
torch.set_num_threads(THREADS)
torch.manual_seed(0)
LAYOUTS = {"plain": torch.contiguous_format, "channels-last": torch.channels_last}


def boxes(count, scale):
    """The same boxes as on the other side, for an image of 640 x 480 times scale."""
    i = np.arange(count)
    x, y, w, h = i * 97 % 400, i * 61 % 300, 20 + i * 53 % 220, 20 + i * 29 % 170
    return torch.tensor(np.stack([x, y, x + w, y + h], 1) * scale, dtype=torch.float32)


def seconds(step, budget, least=3):
    """Seconds of each repetition, after warming up."""
    step()
    step()
    times, end = [], time.perf_counter() + budget
    while len(times) < least or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times


def report(measures, measure, variant, *data):
    """Prints JSON: the seconds of an item of `measure`, or with "tune" the fastest variant.

    A measure is a function that makes a step and says how many items that is, and its variants.
    """
    make, variants = measures[measure]
    if variant == "tune":
        best = {v: min(seconds(make(v, *data)[0], 0, least=1)) for v in variants}
        print(json.dumps({"variant": min(best, key=best.get), "torch": torch.__version__,
                          "threads": THREADS}))
        return
    step, items = make(variant, *data)
    print(json.dumps({"seconds": [t / items for t in seconds(step, 2)]}))
