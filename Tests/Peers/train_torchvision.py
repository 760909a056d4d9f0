"""Torchvision's Faster R-CNN, or its proposal network alone, trained as pipelines/voc-animals.yaml trains ours:

    train_torchvision.py proposals|detector --images JPEGImages --annotations Annotations --train train.txt \\
        --val val.txt --novel car,dog,... --backbone weights.safetensors --steps 1304 --output folder

Same photographs, sizes, backbone, optimiser and schedule; torchvision's losses times the factors that give
ours. Anchors, matching, sampling, suppression, RoIAlign and the boxes of each category are torchvision's. The
folder gets COCO results of the validation images, numbered from 1 in the order of their names:
proposals.json, for `vild proposals info --annotations`, and of a detector detections.json, for
`vild evaluate --annotations --detections`, with VOC's categories numbered from 1.
"""

import argparse
import json
import os
from collections import OrderedDict

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import AnchorGenerator, RPNHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

import student as peers
from train_student import CLIP, IMAGES, SIDES, annotation, optimizer, rate

NAMES = ("aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person "
         "pottedplant sheep sofa train tvmonitor").split()
SIDE, CHANNELS, KEPT = 320, 128, 300
# Ours is weight x Huber(delta) / (4 x room for foreground), theirs Huber / delta / samples.
FACTORS = {"loss_rpn_box_reg": 100 / 9 * 256 / (4 * 128), "loss_box_reg": 9 * 0.1111 * 48 / (4 * 0.33 * 48)}
PARTS = {"proposals": ("loss_objectness", "loss_rpn_box_reg"),
         "detector": ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg")}


class Pyramid(nn.Module):
    """Strides 8 to 64."""
    out_channels = CHANNELS

    def __init__(self):
        super().__init__()
        self.backbone = peers.EfficientNet(peers.LITE0, 32, 2)
        self.pyramid = FeaturePyramidNetwork(self.backbone.channels[1:], CHANNELS, LastLevelMaxPool())

    def forward(self, pixels):
        maps = self.backbone.features(pixels)[1:]
        return self.pyramid(OrderedDict((str(i), m) for i, m in enumerate(maps)))


def network(classes, backbone):
    body = Pyramid()
    body.backbone.load(load_file(backbone))
    anchors = AnchorGenerator(tuple((4 * stride,) for stride in (8, 16, 32, 64)), ((0.5, 1.0, 2.0),) * 4)
    head = nn.Sequential(nn.Flatten(), nn.Linear(CHANNELS * 49, 1024), nn.ReLU())
    model = FasterRCNN(
        body, rpn_anchor_generator=anchors, rpn_head=RPNHead(CHANNELS, 3),
        rpn_pre_nms_top_n_train=500, rpn_pre_nms_top_n_test=500, rpn_post_nms_top_n_train=256,
        rpn_post_nms_top_n_test=KEPT, rpn_nms_thresh=0.7, rpn_fg_iou_thresh=0.6, rpn_bg_iou_thresh=0.3,
        box_roi_pool=MultiScaleRoIAlign(["0", "1", "2"], 7, 2, canonical_scale=112, canonical_level=4),
        box_head=head, box_predictor=FastRCNNPredictor(1024, 1 + classes),
        box_score_thresh=0.01, box_nms_thresh=0.5, box_detections_per_img=100, box_batch_size_per_image=48,
        box_positive_fraction=0.33, image_mean=[127 / 255] * 3, image_std=[128 / 255] * 3,
        # Pictures come in their size: training skips torchvision's resizing, and these two keep it from doing so
        # when it detects.
        _skip_resize=True, min_size=SIDE, max_size=SIDE)
    return model


def picture(options, name, side):
    """Pixels in 0...1, and the scale."""
    image = Image.open(f"{options.images}/{name}.jpg").convert("RGB")
    scale = side / max(image.size)
    size = [round(v * scale) for v in image.size]
    pixels = np.array(image.resize(size, Image.BILINEAR), dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1), scale


def example(options, base, name, generator):
    pixels, scale = picture(options, name, int(generator.choice(SIDES)))
    things = [t for t in annotation(f"{options.annotations}/{name}.xml") if t[0] in base]
    boxes = torch.tensor([b for _, b in things], dtype=torch.float).view(-1, 4) * scale
    if generator.random() < 0.5:
        pixels = pixels.flip(2)
        boxes[:, [0, 2]] = pixels.shape[2] - boxes[:, [2, 0]]
    labels = torch.tensor([1 + base.index(n) for n, _ in things], dtype=torch.long)
    return pixels, {"boxes": boxes, "labels": labels}


def train(model, options, base, stems):
    generator = np.random.default_rng(1)
    model.train()
    # The groups of the student: the backbone at a tenth of the rate, kernels with decay.
    optimiser, queue = optimizer(Renamed(model)), []
    for step in range(options.steps):
        queue = queue or generator.permutation(len(stems)).tolist()
        batch = [example(options, base, stems[queue.pop()], generator) for _ in range(min(IMAGES, len(queue)))]
        losses = model(*map(list, zip(*batch)))
        total = sum(losses[k] * FACTORS.get(k, 1) for k in PARTS[options.part])
        optimiser.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, options.steps) * group["part"]
        optimiser.step()
        if (step + 1) % 50 == 0:
            print(step + 1, {k: round(v.item(), 3) for k, v in losses.items()}, flush=True)


class Renamed:
    """The model's parameters, the backbone's under the name it has in the student."""

    def __init__(self, model):
        self.model = model

    def named_parameters(self):
        for name, parameter in self.model.named_parameters():
            yield name.removeprefix("backbone.") if name.startswith("backbone.backbone.") else f"heads.{name}", \
                parameter


@torch.no_grad()
def results(model, options, base, stems):
    """COCO results of proposals and detections."""
    model.eval()
    proposals, detections = [], []
    kept, filtered = [], model.rpn.filter_proposals
    model.rpn.filter_proposals = lambda *given: kept.append(filtered(*given)) or kept[-1]
    for number, name in enumerate(stems, 1):
        pixels, scale = picture(options, name, SIDE)
        found = model([pixels])[0]
        boxes, objectness = kept.pop()

        def add(rows, boxes, values, categories):
            for (x0, y0, x1, y1), score, category in zip((boxes / scale).tolist(), values.tolist(), categories):
                rows.append({"image_id": number, "category_id": category, "score": score,
                             "bbox": [x0, y0, x1 - x0, y1 - y0]})
        add(proposals, boxes[0], objectness[0], [1] * len(boxes[0]))
        add(detections, found["boxes"], found["scores"],
            [1 + NAMES.index(base[i - 1]) for i in found["labels"].tolist()])
    return {"proposals": proposals, "detections": detections}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("part", choices=PARTS)
    for name in ("images", "annotations", "train", "val", "novel", "backbone", "output"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--steps", type=int, required=True)
    options = parser.parse_args()
    torch.manual_seed(1)
    base = [n for n in NAMES if n not in options.novel.split(",")]
    model = network(len(base), options.backbone)
    train(model, options, base, open(options.train).read().split())
    os.makedirs(options.output, exist_ok=True)
    found = results(model, options, base, sorted(open(options.val).read().split()))
    for name in ("proposals", "detections")[:1 + (options.part == "detector")]:
        with open(f"{options.output}/{name}.json", "w") as file:
            json.dump(found[name], file)


if __name__ == "__main__":
    main()
