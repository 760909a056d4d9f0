"""Small random cases with the numbers that pycocotools, lvis-api and Pascal VOC's definition give.

Usage: python make_protocols.py > protocols.json    (pycocotools 2.0.11, lvis 0.5.3, numpy 2.4.6)

The cases come from Tests/Peers/evaluation_cases.py; see there for what they try. Each has the
annotations and detections as files would hold them, and by protocol and IoU type the numbers of
groups by name and AP, AP50 and AP75 (of VOC AP50 alone) of categories by id.
"""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../Peers"))
import evaluation_cases as cases  # noqa: E402

FIGURES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def coco(data, detections, iou_type):
    numbers, categories = cases.coco(data, detections, iou_type)
    return {"protocol": "coco", "type": iou_type, "groups": {"all": dict(zip(FIGURES, numbers))},
            "categories": categories}


def lvis(data, detections, iou_type):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(data, file)
        file.flush()
        numbers, categories = cases.lvis(data, detections, iou_type, file.name)
    groups = {g: {"AP": numbers.pop(k)} for k, g in
              (("APr", "rare"), ("APc", "common"), ("APf", "frequent"))}
    return {"protocol": "lvis", "type": iou_type, "groups": {**groups, "all": numbers},
            "categories": categories}


def voc(data, detections, rules):
    categories = {str(c["id"]): [cases.voc(data, detections, c["id"], rules == "voc2007")]
                  for c in data["categories"]}
    return {"protocol": rules, "type": "bbox", "groups": {}, "categories": categories}


def small(kind, count, **options):
    """The first cases of a kind that are neither trivial nor large."""
    seed = kind * 100_000
    while count:
        data, detections = cases.make(seed, **options)
        if data["annotations"] and 5 < len(detections) < 60:
            count -= 1
            yield data, detections
        seed += 1


def crowded(**options):
    """More detections than count: over 300 an image."""
    seed = 900_000
    while True:
        data, detections = cases.make(seed, masks=False, **options)
        of_image = [d["image_id"] for d in detections]
        if data["annotations"] and of_image and 300 < len(detections) < 900 and max(
                of_image.count(i) for i in set(of_image)) > 300:
            return data, detections
        seed += 1


output = []
for data, detections in small(1, 4):
    output.append((data, detections, [coco(data, detections, t) for t in ("bbox", "segm")]))
for data, detections in small(2, 5, lvis=True):
    output.append((data, detections, [lvis(data, detections, t) for t in ("bbox", "segm")]))
for data, detections in small(3, 4, masks=False):
    for a in data["annotations"]:
        a["iscrowd"], a["ignore"] = 0, int(a["id"] % 4 == 0)
    output.append((data, detections, [voc(data, detections, p) for p in ("voc", "voc2007")]))
data, detections = crowded()
output.append((data, detections, [coco(data, detections, "bbox")]))
data, detections = crowded(lvis=True)
output.append((data, detections, [lvis(data, detections, "bbox")]))
print(json.dumps([{"truth": t, "detections": d, "expected": e} for t, d, e in output],
                 separators=(",", ":")))
