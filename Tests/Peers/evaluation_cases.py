"""Random annotations and detections, made to hit what evaluators get wrong, and the numbers that
pycocotools, lvis-api and Pascal VOC's definition give for them.

Scores are multiples of 1/8 or less so that ties abound; boxes lie on a grid of quarter pixels, also
outside the image, so that IoUs are exactly at a threshold; areas are often exactly 32^2 and 96^2;
some images are empty, some have no detections, some over the limits; masks are polygons, run lengths
and compressed run lengths; category and image ids have gaps.
"""
import contextlib
import io
import logging
import random
from fractions import Fraction

import numpy as np
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

np.float = float  # lvis-api 0.5.3 was written for NumPy 1
from lvis import LVIS, LVISEval, LVISResults  # noqa: E402

logging.disable(logging.WARNING)


def box(r, width, height):
    """x, y, w, h, sometimes beyond the image's edges."""
    w = r.choice([32, 96, r.randint(1, 4 * width) / 4, r.randint(0, 4 * width) / 16])
    h = r.choice([32, 96, r.randint(1, 4 * height) / 4, r.randint(1, 4 * height) / 16])
    x = r.randint(-width // 4 * 4, width * 4) / 4
    y = r.randint(-height // 4 * 4, height * 4) / 4
    return [x, y, w, h]


def moved(r, b):
    x, y, w, h = b
    step = r.choice([0, 0, 0.25, 1, 4])
    return [x + r.randint(-2, 2) * step, y + r.randint(-2, 2) * step,
            max(0, w + r.randint(-2, 2) * step), max(0, h + r.randint(-2, 2) * step)]


def polygon(r, b):
    x, y, w, h = b
    w, h = max(w, 1), max(h, 1)
    if r.random() < 0.3:
        return [x, y, x + w, y, x + w, y + h, x, y + h]
    n = r.randint(3, 9)
    return [c for _ in range(n)
            for c in (round(x + r.random() * w, r.choice([0, 2])), round(y + r.random() * h, 2))]


def segmentation(r, b, width, height, forms):
    polygons = [polygon(r, b) for _ in range(r.choice([1, 1, 1, 2, 3]))]
    form = r.choice(forms)
    if form == "polygon":
        return polygons
    mask = rle.merge(rle.frPyObjects(polygons, height, width))
    if form == "compressed":
        return {"size": [height, width], "counts": mask["counts"].decode()}
    pixels = rle.decode(mask).flatten(order="F")
    changes = np.flatnonzero(np.diff(pixels)) + 1
    counts = np.diff(np.concatenate([[0], changes, [len(pixels)]])).tolist()
    return {"size": [height, width], "counts": ([0] if pixels[0] else []) + counts}


def make(seed, lvis=False, masks=True):
    """Annotations and detections in COCO's or LVIS's form."""
    r = random.Random(seed)
    n_images, n_categories = r.randint(1, 8), r.randint(1, 7)
    images = [{"id": i, "file_name": f"{i}.jpg", "width": r.choice([40, 101, 160]),
               "height": r.choice([30, 97, 120])} for i in r.sample(range(1, 10 ** r.randint(2, 9)), n_images)]
    categories = [{"id": c, "name": f"category {c}"} for c in r.sample(range(0, 90), n_categories)]
    crowded = r.random() < 0.5
    annotations, detections = [], []
    ids = r.sample(range(1, 10_000), 400)
    for image in images:
        size = image["width"], image["height"]
        if r.random() < 0.15:
            continue
        for _ in range(r.choice([0, 1, 3, 8, 20])):
            b = box(r, *size)
            area = r.choice([b[2] * b[3], b[2] * b[3] / 2, 32 ** 2, 96 ** 2, 1024.5, 0])
            annotations.append({
                "id": ids[len(annotations)], "image_id": image["id"],
                "category_id": r.choice(categories)["id"], "bbox": b, "area": area,
                "iscrowd": int(crowded and r.random() < 0.2)})
    of_image = {i["id"]: [a for a in annotations if a["image_id"] == i["id"]] for i in images}
    grid = r.choice([1, 4, 8, 1000])
    dense = r.random() < 0.08
    for image in images:
        if r.random() < 0.15:
            continue
        size = image["width"], image["height"]
        for _ in range(r.choice([350, 700]) if dense else r.choice([0, 2, 10, 40])):
            near = r.choice(of_image[image["id"]]) if of_image[image["id"]] and r.random() < 0.7 else None
            b = moved(r, near["bbox"]) if near else box(r, *size)
            category = near["category_id"] if near and r.random() < 0.9 else r.choice(categories)["id"]
            detections.append({"image_id": image["id"], "category_id": category, "bbox": b,
                               "score": r.randint(0, grid) / grid})
    r.shuffle(detections)
    r.shuffle(annotations)
    if masks:
        size = {i["id"]: (i["width"], i["height"]) for i in images}
        for a in annotations:
            forms = ["list", "compressed"] if a["iscrowd"] else ["polygon", "list", "compressed"]
            a["segmentation"] = segmentation(r, a["bbox"], *size[a["image_id"]], forms)
        same = {}
        for d in detections:
            # Some detections are the very mask of an object.
            twins = [a for a in of_image[d["image_id"]] if a["category_id"] == d["category_id"]]
            twin = r.choice(twins)["segmentation"] if twins and r.random() < 0.5 else None
            if isinstance(twin, dict) and isinstance(twin["counts"], str):
                d["segmentation"] = twin
            else:
                d["segmentation"] = segmentation(r, d["bbox"], *size[d["image_id"]], ["compressed"])
            if r.random() < 0.5:
                same[id(d)] = d
        if r.random() < 0.5:
            for d in detections:  # without boxes, areas are the masks'
                del d["bbox"]
    if lvis:
        for c in categories:
            c["frequency"] = r.choice("rcf")
        for i in images:
            present = {a["category_id"] for a in of_image[i["id"]]}
            absent = [c["id"] for c in categories if c["id"] not in present]
            i["neg_category_ids"] = r.sample(absent, r.randint(0, len(absent)))
            i["not_exhaustive_category_ids"] = [c for c in present if r.random() < 0.3]
        for a in annotations:
            del a["iscrowd"]
            if r.random() < 0.1:
                a["ignore"] = 1
    return {"images": images, "annotations": annotations, "categories": categories}, detections


def quiet(action):
    with contextlib.redirect_stdout(io.StringIO()):
        return action()


def indexed(data):
    coco = COCO()
    coco.dataset = data
    coco.createIndex()
    return coco


def mean(values):
    values = values[values > -1]
    return float(values.mean()) if values.size else -1.0


def per_category(precision, recall, categories):
    """Of thresholds x recalls x categories, all areas, largest limit."""
    return {str(c): [mean(precision[:, :, k]), mean(precision[0, :, k]), mean(precision[5, :, k])]
            for k, c in enumerate(categories)}


def coco(data, detections, iou_type, categories=None):
    """The twelve numbers, and AP, AP50, AP75 of each category."""
    def run():
        import copy
        truth = indexed(copy.deepcopy(data))
        e = COCOeval(truth, truth.loadRes(copy.deepcopy(detections)) if detections else COCO(), iou_type)
        if categories is not None:
            e.params.catIds = sorted(categories)
        e.evaluate()
        e.accumulate()
        e.summarize()
        return e
    e = quiet(run)
    return e.stats.tolist(), per_category(e.eval["precision"][:, :, :, 0, 2], None, e.params.catIds)


def lvis(data, detections, iou_type, path):
    """lvis-api's numbers by name, and AP, AP50, AP75 of each category. `path` holds `data`."""
    def run():
        import copy
        truth = LVIS(path)
        e = LVISEval(truth, LVISResults(truth, copy.deepcopy(detections)), iou_type)
        e.run()
        return e
    e = quiet(run)
    return ({k: float(v) for k, v in e.results.items()},
            per_category(e.eval["precision"][:, :, :, 0], None, e.params.cat_ids))


def voc(data, detections, category, eleven):
    """Average precision by the definition in Pascal VOC's development kit: the detections of a
    category, best first; each is about the object of its image it overlaps most; right from an IoU
    of 0.5 on, the first time; neither right nor wrong about a difficult object. In whole pixels the
    kit's boxes include both ends; here x, y, w, h are the edges of those pixels. Exact fractions."""
    objects = {}
    for a in data["annotations"]:
        if a["category_id"] == category:
            objects.setdefault(a["image_id"], []).append([*map(Fraction, a["bbox"]), bool(a.get("ignore")), False])
    total = sum(not o[4] for os in objects.values() for o in os)
    if total == 0:
        return -1.0
    order = sorted((d for d in detections if d["category_id"] == category), key=lambda d: -d["score"])
    right, wrong, curve = 0, 0, []
    for d in order:
        x, y, w, h = map(Fraction, d["bbox"])
        best, found = Fraction(0), None
        for o in objects.get(d["image_id"], []):
            iw = min(x + w, o[0] + o[2]) - max(x, o[0])
            ih = min(y + h, o[1] + o[3]) - max(y, o[1])
            if iw > 0 and ih > 0:
                overlap = iw * ih / (w * h + o[2] * o[3] - iw * ih)
                if overlap > best:
                    best, found = overlap, o
        if best >= Fraction(1, 2):
            if found[4]:
                continue
            if found[5]:
                wrong += 1
            else:
                right += 1
                found[5] = True
        else:
            wrong += 1
        curve.append((Fraction(right, total), Fraction(right, right + wrong)))
    if eleven:
        points = [max((p for q, p in curve if q >= Fraction(t, 10)), default=Fraction(0)) for t in range(11)]
        return float(sum(points) / 11)
    area, last = Fraction(0), Fraction(0)
    for k, (recall, _) in enumerate(curve):
        area += (recall - last) * max(p for _, p in curve[k:])
        last = recall
    return float(area)
