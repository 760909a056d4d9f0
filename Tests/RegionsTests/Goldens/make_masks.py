"""Reference results for masks: pycocotools for outlines, run lengths and overlap; RoIAlign as
torchvision documents it (aligned, as many samples as pixels), in NumPy, for targets.

Usage: python make_masks.py > masks.json   (pycocotools and numpy from the package index)
Seed 11; made with pycocotools 2.0.11 and NumPy 2.4.
"""
import json, math, random
import numpy as np
from pycocotools import mask as coco

random.seed(11)


def number(low, high):
    return round(random.uniform(low, high), random.choice([0, 1, 2, 2, 2]))


def corners(n, x, y, width, height):
    return [number(low, high) for _ in range(n) for low, high in [(x, x + width), (y, y + height)]]


def outline(n, x, y, radius):
    """A shape around a centre, not convex."""
    points = []
    for i in range(n):
        angle, r = 2 * math.pi * i / n, radius * random.uniform(0.4, 1)
        points += [round(x + r * math.cos(angle), 2), round(y + r * math.sin(angle), 2)]
    return points


cases = []
for _ in range(60):
    h, w = random.randint(1, 60), random.randint(1, 60)
    kind = random.choice(["chaos", "shape", "sliver", "outside", "parts", "edges", "whole", "half", "again"])
    if kind == "chaos":
        polygons = [corners(random.randint(3, 12), -5, -5, w + 10, h + 10)]
    elif kind == "shape":
        polygons = [outline(random.randint(3, 40), number(0, w), number(0, h), number(1, 30))]
    elif kind == "sliver":
        x, y = number(0, w), number(0, h)
        polygons = [[x, y, x + number(-40, 40), y + number(-40, 40), x + 0.3, y + 0.2]]
    elif kind == "outside":
        polygons = [corners(5, w + 3, -20, 50, 15), corners(4, -40, 2, 30, h), corners(6, -30, -30, w + 60, h + 60)]
    elif kind == "parts":
        polygons = [outline(random.randint(3, 9), number(0, w), number(0, h), number(1, 9))
                    for _ in range(random.randint(2, 12))]
    elif kind == "edges":
        polygons = [[0, 0, w, 0, w, number(0, h), number(0, w), h, 0, h]]
    elif kind == "whole":
        polygons = [[0, 0, w, 0, w, h, 0, h]]
    elif kind == "half":
        polygons = [[0.5, 0.5, w - 0.5, 0.5, w - 0.5, h - 0.5, 0.5, h - 0.5], [0, 0, 0.5, 0, 0.5, 0.5]]
    else:
        x, y = number(0, w), number(0, h)
        polygons = [[x, y, x, y, x + 7, y, x + 7, y, x + 7, y + 9, x, y + 9, x, y]]
    rle = coco.merge(coco.frPyObjects(polygons, h, w))
    pixels = coco.decode(rle)
    cases.append({"height": h, "width": w, "polygons": polygons, "compressed": rle["counts"].decode(),
                  "area": int(coco.area(rle)), "box": coco.toBbox(rle).tolist()})
big = [outline(90, 700, 500, 600), outline(50, 1200, 300, 500)]
rle = coco.merge(coco.frPyObjects(big, 1080, 1920))
cases.append({"height": 1080, "width": 1920, "polygons": big, "compressed": rle["counts"].decode(),
              "area": int(coco.area(rle)), "box": coco.toBbox(rle).tolist()})

overlaps = []
for _ in range(30):
    h, w = random.randint(1, 40), random.randint(1, 40)
    a, b = (coco.merge(coco.frPyObjects([outline(7, number(0, w), number(0, h), number(1, 25)),
                                         corners(4, 0, 0, w, h)], h, w)) for _ in range(2))
    overlaps.append({
        "height": h, "width": w, "masks": [a["counts"].decode(), b["counts"].decode()],
        "iou": float(coco.iou([a], [b], [0])[0, 0]), "crowd": float(coco.iou([a], [b], [1])[0, 0]),
        "union": coco.merge([a, b])["counts"].decode(),
        "intersection": coco.merge([a, b], intersect=True)["counts"].decode(),
        "flipped": coco.encode(np.asfortranarray(coco.decode(a)[:, ::-1]))["counts"].decode()})


def at(pixels, y, x):
    h, w = pixels.shape
    if y < -1 or y > h or x < -1 or x > w:
        return 0.0
    y, x = min(max(y, 0.0), h - 1.0), min(max(x, 0.0), w - 1.0)
    y0, x0 = int(y), int(x)
    y1, x1 = min(y0 + 1, h - 1), min(x0 + 1, w - 1)
    fy, fx = y - y0, x - x0
    return ((1 - fy) * (1 - fx) * pixels[y0, x0] + (1 - fy) * fx * pixels[y0, x1]
            + fy * (1 - fx) * pixels[y1, x0] + fy * fx * pixels[y1, x1])


def align(pixels, box, size):
    x0, y0, x1, y1 = box
    width, height = (x1 - x0) / size, (y1 - y0) / size
    nx, ny = max(1, math.ceil(width)), max(1, math.ceil(height))
    return [float(np.mean([at(pixels, y0 - 0.5 + (i + (a + 0.5) / ny) * height,
                              x0 - 0.5 + (j + (b + 0.5) / nx) * width)
                           for a in range(ny) for b in range(nx)]))
            for i in range(size) for j in range(size)]


targets = []
for size, box in [(7, [2.5, 3, 31.25, 28]), (7, [0, 0, 40, 30]), (4, [10, 10, 11, 11]), (7, [-6, -3.5, 22, 50]),
                  (5, [30, 20, 70, 60]), (28, [4, 4, 36.5, 26]), (3, [-9, -9, -4, -4]), (2, [0, 0, 40, 1])]:
    rle = coco.merge(coco.frPyObjects([outline(9, 20, 15, 16), [0, 0, 9, 0, 9, 4, 0, 4]], 30, 40))
    targets.append({"height": 30, "width": 40, "compressed": rle["counts"].decode(), "size": size, "region": box,
                    "target": [round(v, 6) for v in align(coco.decode(rle).astype(float), box, size)]})

print(json.dumps({"outlines": cases, "overlaps": overlaps, "targets": targets}, separators=(",", ":")))
