#!/usr/bin/env python3
"""Compares an exported student in another runtime with `vild detect`, detection by detection.

    onnx_parity.py VILD PIPELINE DATA RUNS IMAGES ANNOTATIONS PROTOCOL [--runtime openvino] [--student FILE]

Exports the pipeline's student (or FILE), checks the graph with onnx.checker and shape inference, runs it over
IMAGES, the folder of the images of ANNOTATIONS, and prints the largest differences of boxes in pixels and of
scores; then the average precision of both by PROTOCOL (coco or lvis) and the seconds an image of the graph. Ends
with 1 where a detection has no partner within 1e-3 pixels, where more than one in a thousand has a score that
differs by more than 1e-5, where detections stand in another order though their scores differ by more, or where
average precision differs by more than 0.1. Of boxes of a category whose scores differ by less, as they do near 1,
either may be the one that suppresses the other; of two proposals whose objectness does, either may be the last that is
kept: then the detections must be those that the graph gives with the other of the two; and a box whose overlap with a
better one is the threshold to 1e-6 may be suppressed or not. What follows from that is counted apart.

Needs onnx, onnxruntime (or openvino), numpy and pillow (Tests/Peers/onnx_requirements.txt).
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image, ImageOps

PIXELS, SCORE, OVERLAP = 1e-3, 1e-5, 1e-6
# From corner and size to two corners.
CORNERS = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]], float)


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def without_store(text):
    """The pipeline file with detections that no store has rounded."""
    text = re.sub(r"^  store:.*\n", "", text, flags=re.M)
    line = "  store: {regions: 0}\n"
    if re.search(r"^detection:\n", text, re.M):
        return re.sub(r"^detection:\n", "detection:\n" + line, text, flags=re.M)
    if re.search(r"^detection:", text, re.M):
        sys.exit("the pipeline's detection is to be written over several lines")
    return text + "\ndetection:\n" + line


def check(model):
    """Returns the choices of detections that the metadata has."""
    import onnx
    loaded = onnx.load(model)
    onnx.checker.check_model(loaded, full_check=True)
    onnx.shape_inference.infer_shapes(loaded, check_type=True, strict_mode=True, data_prop=True)
    assert {node.domain for node in loaded.graph.node} == {""}
    return json.loads(next(p.value for p in loaded.metadata_props if p.key == "vild.detection"))


def opened(model, runtime, names=("boxes", "scores", "categories")):
    """What goes into a model, a path or its bytes, and a function of inputs by name that gives outputs by name."""
    if runtime == "openvino":
        import openvino
        core = openvino.Core()
        compiled = core.compile_model(
            core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        wanted = {port.any_name for port in compiled.inputs}

        def call(inputs):
            found = compiled(inputs)
            return {name: found[compiled.output(name)] for name in names}
        return wanted, call
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    wanted = {port.name for port in session.get_inputs()}
    return wanted, lambda inputs: dict(zip(names, session.run(names, inputs)))


def with_one_more(model, runtime):
    """A function of inputs that gives the graph's regions with one proposal more than it keeps: their objectness,
    boxes [P + 1, 4] and scores [C, P + 1], and which proposals they are."""
    import onnx
    from onnx import TensorProto, helper
    loaded = onnx.load(model)
    first, last = [node for node in loaded.graph.node if node.op_type == "NonMaxSuppression"]
    limit = next(c for c in loaded.graph.initializer if c.name == first.input[2])
    more = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(limit) + 1, "one_more")
    loaded.graph.initializer.append(more)
    first.input[2] = more.name
    names = [first.input[1], first.output[0], last.input[0], last.input[1]]
    for name in names:
        kind = TensorProto.INT64 if name == first.output[0] else TensorProto.FLOAT
        loaded.graph.output.append(helper.make_tensor_value_info(name, kind, None))
    _, call = opened(loaded.SerializeToString(), runtime, names)

    def regions(inputs):
        logits, kept, boxes, scores = call(inputs).values()
        return 1 / (1 + np.exp(-logits[0, 0, kept[:, 2]].astype(float))), boxes[0], scores[0]
    return regions


def with_the_other(regions, names, detection):
    """The detections where the last proposal is the one behind it, if their objectness is equal; else None."""
    objectness, boxes, scores = regions
    count = detection["proposals"]
    if len(objectness) <= count or abs(objectness[count - 1] - objectness[count]) > SCORE:
        return None
    found, places = [], [*range(count - 1), count]
    for category, row in enumerate(scores):
        kept = []
        for place in sorted(places, key=lambda p: -row[p]):
            if row[place] > 0 and row[place] >= detection["scoreThreshold"] and not any(
                    overlap(boxes[place], boxes[k]) > detection["nmsThreshold"] for k in kept):
                kept.append(place)
        found += [(names[category], boxes[k].astype(float), float(row[k])) for k in kept]
    return sorted(found, key=lambda one: -one[2])[:detection["limit"]]


def overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, width) * max(0, height)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def excused(rest, others, last, threshold):
    """Of detections without a partner those that others of another choice between equals explain."""
    def best(some, category):
        return max((s for c, _, s in some if c == category), default=-1)
    return [
        (category, box, score) for category, box, score in rest
        if score <= last + SCORE or any(
            c == category and overlap(box, b) > threshold - SCORE for c, b, _ in others)
        and abs(best(rest, category) - best(others, category)) <= SCORE
    ]


def at_threshold(rest, found, threshold):
    """Of detections without a partner those that overlap a better one of `found`, theirs, by just the threshold."""
    return [one for one in rest if any(
        c == one[0] and s >= one[2] and abs(overlap(one[1], b) - threshold) <= OVERLAP for c, b, s in found)]


def without_edges(rest, own, others, threshold):
    """Of detections without a partner those that neither `own`, at the threshold themselves, explain nor `others`,
    which are and suppress them."""
    return [one for one in rest if not any(one is edge for edge in own) and not any(
        c == one[0] and s >= one[2] and overlap(one[1], b) > threshold for c, b, s in others)]


def compare(ours, theirs, threshold):
    """What one image's detections, (category, box, score) the best first, have in common."""
    free, partners, lost = set(range(len(theirs))), [], []
    pixels, scores = 0.0, []
    for category, box, score in ours:
        near = [(np.abs(theirs[j][1] - box).max(), j) for j in free if theirs[j][0] == category]
        distance, j = min(near, default=(np.inf, -1))
        if distance > PIXELS:
            lost.append((category, box, score))
            continue
        free.remove(j)
        partners.append(theirs[j][2])
        pixels = max(pixels, distance)
        scores.append(abs(theirs[j][2] - score))
    more = [theirs[j] for j in free]
    count = len(lost) + len(more)
    edges = at_threshold(lost, ours, threshold), at_threshold(more, theirs, threshold)
    lost, more = without_edges(lost, *edges, threshold), without_edges(more, *edges[::-1], threshold)
    ties = count - len(lost) - len(more)
    ties += (len(excused(lost, more, theirs[-1][2] if theirs else 0, threshold))
            + len(excused(more, lost, ours[-1][2] if ours else 0, threshold)))
    swapped = sum(after > before + SCORE for before, after in zip(partners, partners[1:]))
    return count - ties, ties, swapped, pixels, scores


