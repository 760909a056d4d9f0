"""Loads exports of detections with the libraries their users have, and compares them with the detections:

    check_detection_exports.py VILD FOLDER

VILD is the executable, FOLDER what `vild detect` or `vild evaluate` left. Exports go to a temporary folder.
Needs datumaro, label-studio-sdk, lvis, pillow, pycocotools and supervision
(Tests/Peers/export_requirements.txt). Outlines are compared where the detections have masks.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree

import numpy as np


def read(folder):
    """Images by name: id, width, height, objects of (category, edges, score, mask), inside the image."""
    from pycocotools import mask
    with open(f"{folder}/detections.jsonl", encoding="utf-8") as file:
        names = json.loads(next(file))["categories"]
        images = {}
        for line in map(json.loads, file):
            if line["status"] != "ok":
                continue
            width, height = line["width"], line["height"]
            objects = []
            for found in line["detections"]:
                x, y, w, h = found["bbox"]
                edges = np.clip([x, y, x + w, y + h], 0, [width, height] * 2)
                if edges[2] > edges[0] and edges[3] > edges[1]:
                    runs = found.get("mask")
                    pixels = runs and mask.decode({"size": [height, width], "counts": runs.encode()})
                    objects.append((found["category"], edges, found["score"], pixels))
            images[line["image"]] = (line["id"], width, height, objects)
    return names, images


def same(found, wanted, tolerance, what):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    assert found.shape == wanted.shape, (what, found.shape, wanted.shape)
    assert np.allclose(found, wanted, rtol=0, atol=tolerance), (what, found, wanted)


def check_coco(path, names, images, load):
    data = load(path)
    categories = {key: value["name"] for key, value in data.cats.items()}
    assert sorted(categories.values()) == sorted(names)
    assert set(data.imgs) == {image[0] for image in images.values()}
    for name, (number, width, height, objects) in images.items():
        about = data.imgs[number]
        assert (about["file_name"], about["width"], about["height"]) == (name, width, height)
        found = [data.anns[key] for key in data.get_ann_ids([number])]
        assert [categories[f["category_id"]] for f in found] == [o[0] for o in objects], name
        for annotation, (_, edges, score, pixels) in zip(found, objects):
            x, y, w, h = annotation["bbox"]
            same([x, y, x + w, y + h], edges, 1e-3, name)
            same(annotation["score"], score, 1e-7, name)
            if pixels is not None and pixels.any():
                assert (data.ann_to_mask(annotation) == pixels).all(), name
                assert annotation["area"] == pixels.sum()


def coco(path):
    from pycocotools.coco import COCO
    data = COCO(path)
    data.get_ann_ids, data.ann_to_mask = data.getAnnIds, data.annToMask
    return data


def lvis(path):
    from lvis import LVIS
    data = LVIS(path)
    assert all(c["frequency"] in "rcf" and c["image_count"] >= 0 for c in data.cats.values())
    return data


def check_supervision(dataset, names, images, folder, tolerance, named=True):
    """One of supervision's data sets of the flat folder of images that it was made with."""
    assert not named or dataset.classes == names, (dataset.classes, names)
    for path, found in dataset.annotations.items():
        name = os.path.relpath(path, folder)
        _, width, height, objects = images[name]
        assert [dataset.classes[c] for c in found.class_id] == [o[0] for o in objects], name
        for box, (_, edges, _, pixels) in zip(found.xyxy, objects):
            same(box, edges, tolerance, name)
    assert {os.path.relpath(path, folder) for path in dataset.image_paths} == set(images)


def draw(images, folder):
    from PIL import Image
    for name, (_, width, height, _) in images.items():
        os.makedirs(os.path.dirname(f"{folder}/{name}") or folder, exist_ok=True)
        Image.new("RGB", (width, height)).save(f"{folder}/{name}")


def check_yolo(place, names, images, photographs, is_segmentation):
    import supervision
    flat = {name: image for name, image in images.items() if "/" not in name}
    dataset = supervision.DetectionDataset.from_yolo(
        f"{place}/images", f"{place}/labels", f"{place}/data.yaml", force_masks=False)
    if not is_segmentation:
        found = {os.path.relpath(p, f"{place}/images"): a for p, a in dataset.annotations.items()}
        assert set(found) >= set(flat)
        check_supervision(dataset, names, flat, f"{place}/images", 0.01)
    # Lines as Ultralytics' loader reads and checks them.
    for name, (_, width, height, objects) in images.items():
        with open(f"{place}/labels/{os.path.splitext(name)[0]}.txt") as file:
            lines = [line.split() for line in file.read().strip().splitlines()]
        values = [np.array(line[1:], np.float32) for line in lines]
        assert all((v >= 0).all() and (v <= 1).all() for v in values), name
        kept = [o for o in objects if not is_segmentation or o[3].any()]
        assert [names[int(line[0])] for line in lines] == [o[0] for o in kept], name
        for value, (_, edges, _, pixels) in zip(values, kept):
            if is_segmentation:
                from pycocotools import mask
                corners = (value.reshape(-1, 2) * [width, height]).round().ravel().tolist()
                again = mask.decode(mask.frPyObjects([corners], height, width))[:, :, 0]
                assert (again == pixels).all(), name
            else:
                x, y, w, h = value * [width, height, width, height]
                same([x - w / 2, y - h / 2, x + w / 2, y + h / 2], edges, 0.01, name)


