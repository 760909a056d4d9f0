"""torchvision's Mask R-CNN, R50-FPN: python mask_rcnn.py train|detect VARIANT prints JSON as bench.py.

The work is that of Tests/Benchmarks/Benchmark+Detectors.swift: one image of 640 x 640 pixels, frozen
norms, stem and first stage frozen, 1000 proposals, 512 sampled regions, 100 masks; random weights.
"""

import sys

import numpy as np
import torch
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import FrozenBatchNorm2d

from timing import LAYOUTS, boxes, report

SIDE = 640


def network(layout):
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d, trainable_layers=3)
    for name, module in backbone.named_modules():
        if name.endswith("bn3"):
            module.weight.fill_(0.2)  # residuals do not pile up
    model = MaskRCNN(
        backbone, 91, min_size=SIDE, max_size=SIDE, rpn_post_nms_top_n_train=1000,
        rpn_post_nms_top_n_test=1000, box_detections_per_img=100)
    return model.to(memory_format=LAYOUTS[layout])


def image():
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def train(layout):
    model, pixels = network(layout).train(), image()
    objects = boxes(8, 1)
    masks = torch.zeros(8, SIDE, SIDE, dtype=torch.uint8)
    for mask, (x0, y0, x1, y1) in zip(masks, objects.int().tolist()):
        mask[y0:y1, x0:x1] = 1
    target = {"boxes": objects, "labels": torch.arange(8) + 1, "masks": masks}
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1e-4, momentum=0.9, weight_decay=4e-5)

    def step():
        loss = sum(model([pixels], [target]).values())
        assert loss.isfinite()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 10)
        optimizer.step()
    return step, 1


def detect(layout):
    """With 1000 boxes above the score threshold."""
    model, pixels = network(layout).eval(), image()
    heads, scores = model.roi_heads, []
    choose = heads.postprocess_detections

    def listening(logits, *others):
        scores.append(logits.softmax(1)[:, 1:].flatten())
        return choose(logits, *others)

    @torch.inference_mode()
    def step():
        return model([pixels])[0]
    heads.postprocess_detections = listening
    step()
    heads.score_thresh = scores[0].sort(descending=True).values[1000].item()
    heads.postprocess_detections = choose
    assert len(step()["masks"]) == 100
    return step, 1


report({"train": (train, LAYOUTS), "detect": (detect, LAYOUTS)}, *sys.argv[1:])
