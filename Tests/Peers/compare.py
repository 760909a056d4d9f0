"""Runs both sides in turn and prints how they compare: compare.py VILD_BENCH [DATA].

Each measure is taken in ROUNDS pairs of processes, one of each side right after the other, so that
both see the same machine. Printed are medians over the rounds of each process's median; the ratio
is the median of the rounds' own ratios, with the smallest and the largest.
"""

import json
import os
import subprocess
import sys
from statistics import median

ROUNDS = 5
MEASURES = {
    "train": "student, training step",
    "detect": "student, inference of an image",
    "embed": "teacher, crop + resize + tower",
    "tower": "teacher, tower only",
}
HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


def main(bench, *data):
    peer = (sys.executable, f"{HERE}/bench.py")
    for measure, title in MEASURES.items():
        best = run(*peer, measure, "tune", *data)
        if measure == next(iter(MEASURES)):
            weights = f"weights of {data[0]}" if data else "random weights"
            print(f"torch {best['torch']}, {best['threads']} threads each, {weights}, {ROUNDS} rounds of "
                  "both sides in turn\nmilliseconds an image or crop; ratio above 1: vild is faster\n")
            print(f"{'':32} {'vild':>8} {'PyTorch':>8}  ratio (range)     PyTorch's fastest variant")
        pairs = []
        for _ in range(ROUNDS):
            pairs.append([median(run(*command)["seconds"]) * 1e3 for command in (
                (bench, measure, *data), (*peer, measure, best["variant"], *data))])
        ratios = [theirs / ours for ours, theirs in pairs]
        ours, theirs = (median(side) for side in zip(*pairs))
        print(f"{title:32} {ours:8.1f} {theirs:8.1f}  {median(ratios):5.2f} "
              f"({min(ratios):.2f}-{max(ratios):.2f})  {best['variant']}", flush=True)


main(*sys.argv[1:])
