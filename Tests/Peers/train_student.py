"""The student of pipelines/photographs.yaml trained in PyTorch, its losses beside ours:

    train_student.py --images JPEGImages --annotations Annotations --novel car,dog,... \\
        --cache export.npz --names names.safetensors --backbone weights.safetensors \\
        --start checkpoint.safetensors --log runs/NAME/distill-.../log.jsonl --of 2608 --steps 500

Both sides learn from the same images, boxes and teacher's regions with the same sizes, losses,
optimiser and schedule, and start from weights drawn in the same way. Their other random choices
differ (order, flips, sizes, samples), so that means over 50 steps are compared. The cache is
`vild cache export --format npz`, the names are `vild teacher text`, --start is the checkpoint of
`vild distill --until-step 1`, and the log that of a whole run, of as many steps as --of.
"""

import argparse
import json
import math
import os
import xml.etree.ElementTree as xml

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

import student as peers

LOSSES = ("objectness", "proposal_boxes", "text", "boxes", "image")
SIDES = (288, 320, 352)
IMAGES, RATE, BACKBONE_RATE, DECAY, CLIP, WARMUP = 4, 3e-4, 0.1, 0.01, 5, 50
IMAGE_WEIGHT = 0.5


def configuration():
    """The sizes of the recipe."""
    return peers.Configuration(
        anchor_foreground=0.6, proposal_box_weight=100, sampled_regions=48, region_share=0.33,
        box_weight=9, box_delta=0.1111)


def annotation(path):
    """Names and boxes, xyxy pixels from 0."""
    found = []
    for thing in xml.parse(path).getroot().iter("object"):
        box = thing.find("bndbox")
        low = [float(box.find(k).text) - 1 for k in ("xmin", "ymin")]
        high = [float(box.find(k).text) for k in ("xmax", "ymax")]
        found.append((thing.find("name").text, low + high))
    return found


def example(options, names, name, boxes, vectors, generator):
    """What `Student.losses` takes, at a random size, flipped half of the time."""
    picture = Image.open(f"{options.images}/{name}.jpg").convert("RGB")
    scale = int(generator.choice(SIDES)) / max(picture.size)
    width, height = (round(v * scale) for v in picture.size)
    pixels = torch.from_numpy(np.array(picture.resize((width, height), Image.BILINEAR))).float()
    pixels = ((pixels - 127) / 128).permute(2, 0, 1)[None]
    pixels = F.pad(pixels, (0, -width % 32, 0, -height % 32))
    things = [t for t in annotation(f"{options.annotations}/{name}.xml") if t[0] in names]
    objects = torch.tensor([b for _, b in things], dtype=torch.float).view(-1, 4) * scale
    distilled = torch.from_numpy(boxes).float() * scale
    if generator.random() < 0.5:
        pixels[..., :width] = pixels[..., :width].flip(3)
        for rows in (objects, distilled):
            rows[:, [0, 2]] = width - rows[:, [2, 0]]
    labels = torch.tensor([names.index(n) for n, _ in things], dtype=torch.long)
    teacher = F.normalize(torch.from_numpy(vectors.astype(np.float32)))
    return pixels, width, height, objects, labels, torch.zeros(0, 4), distilled, teacher


@torch.no_grad()
def load_heads(student, checkpoint):
    """Ours are [rows, columns, inputs, outputs] and [inputs, outputs]."""
    for name, parameter in student.named_parameters():
        if name.startswith("backbone."):
            continue
        value = checkpoint[f"model.{name}"]
        if value.dim() == 4:
            value = value.permute(3, 2, 0, 1)
        elif value.dim() == 2 and name != "text.background":
            value = value.T
        parameter.copy_(value)


def optimizer(student):
    groups = {}
    for name, parameter in student.named_parameters():
        if parameter.requires_grad:
            key = (name.startswith("backbone."), name.endswith("weight"))
            groups.setdefault(key, []).append(parameter)
    return torch.optim.AdamW([
        {"params": p, "weight_decay": DECAY if kernel else 0, "part": BACKBONE_RATE if old else 1}
        for (old, kernel), p in groups.items()], lr=RATE)


def rate(step, steps):
    if step < WARMUP:
        return RATE * (0.1 + 0.9 * step / WARMUP)
    return RATE * 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (steps - WARMUP)))


def train(options):
    generator = np.random.default_rng(1)
    torch.manual_seed(1)
    with safe_open(options.names, "pt") as file:
        rows = file.get_tensor("embeddings")
        names = [c["name"] for c in json.loads(file.metadata()["categories"])]
    base = [n for n in names if n not in options.novel.split(",")]
    embeddings = F.normalize(rows[[names.index(n) for n in base]].float())
    cache = np.load(options.cache)
    stems = sorted(file[:-4] for file in os.listdir(options.annotations))
    offsets, order = cache["offsets"], [stems[i - 1] for i in cache["ids"]]
    student = peers.Student(configuration())
    student.backbone.load(load_file(options.backbone))
    load_heads(student, load_file(options.start))
    optimiser, sums, queue = optimizer(student), [], []
    for step in range(options.steps):
        figures = dict.fromkeys(LOSSES, 0.0)
        for _ in range(IMAGES):
            queue = queue or generator.permutation(len(order)).tolist()
            i = queue.pop()
            row = slice(offsets[i], offsets[i + 1])
            given = example(options, base, order[i], cache["boxes"][row], cache["vectors"][row],
                            generator)
            losses = student.losses(*given[:-1], embeddings, given[-1])
            (peers.total(losses, IMAGE_WEIGHT) / IMAGES).backward()
            for name in LOSSES:
                figures[name] += losses[name].item() / IMAGES
        figures["gradient_norm"] = torch.nn.utils.clip_grad_norm_(student.parameters(), CLIP).item()
        for group in optimiser.param_groups:
            group["lr"] = rate(step, options.of) * group["part"]
        optimiser.step()
        optimiser.zero_grad()
        sums.append(figures)
        if (step + 1) % 50 == 0:
            yield step + 1, sums[-50:]


def mean(rows, name):
    return sum(r[name] for r in rows) / len(rows)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("images", "annotations", "novel", "cache", "names", "backbone", "start", "log"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--of", type=int, required=True)
    options = parser.parse_args()
    ours = [r for r in map(json.loads, open(options.log)) if "gradient_norm" in r]
    columns = LOSSES + ("gradient_norm",)
    print("| steps | " + " | ".join(f"{c}: ours, PyTorch" for c in columns) + " |")
    print("| ---: " * (1 + len(columns)) + "|")
    for end, rows in train(options):
        parts = [f"{mean(ours[end - 50:end], c):.3f}, {mean(rows, c):.3f}" for c in columns]
        print(f"| {end - 49} to {end} | " + " | ".join(parts) + " |", flush=True)


if __name__ == "__main__":
    main()
