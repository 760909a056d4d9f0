#!/usr/bin/env python3
"""Times the training steps of several ranks beside one process, and foretells what many would do.

usage: bench_ranks.py PROGRAM FOLDER [--network small|resnet50] [--steps N] [--rounds N] [--cores N]

FOLDER becomes what Tests/Faults/training makes; MPI and `make mpi` are needed. Every run is the training of
the same steps of 4 forward passes of an image, in a copy of the folder's runs. Compared are, in turn:

  - one process of --cores threads, and --cores ranks of one thread;
  - steps of 2 and of 4 passes by one thread: what a pass takes, and what each step takes besides (optimiser,
    curves). With the bytes of the gradients that is the model's input.

The model: a rank has a core of its own, F passes a step are shared by N ranks, gradients go round a ring after
the last pass and nothing overlaps, so that a step takes F / N passes + the rest + 2 (N - 1) / N bytes /
bandwidth + 2 (N - 1) latencies of 20 microseconds. Left out: ranks that wait for the slowest image, memory
that the ranks of a machine share, disks.
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import struct
import subprocess

NETWORKS = {
    "small": {"backbone": "{family: resnet18, width: 32}", "channels": 64, "side": 256, "connected": 256},
    "resnet50": {"backbone": "{family: resnet50}", "channels": 256, "side": 320, "connected": 1024},
}


def pipeline(folder, network, passes):
    sizes = NETWORKS[network]
    base = open(f"{folder}/emoji.yaml").read().replace("name: emoji", "name: bench")
    return base + f"""
student:
  method: vild
  initial_weights: backbone
  network:
    detector:
      backbone: {sizes["backbone"]}
      normalization: {{momentum: 0.95}}
      pyramid: {{channels: {sizes["channels"]}}}
      regions: {{fully_connected: [{sizes["connected"]}], sampled_regions: 128}}
      masks: {{enabled: false}}
distillation:
  regions_per_image: 20
  training: {{epochs: 4, images_per_step: {passes}, images_per_forward: 1, learning_rate: 0.0001,
    long_sides: [{sizes["side"]}]}}
"""


class Bench:
    def __init__(self, arguments):
        self.program, self.folder = os.path.abspath(arguments.program), os.path.abspath(arguments.folder)
        self.network, self.steps = arguments.network, arguments.steps

    def prepare(self):
        tool = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Faults/training")
        subprocess.run([tool, self.program, self.folder], check=True, stdout=subprocess.DEVNULL)
        for passes in 2, 4:
            with open(f"{self.folder}/of{passes}.yaml", "w") as file:
                file.write(pipeline(self.folder, self.network, passes))
        self.command("embed", "of4", "bench", 2)

    def command(self, verb, recipe, runs, threads, *more):
        return subprocess.run(
            [self.program, verb, "--pipeline", f"{recipe}.yaml", "--data", ".", "--runs", runs, *more],
            cwd=self.folder, env=os.environ | {"VILD_THREADS": str(threads)}, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def step(self, passes, ranks, threads):
        """The median seconds of a step, without the first two."""
        shutil.rmtree(f"{self.folder}/timed", ignore_errors=True)
        shutil.copytree(f"{self.folder}/bench", f"{self.folder}/timed")
        self.command("distill", f"of{passes}", "timed", threads, "--ranks", str(ranks), "--until-step",
                     str(self.steps))
        [log] = glob.glob(f"{self.folder}/timed/bench/distill-*/log.jsonl")
        lines = [json.loads(line) for line in open(log)]
        return statistics.median([line["seconds"] for line in lines if "learning_rate" in line][2:])

    def gradient_bytes(self):
        """Of the parameters that are trained: those with a velocity."""
        [path] = glob.glob(f"{self.folder}/timed/bench/distill-*/checkpoint.safetensors")
        with open(path, "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        return sum(entry["data_offsets"][1] - entry["data_offsets"][0]
                   for name, entry in header.items() if name.startswith("optimizer."))


def model(each, rest, size, passes, ranks, gigabits):
    exchange = 2 * (ranks - 1) / ranks * size / (gigabits * 1e9 / 8) + 2 * (ranks - 1) * 20e-6
    return passes / ranks * each + rest + exchange


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--network", choices=NETWORKS, default="small")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    bench = Bench(arguments)
    bench.prepare()
    one, several, two = [], [], []
    for _ in range(arguments.rounds):
        one.append(bench.step(4, 1, arguments.cores))
        several.append(bench.step(4, arguments.cores, 1))
    ratios = sorted(a / b for a, b in zip(one, several))
    print(f"{arguments.network}: one process of {arguments.cores} threads / {arguments.cores} ranks of one thread: "
          f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) of the time of a step")
    four = []
    for _ in range(max(1, arguments.rounds // 2)):
        four.append(bench.step(4, 1, 1))
        two.append(bench.step(2, 1, 1))
    each = (statistics.median(four) - statistics.median(two)) / 2
    rest = max(0, statistics.median(two) - 2 * each)
    size = bench.gradient_bytes()
    print(f"one thread: {1 / each:.2f} passes a second, besides {rest / each:.2f} of a pass a step; "
          f"gradients of {size / 1e6:.1f} MB")
    print("| ranks | 64 passes a step, 10 Gbit/s | 100 Gbit/s | 256 passes, 10 Gbit/s | 100 Gbit/s |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for ranks in 1, 2, 4, 8, 16, 32, 64:
        cells = [model(each, rest, size, passes, 1, speed) / model(each, rest, size, passes, ranks, speed)
                 for passes in (64, 256) for speed in (10, 100)]
        print(f"| {ranks} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")


main()
