"""Compares the built program's evaluation with pycocotools, lvis-api and Pascal VOC's definition.

Usage: python check_protocols.py [CASES [FIRST_SEED]]    (pycocotools and lvis from the package index)
       SHARED=folder adds COCO's and LVIS's examples of 100 images.
       VILD=path is the program, .build/release/vild without.

Makes CASES random cases (1000), see evaluation_cases.py; each is evaluated as COCO boxes and masks,
all categories and a split, as LVIS boxes and masks, and by both of Pascal VOC's averages. Every
number, of every group and category, may differ by 1e-9. Prints the largest difference and fails
where one is larger.
"""
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

import evaluation_cases as cases

VILD = os.environ.get("VILD", ".build/release/vild")
LIMIT = 1e-9


def ours(folder, data, detections, rules, split=None):
    def write(name, value):
        with open(f"{folder}/{name}", "w") as file:
            json.dump(value, file)
        return f"{folder}/{name}"
    command = [VILD, "evaluate", "--annotations", write("truth.json", data), "--detections",
               write("detections.json", detections), "--protocol", rules, "--report", f"{folder}/report.json"]
    if split:
        command += ["--split", write("split.json", split)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    report = json.load(open(f"{folder}/report.json"))
    return {e["iou_type"]: e for e in report["evaluations"]}


def group(evaluation, name):
    return next(g["scores"] for g in evaluation["groups"] if g["name"] == name)


def differences(evaluation, name, expected, categories):
    """`expected` by figure, `categories` AP, AP50 and AP75 by id."""
    scores = group(evaluation, name)
    yield from (abs(scores[f] - v) for f, v in expected.items())
    of_id = {str(c["id"]): c["scores"] for c in evaluation["categories"]}
    for c, values in categories.items():
        yield from (abs(of_id[c][f] - v) for f, v in zip(["AP", "AP50", "AP75"], values))


def compare_coco(folder, data, detections, types, split=None):
    found = ours(folder, data, detections, "coco", split)
    for t in types:
        evaluation = found[t]
        ids = {c["name"]: c["id"] for c in data["categories"]}
        groups = {"all": list(ids)} if not split else {
            "base": split["base"], "novel": split["novel"], "all": split["base"] + split["novel"]}
        for name, members in groups.items():
            if members:
                numbers, categories = cases.coco(data, detections, t, [ids[m] for m in members])
                expected = dict(zip(evaluation["figures"], numbers, strict=True))
                yield from differences(evaluation, name, expected, categories)


def compare_lvis(folder, data, detections, types):
    found = ours(folder, data, detections, "lvis")
    for t in types:
        numbers, categories = cases.lvis(data, detections, t, f"{folder}/truth.json")
        named = {"APr": "rare", "APc": "common", "APf": "frequent"}
        yield from (abs(group(found[t], g)["AP"] - numbers.pop(k)) for k, g in named.items())
        assert set(numbers) == set(found[t]["figures"])
        yield from differences(found[t], "all", numbers, categories)


def compare_voc(folder, data, detections):
    for rules in ("voc", "voc2007"):
        evaluation = ours(folder, data, detections, rules)["bbox"]
        for c in evaluation["categories"]:
            expected = cases.voc(data, detections, c["id"], rules == "voc2007")
            yield abs(c["scores"]["AP50"] - expected)


def check(seed):
    """Number of comparisons and the largest difference of one case."""
    with tempfile.TemporaryDirectory() as folder:
        kind = seed % 3
        data, detections = cases.make(seed, lvis=kind == 1, masks=kind != 2)
        types = ["bbox"] + (["segm"] if kind != 2 and detections and data["annotations"] else [])
        if not detections:  # the peers cannot read an empty list; every object is missed
            evaluation = ours(folder, data, detections, "coco")["bbox"]
            truths = [c["truths"] for c in evaluation["categories"]]
            return 1, max((abs(c["scores"]["AP"] - (0 if t else -1))
                           for c, t in zip(evaluation["categories"], truths)), default=0)
        if kind == 1:
            found = list(compare_lvis(folder, data, detections, types))
        else:
            names = [c["name"] for c in data["categories"]]
            cut = (len(names) + 1) // 2
            split = {"base": names[:cut], "novel": names[cut:-1]} if seed % 2 else None
            found = list(compare_coco(folder, data, detections, types, split))
            if kind == 2:
                for a in data["annotations"]:
                    a["ignore"] = int(a["id"] % 5 == 0)
                    a["iscrowd"] = 0
                found += compare_voc(folder, data, detections)
        return len(found), max(found, default=0)


def examples(shared):
    coco, lvis = f"{shared}/eval/cocoapi_100", f"{shared}/eval/lvis_100"
    with tempfile.TemporaryDirectory() as folder:
        data = json.load(open(f"{coco}/instances_val2014_100.json"))
        names = [c["name"] for c in data["categories"]]
        for kind, t in (("bbox", "bbox"), ("segm", "segm")):
            detections = json.load(open(f"{coco}/instances_val2014_fake{kind}100_results.json"))
            yield from compare_coco(folder, data, detections, [t])
            yield from compare_coco(folder, data, detections, [t],
                                    {"base": names[:48], "novel": names[48:65]})
        data = json.load(open(f"{lvis}/lvis_val_100.json"))
        detections = json.load(open(f"{lvis}/lvis_jitter_results_100.json"))
        yield from compare_lvis(folder, data, detections, ["bbox"])


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    comparisons, worst = 0, 0.0
    if "SHARED" in os.environ:
        found = list(examples(os.environ["SHARED"]))
        comparisons, worst = len(found), max(found)
        print(f"examples: {comparisons} numbers, largest difference {worst:.1e}")
    else:
        print("SKIPPED: COCO's and LVIS's examples; set SHARED to the folder with eval/")
    with ProcessPoolExecutor(2) as pool:
        for seed, (numbers, difference) in zip(
                range(first, first + count), pool.map(check, range(first, first + count), chunksize=8)):
            comparisons += numbers
            worst = max(worst, difference)
            if difference > LIMIT:
                print(f"seed {seed}: {difference:.3g}")
    print(f"{count} cases, {comparisons} numbers, largest difference {worst:.1e}")
    sys.exit(worst > LIMIT)
