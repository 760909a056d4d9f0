"""Random detection cases with the numbers pycocotools gives for them.

Usage: python make_cases.py [GROUND_TRUTH.json RESULTS.json] > cases.json   (pycocotools 2.0.11)
With the two optional files (COCO's 100-image example) the average recall of its detections taken
as class-agnostic proposals is added; nothing of the files themselves goes into the output.

Annotations are [id, image, category, x, y, w, h, area, crowd], detections [image, category, x, y,
w, h, score], images [id, width, height]; image and category ids are shuffled and have gaps.
Coordinates are multiples of a quarter and scores of 1/16, so that there are many ties and IoUs
exactly at a threshold, and float32 holds them exactly.
"""
import contextlib, io, json, random, sys
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def coco(data):
    ground_truth = COCO()
    ground_truth.dataset = data
    ground_truth.createIndex()
    return ground_truth


def quiet(action):
    with contextlib.redirect_stdout(io.StringIO()):
        return action()


def evaluate(data, results, categories=None, limits=None, use_categories=True):
    def run():
        truth = coco(data)
        e = COCOeval(truth, truth.loadRes(results), "bbox")
        if categories is not None:
            e.params.catIds = sorted(categories)
        if limits is not None:
            e.params.maxDets = limits
        e.params.useCats = int(use_categories)
        e.evaluate()
        e.accumulate()
        if use_categories and limits is None:
            e.summarize()
        return e
    return quiet(run)


def mean(values):
    values = values[values > -1]
    return float(values.mean()) if values.size else -1.0


def per_category(e):
    p = e.eval["precision"]  # thresholds, recall points, categories, areas, limits
    return {str(c): [mean(p[:, :, k, 0, 2]), mean(p[0, :, k, 0, 2]), mean(p[5, :, k, 0, 2])]
            for k, c in enumerate(e.params.catIds)}


def recalls(data, results, categories, limits):
    """Average recall of class-agnostic boxes, for ground truth of `categories` only."""
    agnostic = [{**r, "category_id": min(categories)} for r in results]
    e = evaluate(data, agnostic, categories, limits, use_categories=False)
    return [mean(e.eval["recall"][:, 0, 0, m]) for m in range(len(limits))]


def make(seed, images, categories, truths, detections, size, step):
    r = random.Random(seed)
    image_ids = r.sample(range(1, 1000), images)
    category_ids = r.sample(range(1, 90), categories)
    used = category_ids[:-2] if categories > 3 else category_ids   # the last two have no ground truth
    detected = category_ids[1:] if categories > 3 else category_ids  # the first has no detections

    def box():
        x, y = r.randint(-10 * step, 100 * step) / step, r.randint(-10 * step, 100 * step) / step
        w, h = r.randint(0, int(size * step)) / step, r.randint(1, int(size * step)) / step
        return [x, y, w, h]

    annotations, results = [], []
    for index in range(truths):
        b = box()
        annotations.append({"id": index + 1, "image_id": r.choice(image_ids[:-1]),  # the last is empty
                            "category_id": r.choice(used), "bbox": b,
                            "area": b[2] * b[3] * r.choice([1, 0.5]), "iscrowd": int(r.random() < 0.1)})
    for _ in range(detections):
        if r.random() < 0.7 and annotations:
            near = r.choice(annotations)
            b = [v + r.randint(-3, 3) / step for v in near["bbox"][:2]]
            b += [max(0, v + r.randint(-4, 4) / step) for v in near["bbox"][2:]]
            image, category = near["image_id"], near["category_id"]
            if category not in detected or r.random() < 0.1:
                category = r.choice(detected)
        else:
            b, image, category = box(), r.choice(image_ids), r.choice(detected)
        results.append({"image_id": image, "category_id": category, "bbox": b,
                        "score": r.randint(0, 16) / 16})
    data = {"images": [{"id": i, "width": 200, "height": 160} for i in image_ids],
            "annotations": annotations,
            "categories": [{"id": c, "name": f"category {c}"} for c in category_ids]}
    some = category_ids[::2]
    limits = [5, 20, 60]
    whole, part = evaluate(data, results), evaluate(data, results, some)
    return {
        "images": image_ids, "categories": category_ids,
        "annotations": [[a["id"], a["image_id"], a["category_id"], *a["bbox"], a["area"], a["iscrowd"]]
                        for a in annotations],
        "detections": [[d["image_id"], d["category_id"], *d["bbox"], d["score"]] for d in results],
        "stats": whole.stats.tolist(), "perCategory": per_category(whole),
        "some": some, "someStats": part.stats.tolist(), "limits": limits,
        "recall": recalls(data, results, category_ids, limits),
        "someRecall": recalls(data, results, some, limits)}


params = COCOeval(iouType="bbox").params
output = {
    "iouThresholds": params.iouThrs.tolist(), "recallPoints": params.recThrs.tolist(),
    "cases": [
        make(1, images=8, categories=6, truths=60, detections=200, size=60, step=1),
        make(2, images=3, categories=2, truths=40, detections=700, size=40, step=4),  # over 100 a cell
        make(3, images=20, categories=12, truths=150, detections=400, size=120, step=4),
        make(4, images=5, categories=1, truths=0, detections=20, size=30, step=1),
        make(5, images=40, categories=5, truths=120, detections=60, size=20, step=2)]}
if len(sys.argv) > 2:
    data, results = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
    for r in results:  # proposals have float32 edges
        x, y, w, h = r["bbox"]
        x0, y0, x1, y1 = (float(np.float32(v)) for v in (x, y, x + w, y + h))
        r["bbox"], r["score"] = [x0, y0, x1 - x0, y1 - y0], float(np.float32(r["score"]))
    categories = [c["id"] for c in data["categories"]]
    limits = [10, 100, 300]
    output["example"] = {"limits": limits, "recall": recalls(data, results, categories, limits),
                         "baseRecall": recalls(data, results, categories[::2], limits)}
print(json.dumps(output, separators=(",", ":")))
