"""How much of the teacher's embeddings a linear layer foretells on photographs it has not seen:

    probe_regions.py --images JPEGImages --annotations Annotations --cache export.npz \\
        --backbone weights.safetensors --photographs 800

Features of 320-pixel images, pooled over each region, from the backbone's last block and from the
layer before its classifier; ridge regression on three quarters of the photographs, tried on the
rest. Printed are L1 distances, as the image loss, beside those of the mean embedding and of each
image's mean. The cache is `vild cache export --format npz`.
"""

import argparse
import os

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

import student as peers

SIDE = 320


@torch.no_grad()
def features(network, path, boxes):
    """[R, 9 * channels] of the last block and [R, 1280] of the layer after it."""
    picture = Image.open(path).convert("RGB")
    scale = SIDE / max(picture.size)
    width, height = (round(v * scale) for v in picture.size)
    pixels = torch.from_numpy(np.array(picture.resize((width, height), Image.BILINEAR))).float()
    pixels = F.pad(((pixels - 127) / 128).permute(2, 0, 1)[None], (0, -width % 32, 0, -height % 32))
    block = network.features(pixels)[3]
    boxes = torch.from_numpy(boxes).float() * scale
    level = torch.zeros(len(boxes), dtype=torch.long)
    return (peers.roi_align([block], boxes, level, [32], 3).flatten(1),
            peers.roi_align([network.head(block)], boxes, level, [32], 2).mean((1, 2)))


def foretold(x, y, seen, strength=1000):
    x = (x - x[seen].mean(0)) / (x[seen].std(0) + 1e-3)
    x = torch.cat([x, torch.ones(len(x), 1)], 1)
    moments = x[seen].T @ x[seen] + strength * torch.eye(x.shape[1])
    return F.normalize(x @ torch.linalg.solve(moments, x[seen].T @ y[seen]))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("images", "annotations", "cache", "backbone"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--photographs", type=int, default=800)
    options = parser.parse_args()
    network = peers.EfficientNet(peers.LITE0, head=1280)
    network.load(load_file(options.backbone))
    network.fold().eval()
    cache = np.load(options.cache)
    stems = sorted(file[:-4] for file in os.listdir(options.annotations))
    count, offsets = options.photographs, cache["offsets"]
    order = np.random.default_rng(1).permutation(len(cache["ids"]))[:count]
    rows = [slice(offsets[i], offsets[i + 1]) for i in order]
    pooled = [features(network, f"{options.images}/{stems[cache['ids'][i] - 1]}.jpg",
                       cache["boxes"][r]) for i, r in zip(order, rows)]
    image = torch.cat([torch.full((r.stop - r.start,), n) for n, r in enumerate(rows)])
    y = F.normalize(torch.cat([torch.from_numpy(cache["vectors"][r].astype(np.float32)) for r in rows]))
    seen = image < count * 3 // 4

    def row(name, answer):
        distance = (answer - y).abs().sum(1)
        print(f"| {name} | {distance[seen].mean():.2f} | {distance[~seen].mean():.2f} |")
    print("| answer | seen photographs | others |\n| --- | ---: | ---: |")
    row("mean embedding", F.normalize(y[seen].mean(0), dim=0).expand_as(y))
    means = torch.zeros(count, y.shape[1]).index_add(0, image, y)
    row("each image's own mean", F.normalize(means)[image])
    for name, x in zip(("last block", "layer before the classifier"), zip(*pooled)):
        row(name, foretold(torch.cat(x), y, seen))


main()
