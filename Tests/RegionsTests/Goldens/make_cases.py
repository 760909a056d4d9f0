"""Reference results for boxes: torchvision's NMS, box coder, matcher; Python's crop rounding.

Usage: python make_cases.py > cases.json   (torch and torchvision from the package index)
Seed 7; made with torch 2.13 and its torchvision.
"""
import json, random
import torch
from torchvision.models.detection._utils import BoxCoder, Matcher
from torchvision.ops import box_iou, nms

torch.manual_seed(7)
random.seed(7)


def random_boxes(n, extent=100.0, grid=False):
    corner = torch.rand(n, 2) * extent
    size = torch.rand(n, 2) * extent * 0.4 + 1
    boxes = torch.cat([corner, corner + size], 1)
    return boxes.round() if grid else boxes


suppression = []
for n, threshold, grid in [(60, 0.5, True), (150, 0.7, False), (90, 0.3, True), (1, 0.5, False)]:
    boxes = random_boxes(n, grid=grid)
    scores = (torch.rand(n) * (8 if grid else 1000)).round() / 8
    suppression.append({"boxes": boxes.tolist(), "scores": scores.tolist(),
                        "threshold": threshold, "kept": nms(boxes, scores, threshold).tolist()})

coding = []
for weights in [(10.0, 10.0, 5.0, 5.0), (1.0, 1.0, 1.0, 1.0)]:
    coder = BoxCoder(weights)
    references, targets = random_boxes(12), random_boxes(12)
    deltas = torch.randn(12, 4) * torch.tensor([1.0, 1.0, 3.0, 3.0])
    deltas[0, 2:] = 100.0  # the clamp
    coding.append({"weights": weights, "references": references.tolist(), "targets": targets.tolist(),
                   "encoded": coder.encode_single(targets, references).tolist(),
                   "deltas": deltas.tolist(), "decoded": coder.decode_single(deltas, references).tolist()})

matching = []
for foreground, background, low_quality in [(0.7, 0.3, True), (0.5, 0.5, False)]:
    truths = random_boxes(6)
    # Every truth overlaps something: what happens to a truth that nothing touches differs on purpose.
    boxes = torch.cat([random_boxes(60), truths + torch.randn(6, 4) * 3])
    result = Matcher(foreground, background, low_quality)(box_iou(truths, boxes))
    matching.append({"foreground": foreground, "background": background, "lowQuality": low_quality,
                     "truths": truths.tolist(), "boxes": boxes.tolist(), "matches": result.tolist()})


def crops(x, y, w, h, W, H):
    for factor in (1.0, 1.5):
        cx, cy = x + w / 2, y + h / 2
        sides = (max(0, cx - w * factor / 2), max(0, cy - h * factor / 2),
                 min(W, cx + w * factor / 2), min(H, cy + h * factor / 2))
        yield [int(round(v)) for v in sides]


cropping = []
for _ in range(60):
    W, H = random.randint(40, 640), random.randint(40, 480)
    # Halves and quarters, so that many edges lie exactly between two pixels.
    x, y = random.randint(0, W * 4 - 40) / 4, random.randint(0, H * 4 - 40) / 4
    w, h = random.randint(8, W * 2) / 2, random.randint(8, H * 2) / 2
    cropping.append({"box": [x, y, w, h], "image": [W, H], "crops": list(crops(x, y, w, h, W, H))})

print(json.dumps({"suppression": suppression, "coding": coding, "matching": matching, "cropping": cropping}))
