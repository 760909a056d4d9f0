"""Time and memory of an evaluation of boxes and masks, this program against pycocotools.

Usage: python bench_evaluation.py [IMAGES [DETECTIONS_AN_IMAGE [ROUNDS]]]    (5000, 50, 3)
       (pycocotools and numpy from the package index); VILD=path is the program.

Makes a data set of IMAGES photographs' worth of annotations like COCO's (80 categories, about seven
objects an image, outlines of 20 to 60 corners) and detections with compressed masks, then runs both
sides in turn, each in a process of its own: reading both files, and evaluating boxes and masks with
COCO's protocol. Prints seconds, the largest resident memory, and pycocotools' numbers / ours as the
median over the rounds with the range.
"""
import json
import math
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

VILD = os.environ.get("VILD", ".build/release/vild")


def outline(r, x, y, w, h, corners):
    points = []
    for k in range(corners):
        angle = 2 * math.pi * k / corners
        reach = 0.35 + 0.15 * r.random()
        points += [round(x + w * (0.5 + reach * math.cos(angle)), 2),
                   round(y + h * (0.5 + reach * math.sin(angle)), 2)]
    return points


def make(folder, images, per_image):
    import numpy as np
    from pycocotools import mask as rle
    r = random.Random(1)
    width, height = 640, 480
    weights = [1 / (k + 1) for k in range(80)]
    annotations, detections = [], []
    for image in range(1, images + 1):
        objects = []
        for _ in range(min(40, int(r.expovariate(1 / 7.3)))):
            w, h = (min(s, 10 + r.expovariate(1 / 90)) for s in (width, height))
            x, y = r.uniform(0, width - w), r.uniform(0, height - h)
            category = r.choices(range(1, 81), weights)[0]
            objects.append((x, y, w, h, category))
            annotations.append({
                "id": len(annotations) + 1, "image_id": image, "category_id": category,
                "iscrowd": 0, "area": round(0.6 * w * h, 2), "bbox": [round(v, 2) for v in (x, y, w, h)],
                "segmentation": [outline(r, x, y, w, h, r.randint(20, 60))]})
        shapes, found = [], []
        for k in range(per_image):
            if objects and k < 2 * len(objects):
                x, y, w, h, category = objects[k % len(objects)]
                jitter = r.choice([0.03, 0.1, 0.3])
                x, y = x + r.gauss(0, jitter) * w, y + r.gauss(0, jitter) * h
                w, h = w * math.exp(r.gauss(0, jitter)), h * math.exp(r.gauss(0, jitter))
                score = round(r.betavariate(4, 2), 5)
            else:
                w, h = (min(s, 10 + r.expovariate(1 / 90)) for s in (width, height))
                x, y = r.uniform(0, width - w), r.uniform(0, height - h)
                category, score = r.choices(range(1, 81), weights)[0], round(r.betavariate(1, 6), 5)
            shapes.append(outline(r, x, y, w, h, 24))
            found.append((category, [round(v, 2) for v in (x, y, w, h)], score))
        for mask, (category, box, score) in zip(rle.frPyObjects(shapes, height, width), found):
            detections.append({
                "image_id": image, "category_id": category, "bbox": box, "score": score,
                "segmentation": {"size": [height, width], "counts": mask["counts"].decode()}})
    paths = f"{folder}/truth.json", f"{folder}/detections.json"
    with open(paths[0], "w") as file:
        json.dump({"images": [{"id": i, "file_name": f"{i}.jpg", "width": width, "height": height}
                              for i in range(1, images + 1)],
                   "annotations": annotations,
                   "categories": [{"id": c, "name": f"category {c}"} for c in range(1, 81)]}, file)
    with open(paths[1], "w") as file:
        json.dump(detections, file)
    return paths


def theirs(truth_path, detections_path):
    """As a process of its own: prints what `measure` reads."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    start = time.perf_counter()
    truth = COCO(truth_path)
    detections = truth.loadRes(detections_path)
    read = time.perf_counter()
    numbers = []
    for kind in ("bbox", "segm"):
        e = COCOeval(truth, detections, kind)
        e.evaluate()
        e.accumulate()
        e.summarize()
        numbers += e.stats.tolist()
    print("RESULT", json.dumps([read - start, time.perf_counter() - read, numbers]))


def measure(command):
    """Output, and the largest resident memory in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = process.communicate()
    if process.returncode:
        sys.exit(errors)
    return output, errors


def peak(command):
    """Runs in a child of its own, so that the largest of all children is this one's."""
    pipe = os.pipe()
    if os.fork() == 0:
        output, errors = measure(command)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        with os.fdopen(pipe[1], "w") as file:
            json.dump([output, errors, memory], file)
        os._exit(0)
    os.close(pipe[1])
    with os.fdopen(pipe[0]) as file:
        result = json.load(file)
    os.wait()
    return result


def seconds(text):
    return [float(v) for v in re.findall(r"([0-9.e-]+) seconds", text)]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--theirs"]:
        theirs(*sys.argv[2:])
        sys.exit()
    images, per_image, rounds = (int(v) for v in (sys.argv[1:] + ["5000", "50", "3"][len(sys.argv) - 1:]))
    with tempfile.TemporaryDirectory() as folder:
        paths = make(folder, images, per_image)
        sizes = [os.path.getsize(p) / 2 ** 20 for p in paths]
        print(f"{images} images, {per_image} detections each; files of {sizes[0]:.0f} and {sizes[1]:.0f} MiB")
        ratios = {"read": [], "evaluate": [], "both": [], "memory": []}
        for number in range(rounds):
            output, _, memory = peak([sys.executable, __file__, "--theirs", *paths])
            read, evaluate, numbers = json.loads(output[output.index("RESULT") + 6:])
            _, errors, our_memory = peak([
                VILD, "evaluate", "--annotations", paths[0], "--detections", paths[1], "--protocol", "coco",
                "--timing", "--report", f"{folder}/report.json"])
            our_read, our_evaluate = seconds(errors)
            print(f"round {number + 1}: pycocotools reads {read:.1f} s, evaluates {evaluate:.1f} s, {memory:.0f} MiB; "
                  f"vild {our_read:.2f} s, {our_evaluate:.2f} s, {our_memory:.0f} MiB", flush=True)
            for key, ratio in (("read", read / our_read), ("evaluate", evaluate / our_evaluate),
                               ("both", (read + evaluate) / (our_read + our_evaluate)),
                               ("memory", memory / our_memory)):
                ratios[key].append(ratio)
            report = json.load(open(f"{folder}/report.json"))
            ours = [e["groups"][-1]["scores"][f] for e in report["evaluations"] for f in e["figures"]]
            worst = max(abs(a - b) for a, b in zip(ours, numbers, strict=True))
            if worst > 1e-9:
                sys.exit(f"the numbers differ by {worst}")
        for key, values in ratios.items():
            print(f"{key:9} {statistics.median(values):6.1f}  ({min(values):.1f}-{max(values):.1f})")
