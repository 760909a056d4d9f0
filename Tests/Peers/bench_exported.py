#!/usr/bin/env python3
"""The speed of students here and of their exported graphs in ONNX Runtime and OpenVINO.

    bench_exported.py VILD_BENCH [--rounds 5] [--students mask-rcnn,lite0,emoji] [--peers 'OpenVINO bfloat16']

Students are those of Tests/Benchmarks/Benchmark+Exported.swift, with random weights: a ViLD on Mask R-CNN's R50-FPN at
640 pixels with 1,000 proposals and masks, the one of pipelines/photographs.yaml at 320 pixels, and the one of
pipelines/emoji.yaml at 256 pixels. All sides go from the same bytes of an image to detections and mask cells, with two
threads (VILD_THREADS sets another number): an image by both, or an image by each, whichever is faster for that side. The
scores of all sides are compared first: in float32 each with ours within 1e-4; in bfloat16 in descending order, the mean
difference within ROUGHLY of the mean score, as regions of equal scores may change places. Each round has one process of
each side, one after the other; printed are medians over the rounds of each process's median, the ratio as median of the rounds' ratios with the smallest and the largest,
and the most memory that a process held. bfloat16 is left out where the processor has none.

Needs numpy, onnxruntime and openvino (Tests/Peers/onnx_requirements.txt); build vild-bench first:
swift build -c release --traits OneDNN --product vild-bench.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from statistics import median

THREADS = os.environ.setdefault("VILD_THREADS", "2")
WAYS = ("one", "each")
# Students of random weights know nothing: their scores are close together, and rounding chooses among them.
ROUGHLY = 0.1
OURS = ("vild float32", "vild bfloat16")
PEERS = ("ONNX Runtime float32", "OpenVINO float32", "OpenVINO bfloat16")


def inputs(folder):
    import numpy as np
    with open(f"{folder}/about.json", encoding="utf-8") as file:
        about = json.load(file)
    return {"image": np.fromfile(f"{folder}/image.bin", np.uint8).reshape(about["image"]),
            "names": np.fromfile(f"{folder}/names.bin", np.float32).reshape(about["names"])}, about


def onnx_runtime(folder, way):
    """A function that works on so many images at once, and their number."""
    import onnxruntime
    given, _ = inputs(folder)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = int(THREADS) if way == "one" else 1
    session = onnxruntime.InferenceSession(
        f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    if way == "one":
        return lambda: [session.run(["boxes", "scores", "categories", *masks(session)], given)], 1
    pool = ThreadPoolExecutor(int(THREADS))
    count = int(THREADS)
    return lambda: list(pool.map(
        lambda _: session.run(["boxes", "scores", "categories", *masks(session)], given), range(count))), count


def masks(session):
    return [output.name for output in session.get_outputs() if output.name == "masks"]


def openvino(folder, way, precision):
    import openvino
    core = openvino.Core()
    if precision == "bfloat16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        sys.exit("the processor has no bfloat16")
    given, _ = inputs(folder)
    compiled = core.compile_model(f"{folder}/model.onnx", "CPU", {
        "PERFORMANCE_HINT": "LATENCY" if way == "one" else "THROUGHPUT",
        "INFERENCE_NUM_THREADS": int(THREADS),
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32"})
    names = ["boxes", "scores"]
    if way == "one":
        def call():
            found = compiled(given)
            return [[found[compiled.output(name)] for name in names]]
        return call, 1
    count, found = int(THREADS), []
    queue = openvino.AsyncInferQueue(compiled, count)
    queue.set_callback(lambda request, _: found.append(
        [request.get_tensor(name).data.copy() for name in names]))

    def calls():
        found.clear()
        for _ in range(count):
            queue.start_async(given)
        queue.wait_all()
        return found
    return calls, count


def peer(name, way, folder, budget):
    """Measures a runtime in this process, and prints JSON as vild-bench does."""
    import time

    import numpy as np
    runtime, precision = name.rsplit(" ", 1)
    call, count = (onnx_runtime(folder, way) if runtime == "ONNX Runtime" else openvino(folder, way, precision))
    expected = inputs(folder)[1]["scores"]
    for _ in range(2):
        for found in call():
            check(precision, np.asarray(found[1], float), expected)
    seconds, end = [], time.perf_counter() + float(budget)
    while len(seconds) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        seconds.append((time.perf_counter() - start) / count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak}))


def check(precision, scores, expected):
    import numpy as np
    expected = np.array(expected)
    if len(scores) == len(expected):
        if precision == "float32" and np.abs(scores - expected).max() <= 1e-4:
            return
        difference = np.abs(np.sort(scores) - np.sort(expected)).mean() / expected.mean()
        if precision == "bfloat16" and difference <= ROUGHLY:
            return
        sys.exit(f"its scores are others: {difference:.3g} of them on average")
    sys.exit(f"it has {len(scores)} detections, not {len(expected)}")


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no word"])[-1])
    return json.loads(done.stdout)


def compare(bench, student, rounds, budget, peers, folder):
    with open(f"{folder}/about.json", "w", encoding="utf-8") as file:
        about = run([bench, "graph", student, folder])
        json.dump(about, file)
    if about["bfloat16"] is not None:
        check("bfloat16", about["bfloat16"], about["scores"])
    sides = {}
    commands = {
        name: lambda way, name=name: [bench, "exported", student, way, name.split()[1]]
        for name in OURS
    } | {
        name: lambda way, name=name: [sys.executable, __file__, "--peer", name, way, folder, str(budget)]
        for name in peers}
    for name, command in commands.items():
        try:
            times = {way: median(run(command(way))["seconds"]) for way in WAYS}
        except RuntimeError as reason:
            print(f"{student}: {name} left out: {reason}", flush=True)
            continue
        way = min(times, key=times.get)
        sides[name] = (way, command(way))
    found = [{name: run(command) for name, (_, command) in sides.items()} for _ in range(rounds)]
    for name, (way, _) in sides.items():
        times = [median(r[name]["seconds"]) for r in found]
        ratios = [t / median(r["vild float32"]["seconds"]) for t, r in zip(times, found)]
        peak = max(r[name]["peak_bytes"] for r in found)
        print(f"| {student} | {name} | {1e3 * median(times):.1f} | {median(ratios):.2f} | "
              f"{min(ratios):.2f}-{max(ratios):.2f} | {peak / 1e6:.0f} | {way} |", flush=True)


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer(*sys.argv[2:])
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--students", default="mask-rcnn,lite0,emoji")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--budget", type=float, default=2, help="seconds of a runtime's process")
    given = parser.parse_args()
    print(f"{THREADS} threads each, {given.rounds} rounds; ratio above 1: vild in float32 is faster\n\n"
          "| student | runtime | ms an image | ratio | range | MB | image by |\n"
          "| --- | --- | ---: | ---: | --- | ---: | --- |", flush=True)
    for student in given.students.split(","):
        with tempfile.TemporaryDirectory() as folder:
            compare(given.bench, student, given.rounds, given.budget, given.peers.split(","), folder)


if __name__ == "__main__":
    main()
