"""Runs both sides in turn and prints how they compare: compare.py VILD_BENCH
[--towers|--student|--resnet50] [DATA].

Each measure is taken in ROUNDS pairs of processes, one of each side right after the other, so that
both see the same machine. Printed are medians over the rounds of each process's median; the ratio
is the median of the rounds' own ratios, with the smallest and the largest.
"""

import json
import os
import subprocess
import sys
import tempfile
from statistics import median

ROUNDS = 5
# More sides, or bigger networks.
MASK_RCNN_ROUNDS = 3
TOWER_ROUNDS = 3
MEASURES = {
    "train": "student, training step",
    "detect": "student, inference of an image",
    "embed": "teacher, crop + resize + tower",
    "tower": "teacher, tower only",
}
MASK_RCNN = {
    "train": "Mask R-CNN R50-FPN 640 px, step",
    "detect": "Mask R-CNN R50-FPN 640 px, image",
}
TOWERS = {
    "vit-b32": "ViT-B/32, 224 px, tower only",
    "efficientnet-b7": "EfficientNet-B7, 289 px, tower only",
    "regions": "ViT-B/32, JPEG to embedding",
}
RUNTIMES = {
    "float32": ("PyTorch-float32", "ONNX-Runtime-float32", "OpenVINO-float32", "faster-clip"),
    "bfloat16": ("PyTorch-bfloat16", "OpenVINO-bfloat16"),
}
# vild-bench's exit code where the processor has no such arithmetic; it says so itself.
LACKS_PRECISION = 78
HERE = os.path.dirname(os.path.abspath(__file__))


class Unusable(Exception):
    """A peer that does not run here, such as a library built for another PyTorch."""


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


def tuned(*command):
    """What a peer says of the variant that is fastest: `command` asks it to "tune"."""
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise Unusable(lines[-1])
    return json.loads(result.stdout)


def student(bench, *data):
    weights = f"weights of {data[0]}" if data else "random weights"
    pairs(f"{HERE}/bench.py", {m: (m,) for m in MEASURES}, MEASURES, ROUNDS, bench, weights, *data)


def mask_rcnn(bench):
    """The paper's detector against torchvision's."""
    ours = {m: (f"mask-rcnn-{m}",) for m in MASK_RCNN}
    pairs(f"{HERE}/mask_rcnn.py", ours, MASK_RCNN, MASK_RCNN_ROUNDS, bench, "random weights")


def pairs(script, ours, measures, count, bench, weights, *data):
    """Each measure of `script` against that of vild-bench, both sides in turn."""
    peer = (sys.executable, script)
    announced = False
    for measure, title in measures.items():
        try:
            best = tuned(*peer, measure, "tune", *data)
        except Unusable as reason:
            print(f"{title:32} left out, PyTorch does not run: {reason}", flush=True)
            continue
        if not announced:
            announced = True
            print(f"torch {best['torch']}, {best['threads']} threads each, {weights}, {count} rounds of "
                  "both sides in turn\nmilliseconds an image or crop; ratio above 1: vild is faster\n")
            print(f"{'':32} {'vild':>8} {'PyTorch':>8}  ratio (range)     PyTorch's fastest variant")
        rounds = []
        for _ in range(count):
            rounds.append([median(run(*command)["seconds"]) * 1e3 for command in (
                (bench, *ours[measure], *data), (*peer, measure, best["variant"], *data))])
        ratios = [theirs / ours for ours, theirs in rounds]
        mine, theirs = (median(side) for side in zip(*rounds))
        print(f"{title:32} {mine:8.1f} {theirs:8.1f}  {median(ratios):5.2f} "
              f"({min(ratios):.2f}-{max(ratios):.2f})  {best['variant']}", flush=True)


def towers(bench):
    """The published teachers' towers, random weights, against the runtimes people use."""
    peer = (sys.executable, f"{HERE}/towers.py")
    print(f"\nteachers' image towers, random weights, {TOWER_ROUNDS} rounds of all sides in turn; each "
          "runtime at its best batch\ncrops a second; ratio above 1: vild is faster\n")
    with tempfile.TemporaryDirectory() as folder:
        picture = f"{folder}/photograph.jpg"
        subprocess.run((*peer, "photograph", picture), check=True)
        for measure, title in TOWERS.items():
            sides = {}
            for precision, runtimes in RUNTIMES.items():
                command = (bench, measure, precision, picture)
                if subprocess.run(command, stdout=subprocess.DEVNULL).returncode == LACKS_PRECISION:
                    continue
                sides[precision] = command
                for runtime in runtimes:
                    if measure == "regions" and runtime.startswith("PyTorch"):
                        continue  # always behind the others
                    if measure != "vit-b32" and runtime == "faster-clip":
                        continue  # has no other network
                    try:
                        best = tuned(*peer, measure, runtime, "tune")["variant"]
                    except Unusable as reason:
                        print(f"{title}: {runtime} left out, it does not run: {reason}", flush=True)
                        continue
                    sides[runtime] = (*peer, measure, runtime, best)
            rounds = [{name: median(run(*command)["seconds"]) for name, command in sides.items()}
                      for _ in range(TOWER_ROUNDS)]
            for precision, runtimes in ((p, r) for p, r in RUNTIMES.items() if p in sides):
                ours = 1 / median(r[precision] for r in rounds)
                print(f"{title}, {precision}: vild {ours:.1f}")
                for runtime in (r for r in runtimes if r in sides):
                    ratios = [r[runtime] / r[precision] for r in rounds]
                    theirs = 1 / median(r[runtime] for r in rounds)
                    print(f"  {runtime:24} {theirs:6.1f}  {median(ratios):5.2f} "
                          f"({min(ratios):.2f}-{max(ratios):.2f})  batch {sides[runtime][-1]}",
                          flush=True)


def main(bench, *rest):
    only = rest[0] if rest and rest[0].startswith("--") else None
    if only in (None, "--student"):
        student(bench, *[r for r in rest if not r.startswith("--")])
    if only in (None, "--resnet50"):
        mask_rcnn(bench)
    if only in (None, "--towers"):
        towers(bench)


main(*sys.argv[1:])