def average_precision(vild, rows, annotations, protocol, folder):
    path = f"{folder}/results.json"
    pathlib.Path(path).write_text(json.dumps(rows))
    run(vild, "evaluate", "--detections", path, "--annotations", annotations, "--protocol", protocol,
        "--report", f"{folder}/report.json")
    report = json.loads(pathlib.Path(f"{folder}/report.json").read_text())
    group = next(g for g in report["evaluations"][0]["groups"] if g["name"] == "all")
    return 100 * group["scores"]["AP"]


def main():
    parser = argparse.ArgumentParser()
    for word in ["vild", "pipeline", "data", "runs", "images", "annotations", "protocol"]:
        parser.add_argument(word)
    parser.add_argument("--runtime", choices=["onnxruntime", "openvino"], default="onnxruntime")
    parser.add_argument("--student")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pipeline, model = f"{folder}/pipeline.yaml", f"{folder}/model.onnx"
        pathlib.Path(pipeline).write_text(without_store(pathlib.Path(given.pipeline).read_text()))
        options = ["--pipeline", pipeline, "--data", given.data, "--runs", given.runs]
        options += ["--student", given.student] if given.student else []
        run(given.vild, "export", "student", *options, "--output", model)
        detection = check(model)
        path = run(given.vild, "detect", *options, "--corpus", given.annotations, "--images",
                   given.images, "--no-pictures").split("\n")[1]
        vocabulary = json.loads(pathlib.Path(f"{folder}/model.vocabulary.json").read_text())
        names = vocabulary["names"]
        wanted, call = opened(model, given.runtime)
        more = {"names": np.array(vocabulary.get("embeddings", []), np.float32),
                "text_shares": np.array(vocabulary.get("text_shares", []), np.float32)}
        more = {name: value for name, value in more.items() if name in wanted}
        ids = {c["name"]: c["id"]
               for c in json.loads(pathlib.Path(given.annotations).read_text())["categories"]}
        threshold, regions = detection["nmsThreshold"], with_one_more(model, given.runtime)
        lost = ties = swapped = 0
        pixels, seconds, scores = 0.0, 0.0, []
        ours, theirs = [], []
        rows = [row for row in map(json.loads, open(path).readlines()[1:]) if row["status"] == "ok"]
        for row in rows:
            image = Image.open(f"{given.images}/{row['image']}")
            bytes_ = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
            start = time.perf_counter()
            found = call({"image": bytes_, **more})
            seconds += time.perf_counter() - start
            one = [(d["category"], np.array(d["bbox"]) @ CORNERS, d["score"])
                   for d in row["detections"]]
            other = [(names[c], np.asarray(b, float), float(s)) for c, b, s in zip(
                found["categories"], found["boxes"], found["scores"])]
            result = compare(one, other, threshold)
            if result[0] and (equal := with_the_other(
                    regions({"image": bytes_, **more}), names, detection)) is not None:
                again = compare(one, equal, threshold)
                if again[0] == 0:
                    result = (0, result[0] + result[1], *again[2:])
            lost, ties, swapped = lost + result[0], ties + result[1], swapped + result[2]
            pixels = max(pixels, result[3])
            scores += result[4]
            for results, some in [(ours, one), (theirs, other)]:
                results += [{"image_id": row["id"], "category_id": ids[c], "score": s,
                             "bbox": [*b[:2].tolist(), *(b[2:] - b[:2]).tolist()]}
                            for c, b, s in some]
        beyond = sum(score > SCORE for score in scores)
        print(f"{given.runtime}: {len(rows)} images, {len(ours)} detections; {lost} without a partner and "
              f"{ties} chosen otherwise among equals; {swapped} in another order; at most {pixels:.1e} "
              f"pixels and {max(scores, default=0):.1e} of a score, {beyond} beyond {SCORE:.0e}; "
              f"{seconds / max(1, len(rows)):.3f} s an image", flush=True)
        precision = [average_precision(given.vild, results, given.annotations, given.protocol, folder)
                     for results in (ours, theirs)]
        print(f"AP {precision[0]:.3f} of vild, {precision[1]:.3f} of the graph")
        if lost or swapped or beyond > len(scores) / 1000 or abs(precision[0] - precision[1]) > 0.1:
            sys.exit(1)


if __name__ == "__main__":
    main()
