"""Compares a run's evaluation with pycocotools on the very detections it produced.

Usage: python check_evaluation.py ANNOTATIONS SPLIT EVALUATE_FOLDER/coco-HASH
(pycocotools and numpy from the package index)

Prints AP, AP50 and AP75 of base, novel and all categories from both, and fails when any differs by
more than 1e-9.
"""
import json
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

annotations, split, folder = sys.argv[1:]
truth = COCO(annotations)
detections = truth.loadRes(f"{folder}/../detections.json")
boxes = json.load(open(f"{folder}/report.json"))["evaluations"][0]
assert boxes["protocol"] == "coco" and boxes["iou_type"] == "bbox"
ours = {g["name"]: g["scores"] for g in boxes["groups"]}
names = json.load(open(split))
names["all"] = names["base"] + names["novel"]

worst = 0.0
for group, members in names.items():
    evaluation = COCOeval(truth, detections, "bbox")
    evaluation.params.catIds = truth.getCatIds(catNms=members)
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]  # IoU, recall, category; all areas, 100
    for key, values in (("AP", precision), ("AP50", precision[0]), ("AP75", precision[5])):
        values = values[values > -1]
        theirs = float(np.mean(values)) if values.size else -1.0
        worst = max(worst, abs(theirs - ours[group][key]))
        print(f"{group:6} {key:5} pycocotools {theirs:.12f}  ours {ours[group][key]:.12f}")
print(f"largest difference {worst:.1e}")
sys.exit(worst > 1e-9)
