#!/usr/bin/env python3
"""Compares an exported student in another runtime with `vild detect`, detection by detection.

    onnx_parity.py VILD PIPELINE DATA RUNS IMAGES ANNOTATIONS PROTOCOL [--runtime openvino] [--student FILE]

Exports the pipeline's student (or FILE), checks the graph with onnx.checker and shape inference, runs it over
IMAGES, the folder of the images of ANNOTATIONS, and prints the largest differences of boxes in pixels and of
scores; then the average precision of both by PROTOCOL (coco or lvis) and the seconds an image of the graph. Ends
with 1 where a detection has no partner within 1e-3 pixels and a score of 1e-5, or where detections stand in
another order though their scores differ by more.

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

PIXELS, SCORE = 1e-3, 1e-5


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
    import onnx
    loaded = onnx.load(model)
    onnx.checker.check_model(loaded, full_check=True)
    onnx.shape_inference.infer_shapes(loaded, check_type=True, strict_mode=True, data_prop=True)
    assert {node.domain for node in loaded.graph.node} == {""}


def opened(model, runtime):
    """A function of inputs by name that gives outputs by name."""
    if runtime == "openvino":
        import openvino
        compiled = openvino.Core().compile_model(
            model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        wanted = {port.any_name for port in compiled.inputs}
        return wanted, lambda inputs: {
            port.any_name: value for port, value in compiled(inputs).items()}
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    wanted = {port.name for port in session.get_inputs()}
    return wanted, lambda inputs: dict(zip(names, session.run(names, inputs)))


def compare(expected, found, names):
    """Detections without a partner, swapped ones, and the largest differences."""
    boxes, scores = found["boxes"], found["scores"]
    categories = [names[c] for c in found["categories"]]
    free = set(range(len(scores)))
    partners, lost, pixels, score = [], 0, 0.0, 0.0
    for one in expected:
        x, y, w, h = one["bbox"]
        box = np.array([x, y, x + w, y + h])
        near = [(np.abs(boxes[j] - box).max(), j) for j in free
                if categories[j] == one["category"] and abs(scores[j] - one["score"]) <= SCORE]
        distance, j = min(near, default=(np.inf, -1))
        if distance > PIXELS:
            lost += 1
            continue
        free.remove(j)
        partners.append(j)
        pixels = max(pixels, distance)
        score = max(score, abs(float(scores[j]) - one["score"]))
    swapped = 0
    for before, after in zip(partners, partners[1:]):
        swapped += before > after and abs(scores[before] - scores[after]) > SCORE
    return lost + len(free), swapped, pixels, score


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
        check(model)
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
        lost = swapped = count = 0
        pixels = score = seconds = 0.0
        ours, theirs = [], []
        rows = [row for row in map(json.loads, open(path).readlines()[1:]) if row["status"] == "ok"]
        for row in rows:
            image = Image.open(f"{given.images}/{row['image']}")
            bytes_ = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
            start = time.perf_counter()
            found = call({"image": bytes_, **more})
            seconds += time.perf_counter() - start
            result = compare(row["detections"], found, names)
            lost, swapped = lost + result[0], swapped + result[1]
            pixels, score = max(pixels, result[2]), max(score, result[3])
            count += len(row["detections"])
            for one in row["detections"]:
                ours.append({"image_id": row["id"], "category_id": ids[one["category"]],
                             "bbox": one["bbox"], "score": one["score"]})
            for (x0, y0, x1, y1), s, c in zip(
                    found["boxes"].tolist(), found["scores"].tolist(), found["categories"]):
                theirs.append({"image_id": row["id"], "category_id": ids[names[c]],
                               "bbox": [x0, y0, x1 - x0, y1 - y0], "score": s})
        print(f"{given.runtime}: {len(rows)} images, {count} detections; {lost} without a partner, "
              f"{swapped} in another order; at most {pixels:.1e} pixels and {score:.1e} of a score; "
              f"{seconds / max(1, len(rows)):.3f} s an image", flush=True)
        precision = [average_precision(given.vild, results, given.annotations, given.protocol, folder)
                     for results in (ours, theirs)]
        print(f"AP {precision[0]:.3f} of vild, {precision[1]:.3f} of the graph")
        if lost or swapped or abs(precision[0] - precision[1]) > 0.1:
            sys.exit(1)


if __name__ == "__main__":
    main()
