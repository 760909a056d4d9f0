#!/usr/bin/env python3
"""What a region store's precision and size cost in average precision, bytes and time.

usage: store_precision.py VILD PIPELINE DATA RUNS IMAGES ANNOTATIONS PROTOCOL

Labels IMAGES, the folder of the images of ANNOTATIONS, with the pipeline's student and names: without a store,
and with stores of several precisions and numbers of regions. Evaluates each with VILD. Stores and detections
stay under RUNS.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

vild, pipeline, data, runs, images, annotations, protocol = sys.argv[1:]
text = pathlib.Path(pipeline).read_text()


def run(*words):
    done = subprocess.run([vild, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def bytes_of(path):
    return sum(f.stat().st_size for f in pathlib.Path(path).rglob("*") if f.is_file())


def variant(regions, precision):
    store = f"  store: {{regions: {regions}, precision: {precision}}}\n"
    if re.search(r"^detection:\s*\{", text, re.M):
        sys.exit("the pipeline's detection is to be written over several lines")
    if re.search(r"^detection:\n", text, re.M):
        return re.sub(r"^detection:\n", "detection:\n" + store, text, flags=re.M)
    return text + "\ndetection:\n" + store


ids = {c["name"]: c["id"] for c in json.loads(pathlib.Path(annotations).read_text())["categories"]}


def results(path):
    """COCO results by the annotations' ids."""
    rows = [json.loads(line) for line in open(path)][1:]
    return [
        {"image_id": row["id"], "category_id": ids[found["category"]], "bbox": found["bbox"],
         "score": found["score"]}
        for row in rows for found in row["detections"]
    ]


print("| regions kept | precision | AP | AP50 | of the AP without a store | bytes an image |")
print("| ---: | --- | ---: | ---: | ---: | ---: |")
whole = None
for regions, precision in [
    (0, "float32"), (100_000, "float32"), (100_000, "float16"), (100_000, "int8"), (100, "float32"),
    (100, "float16"), (100, "int8"), (50, "int8"),
]:
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/pipeline.yaml"
        pathlib.Path(file).write_text(variant(regions, precision))
        options = ["--pipeline", file, "--data", data, "--runs", runs]
        corpus = ["--corpus", annotations, "--images", images]
        lines = run("detect", *options, *corpus, "--no-pictures").split("\n")[1]
        pathlib.Path(f"{folder}/results.json").write_text(json.dumps(results(lines)))
        run("evaluate", "--detections", f"{folder}/results.json", "--annotations", annotations,
            "--protocol", protocol, "--report", f"{folder}/report.json")
        report = json.loads(pathlib.Path(f"{folder}/report.json").read_text())
        size = ""
        if regions:
            plan = json.loads(run("detect", *options, *corpus, "--plan", "--json"))
            size = f"{bytes_of(plan['store'] + '/shards') / plan['images']:.0f}"
    group = next(g for g in report["evaluations"][0]["groups"] if g["name"] == "all")
    scores = group["scores"]
    whole = whole or scores["AP"]
    kept = "no store" if regions == 0 else "all" if regions == 100_000 else regions
    print(f"| {kept} | {precision if regions else ''} | {100 * scores['AP']:.2f} | {100 * scores['AP50']:.2f} | "
          f"{scores['AP'] / whole:.4f} | {size} |", flush=True)