def check_voc(place, names, images, photographs):
    import supervision
    flat = {name: image for name, image in images.items() if "/" not in name}
    dataset = supervision.DetectionDataset.from_pascal_voc(
        f"{place}/JPEGImages", f"{place}/Annotations")
    # Whole pixels; supervision takes one from the first ones, which are counted from 1.
    for path, found in dataset.annotations.items():
        name = os.path.relpath(path, f"{place}/JPEGImages")
        objects = flat[name][3]
        assert [dataset.classes[c] for c in found.class_id] == [o[0] for o in objects], name
        for box, (_, edges, _, _) in zip(found.xyxy, objects):
            same(box, edges, 1.01, name)
    with open(f"{place}/ImageSets/Main/default.txt", encoding="utf-8") as file:
        assert file.read().splitlines() == [os.path.splitext(name)[0] for name in images]
    for name, (_, width, height, objects) in images.items():
        root = ElementTree.parse(f"{place}/Annotations/{os.path.splitext(name)[0]}.xml").getroot()
        assert root.findtext("filename") == name and int(root.findtext("size/width")) == width
        for element, (category, edges, score, _) in zip(root.iter("object"), objects, strict=True):
            assert element.findtext("name") == category
            box = [int(element.findtext(f"bndbox/{k}")) for k in ("xmin", "ymin", "xmax", "ymax")]
            assert 1 <= box[0] <= box[2] <= width and 1 <= box[1] <= box[3] <= height, (name, box)
            same(np.array(box) - [1, 1, 0, 0], edges, 1.01, name)


def check_label_studio(path, names, images):
    from label_studio_sdk.label_interface import LabelInterface
    with open(f"{os.path.splitext(path)[0]}.config.xml", encoding="utf-8") as file:
        interface = LabelInterface(file.read())
    assert list(interface.get_control("label").labels) == names
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)
    for task, (name, (_, width, height, objects)) in zip(tasks, images.items(), strict=True):
        assert urllib.parse.unquote(task["data"]["image"].split("?d=")[1]) == name
        assert interface.validate_task({"data": task["data"]}), task
        (prediction,) = task["predictions"]
        assert not objects or interface.validate_prediction(prediction), prediction
        for region, (category, edges, score, _) in zip(prediction["result"], objects, strict=True):
            value = region["value"]
            assert value["rectanglelabels"] == [category]
            x, y, w, h = (value[key] / 100 for key in ("x", "y", "width", "height"))
            same([x * width, y * height, (x + w) * width, (y + h) * height], edges, 0.01, name)
            same(region["score"], score, 1e-7, name)


def check_cvat(path, names, images, photographs):
    import datumaro
    os.symlink(photographs, f"{os.path.dirname(path)}/images")  # datumaro looks for them there
    dataset = datumaro.Dataset.import_from(path, "cvat")
    labels = dataset.categories()[datumaro.AnnotationType.label]
    assert [label.name for label in labels] == names
    items = {item.id: item for item in dataset}
    assert set(items) == {os.path.splitext(name)[0] for name in images}, items
    for name, (_, width, height, objects) in images.items():
        found = items[os.path.splitext(name)[0]].annotations
        kept = [o for o in objects if o[3] is None or o[3].any()]
        assert [names[f.label] for f in found] == [o[0] for o in kept], name
        for annotation, (_, edges, score, pixels) in zip(found, kept):
            same(float(annotation.attributes["score"]), score, 1e-7, name)
            if pixels is not None:
                assert (annotation.image[:height, :width] == pixels).all(), name
            else:
                x, y, w, h = annotation.get_bbox()
                same([x, y, x + w, y + h], edges, 0.01, name)


def check_csv(path, images):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = [(name, o) for name, (_, _, _, objects) in images.items() for o in objects]
    for row, (name, (category, edges, score, _)) in zip(rows, wanted, strict=True):
        assert (row["image"], row["category"]) == (name, category)
        same([row[key] for key in ("xmin", "ymin", "xmax", "ymax")], edges, 1e-3, name)
        same(row["score"], score, 1e-7, name)


def main(vild, detections):
    names, images = read(detections)
    objects = [o for image in images.values() for o in image[3]]
    has_masks = bool(objects) and all(o[3] is not None for o in objects)
    with tempfile.TemporaryDirectory() as folder:
        photographs = f"{folder}/photographs"
        draw(images, photographs)

        def export(form, name, *words):
            place = f"{folder}/{name}"
            command = [vild, "export", "detections", detections, "--format", form, "--output", place]
            subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            return place

        beside = ["--images", photographs]
        check_coco(export("coco", "coco.json"), names, images, coco)
        print("coco: pycocotools agrees", flush=True)
        check_coco(export("lvis", "lvis.json"), names, images, lvis)
        print("lvis: lvis-api agrees", flush=True)
        check_yolo(export("yolo", "yolo", *beside), names, images, photographs, False)
        print("yolo: supervision agrees", flush=True)
        if has_masks:
            check_yolo(export("yolo-seg", "seg", *beside), names, images, photographs, True)
            print("yolo-seg: pycocotools' polygons agree", flush=True)
        check_voc(export("voc", "voc", *beside), names, images, photographs)
        print("voc: supervision agrees", flush=True)
        check_label_studio(export("label-studio", "tasks.json"), names, images)
        print("label-studio: its SDK's labelling interface agrees", flush=True)
        check_cvat(export("cvat", "cvat/annotations.xml"), names, images, photographs)
        print("cvat: datumaro agrees", flush=True)
        check_csv(export("csv", "table.csv"), images)
        print(f"csv agrees; {len(images)} images, {len(objects)} detections", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
