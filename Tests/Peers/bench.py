"""One measure of the PyTorch side: python bench.py MEASURE VARIANT [DATA] prints JSON.

The variant "tune" tries all variants of a measure and names the fastest. The work is that of
Tests/Benchmarks, image for image and box for box; weights are random unless DATA has real ones.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import student as peers
from timing import LAYOUTS, THREADS, boxes, report


def noise(width, height):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def load(network, data, path):
    if data:
        from safetensors.torch import load_file
        network.load(load_file(f"{data}/{path}"))


def detector(layout, data=None):
    student = peers.Student(peers.Configuration())
    load(student.backbone, data, "backbone/efficientnet-lite0.safetensors")
    return student.to(memory_format=LAYOUTS[layout])


def pixels(image, layout):
    """The image is as large as the detector's input; only normalised."""
    x = (torch.from_numpy(np.array(image)).float() - 127) / 128
    return x.permute(2, 0, 1)[None].contiguous(memory_format=LAYOUTS[layout])


def train(layout, data=None):
    """Forward, backward and SGD with 128 sampled and 150 distilled regions of an image."""
    student = detector(layout, data)
    optimizer = student.optimizer(rate=1e-4)
    image, objects = noise(512, 384), boxes(8, 0.8)
    base, teacher = F.normalize(torch.randn(48, 384)), F.normalize(torch.randn(150, 384))

    def step():
        losses = student.losses(
            pixels(image, layout), 512, 384, objects, torch.arange(8), torch.zeros(0, 4),
            boxes(150, 0.8), base, teacher)
        optimizer.zero_grad()
        peers.total(losses, 0.5).backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 10)
        optimizer.step()
    return step, 1


def detect(layout, data=None):
    """Two images: boxes, embeddings and probabilities among 65 names, of 256 proposals each."""
    student = detector(layout, data)
    student.backbone.fold()
    image, names = noise(512, 384), F.normalize(torch.randn(65, 384))

    @torch.inference_mode()
    def step():
        for _ in range(2):
            _, _, embeddings = student.detect(pixels(image, layout), 512, 384, 256)
            student.logits(embeddings, names).softmax(1)
    return step, 2


def tower(variant, data=None, crops=None):
    """The teacher's image tower alone, over 32 crops."""
    batch, layout = variant.split(" ")
    network = peers.EfficientNet(peers.LITE2, head=1280)
    load(network, data, "teacher-conse/image_tower.safetensors")
    network = network.fold().to(memory_format=LAYOUTS[layout])
    for module in network.modules():
        if isinstance(module, peers.Unit):
            module.kernel = (module.kernel[0].contiguous(memory_format=LAYOUTS[layout]),
                             module.kernel[1])
    names = F.normalize(torch.randn(1000, 384))
    given = torch.randn(32, 3, 260, 260)

    @torch.inference_mode()
    def step():
        for i in range(0, 32, int(batch)):
            x = crops(i, i + int(batch)) if crops else given[i:i + int(batch)]
            x = x.contiguous(memory_format=LAYOUTS[layout])
            F.normalize(network(x).softmax(1) @ names)
    return step, 32


def embed(variant, data=None):
    """Crop, antialiased bicubic resize, normalise, and the tower, for 16 regions at 1x and 1.5x."""
    image, pool = noise(640, 480), ThreadPoolExecutor(THREADS)
    rectangles = []
    for x0, y0, x1, y1 in boxes(16, 1).tolist():
        for factor in (1, 1.5):
            x, y, w, h = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) * factor / 2, (y1 - y0) * factor / 2
            rectangles.append(tuple(round(v) for v in (
                max(0, x - w), max(0, y - h), min(640, x + w), min(480, y + h))))

    def crop(box):
        small = image.crop(box).resize((260, 260), Image.BICUBIC)
        return (torch.from_numpy(np.array(small)).permute(2, 0, 1).float() - 127) / 128

    def crops(start, end):
        return torch.stack(list(pool.map(crop, rectangles[start:end])))
    return tower(variant, data, crops)


BATCHES = [f"{batch} {layout}" for batch in (1, 8, 32) for layout in LAYOUTS]
MEASURES = {"train": (train, LAYOUTS), "detect": (detect, LAYOUTS), "embed": (embed, BATCHES),
            "tower": (tower, BATCHES)}


report(MEASURES, *sys.argv[1:])
