"""Seconds and memory of stages that have nothing to do, on inputs of LVIS's size.

Usage: python3 Tests/Peers/up_to_date.py FOLDER [--images 100000] [--embed] [--results]

Makes in FOLDER, which needs 3 GB, photographs of a few pixels, annotations with 12 objects an image, and
proposals with 300 boxes an image; runs `vild propose` on them, which takes minutes, and then measures it
when everything is up to date: the next time, and with annotations that were touched, whose content is
then read. With --embed so does `vild embed`, of two boxes an image, which takes some minutes more; with
--results `vild propose` of the same boxes as COCO results in no order, which takes 3 GB more.
Needs nothing but Python and .build/release/vild.
"""
import argparse, json, os, random, shutil, struct, subprocess, sys, time, zlib

REPOSITORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
VILD = os.path.join(REPOSITORY, ".build", "release", "vild")
WIDTH, HEIGHT, OBJECTS, BOXES, CATEGORIES = 64, 48, 12, 300, 1203
VALIDATION = 20


def png(shade):
    """A photograph of one colour."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = (b"\0" + bytes([shade, 128, 255 - shade]) * WIDTH) * HEIGHT
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_part(folder, name, ids, chance):
    os.makedirs(f"{folder}/{name}")
    photographs = [png(shade) for shade in range(256)]
    for number in ids:
        with open(f"{folder}/{name}/{number:012}.png", "wb") as file:
            file.write(photographs[number % 256])
    with open(f"{folder}/{name}.json", "w") as file:
        file.write('{"categories":')
        json.dump([{"id": k + 1, "name": f"thing {k}", "frequency": "rcf"[k % 3]}
                   for k in range(CATEGORIES)], file)
        file.write(',"images":[')
        file.write(",".join(
            f'{{"id":{number},"file_name":"{number:012}.png","width":{WIDTH},"height":{HEIGHT},'
            '"neg_category_ids":[1],"not_exhaustive_category_ids":[]}' for number in ids))
        file.write('],"annotations":[')
        for place, number in enumerate(ids):
            for k in range(OBJECTS):
                x, y = chance.randrange(WIDTH - 20), chance.randrange(HEIGHT - 20)
                w, h = chance.randrange(4, 20), chance.randrange(4, 20)
                file.write(
                    ("," if place + k else "")
                    + f'{{"id":{place * OBJECTS + k + 1},"image_id":{number},'
                    f'"category_id":{chance.randrange(CATEGORIES) + 1},"bbox":[{x},{y},{w},{h}],'
                    f'"area":{w * h},"segmentation":[[{x},{y},{x + w},{y},{x + w},{y + h},{x},{y + h}]]}}')
        file.write("]}")


def write_proposals(path, ids, count, chance):
    boxes = []
    for _ in range(count):
        x, y = chance.uniform(0, WIDTH - 21), chance.uniform(0, HEIGHT - 21)
        boxes.append([round(x, 2), round(y, 2), round(x + chance.uniform(4, 20), 2),
                      round(y + chance.uniform(4, 20), 2)])
    text = json.dumps({"boxes": boxes, "scores": [round(1 - k / count, 4) for k in range(count)]},
                      separators=(",", ":"))
    with open(path, "w") as file:
        json.dump({"format": "vild-proposals", "version": 1, "label_set": [], "source": "made up",
                   "nms": 1, "top": count, "images": len(ids)}, file)
        for number in ids:
            file.write(f'\n{{"image_id":{number},{text[1:]}')
        file.write("\n")


def write_results(path, ids, count, chance):
    """COCO results: the first box of every image, then the second of every image."""
    with open(path, "w") as file:
        for k in range(count):
            x, y = chance.uniform(0, WIDTH - 21), chance.uniform(0, HEIGHT - 21)
            box = [round(x, 2), round(y, 2), round(chance.uniform(4, 20), 2),
                   round(chance.uniform(4, 20), 2)]
            rest = f',"bbox":{json.dumps(box)},"score":{round(1 - k / count, 4)}}}'
            for place, number in enumerate(ids):
                file.write(f'{"," if k + place else "["}\n{{"image_id":{number}{rest}')
        file.write("]\n")


def write_pipeline(folder, name, file_name, count, more=""):
    with open(f"{folder}/{name}.yaml", "w") as file:
        file.write(f"""name: {name}
data:
  train: {{images: train, annotations: train.json}}
  val: {{images: val, annotations: val.json}}
  split: lvis_frequency
teacher: {{family: clip, folder: teacher}}
proposals: {{file: {file_name}, nms_threshold: 1, top: {count}{more}}}
regions: {{factors: [1]}}
""")


def run(folder, name, stage):
    """Seconds, the most resident memory in MB, and the last message."""
    command = [VILD, stage, "--pipeline", f"{folder}/{name}.yaml", "--data", folder,
               "--runs", f"{folder}/runs"]
    began = time.monotonic()
    with open(f"{folder}/messages", "w") as errors, open(os.devnull, "w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    with open(f"{folder}/messages") as file:
        last = (file.read().splitlines() or [""])[-1]
    if status != 0:
        sys.exit(f"{' '.join(command)}: {last}")
    return seconds, usage.ru_maxrss / 1000, last


def measure(folder, name, stage):
    def row(what):
        seconds, memory, last = run(folder, name, stage)
        print(f"| vild {stage} | {what} | {seconds:.2f} | {memory:.0f} |", flush=True)
        return last
    row("everything")
    time.sleep(3)
    # The caches of a stage that has just written may be too young to tell a change.
    row("the second time")
    last = row("nothing to do")
    if "up to date" not in last:
        sys.exit(f"vild {stage} did something: {last}")
    os.utime(f"{folder}/train.json", (time.time() - 60, time.time() - 60))
    row("annotations touched")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--embed", action="store_true")
    parser.add_argument("--results", action="store_true")
    choices = parser.parse_args()
    folder, ids = choices.folder, range(1, choices.images + 1)
    validation = range(choices.images + 1, choices.images + VALIDATION + 1)
    if not os.path.exists(f"{folder}/made"):
        chance = random.Random(1)
        write_part(folder, "train", ids, chance)
        write_part(folder, "val", validation, chance)
        shutil.copytree(f"{REPOSITORY}/pipelines/emoji-teacher", f"{folder}/teacher")
        for name, count in [("many", BOXES), ("few", 2)]:
            write_proposals(f"{folder}/{name}.jsonl", ids, count, chance)
            write_pipeline(folder, name, f"{name}.jsonl", count)
        open(f"{folder}/made", "w").close()
    if choices.results and not os.path.exists(f"{folder}/results.yaml"):
        write_results(f"{folder}/results.json", ids, BOXES, random.Random(2))
        write_pipeline(folder, "results", "results.json", BOXES, ", label_set: []")
    time.sleep(3)
    print(f"{choices.images} images, {choices.images * OBJECTS} objects, "
          f"{choices.images * BOXES} proposals\n")
    print("| command | with | seconds | MB |\n| --- | --- | ---: | ---: |")
    measure(folder, "many", "propose")
    if choices.embed:
        measure(folder, "few", "embed")
    if choices.results:
        measure(folder, "results", "propose")


main()
