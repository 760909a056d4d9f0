#!/usr/bin/env python3
"""Embeds what `vild embed --list` lists with the tower of `vild export teacher`, on a GPU where there is one:
    embed_elsewhere.py list.jsonl teacher.onnx vectors [--images folder]
writes files for `vild cache import vectors`; run again, it goes on. Images that cannot be read as listed are
named and left to `vild embed`. Needs numpy, pillow and onnxruntime (onnxruntime-gpu 1.18 for CUDA).
"""
import argparse, concurrent.futures, hashlib, io, itertools, json, os, pathlib, sys
import numpy as np, onnxruntime
from PIL import Image

parser = argparse.ArgumentParser()
for name in ["list", "model", "output"]:
    parser.add_argument(name, type=pathlib.Path)
parser.add_argument("--images", type=pathlib.Path, help="their folder, where it is another than in the list")
parser.add_argument("--images-per-file", type=int, default=64)
parser.add_argument("--batch", type=int, default=256, help="crops at once")
options = parser.parse_args()
options.output.mkdir(parents=True, exist_ok=True)
lines = map(json.loads, options.list.open(encoding="utf-8"))
head = next(lines)
recipe, how, folder = bytes.fromhex(head["recipeHash"]), head["input"], options.images or head["folder"]
size, side, mean, deviation = how["size"], how["side"], np.float32(how["mean"]), np.float32(how["deviation"])
wanted = [("CUDAExecutionProvider", {"use_tf32": 0}), ("CPUExecutionProvider", {})]
providers = [each for each in wanted if each[0] in onnxruntime.get_available_providers()]
session = onnxruntime.InferenceSession(options.model, providers=providers)
if session.get_modelmeta().custom_metadata_map["vild.teacher"] != json.loads(head["recipe"])["teacher"]["weights"]:
    sys.exit(f"{options.model} is not a tower of the list's teacher")
turns = "FLIP_LEFT_RIGHT ROTATE_180 FLIP_TOP_BOTTOM TRANSPOSE ROTATE_270 TRANSVERSE ROTATE_90".split()  # EXIF's 2-8

def read(line):
    try:
        data = pathlib.Path(folder, line["file"]).read_bytes()
        image = Image.open(io.BytesIO(data))
        if hashlib.sha256(data).hexdigest() != line["sha256"] or image.mode not in ["RGB", "L"]:
            raise ValueError(f"another file than was listed, or colours that are not plain ({image.mode})")
        image, turn = image.convert("RGB"), line["orientation"] - 2
        return image if turn < 0 else image.transpose(Image.Transpose[turns[turn]])
    except Exception as error:
        print(f"left out: image {line['id']}, {line['file']}: {error}", file=sys.stderr)

def pixels(image, crop):
    crop = image.crop(crop)
    fitted = (side * crop.width // min(crop.size), side * crop.height // min(crop.size))
    width, height = {"squash": (size, size), "squashed_centre": (side, side), "centre_crop": fitted}[how["fit"]]
    left, top = (width - size) // 2, (height - size) // 2
    crop = crop.resize((width, height), Image.Resampling[how["filter"].upper()])
    return ((np.float32(crop.crop((left, top, left + size, top + size))) - mean) / deviation).transpose(2, 0, 1)

def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)

done = set()
for file in map(np.load, options.output.glob("*.npz")):
    done.update(zip(file["ids"].tolist(), map(bytes, file["contents"])) if bytes(file["recipe"]) == recipe else [])
left = (line for line in lines if "error" not in line and (line["id"], bytes.fromhex(line["sha256"])) not in done)
pool = concurrent.futures.ThreadPoolExecutor()
while group := list(itertools.islice(left, options.images_per_file)):
    images = [(line, image) for line, image in zip(group, pool.map(read, group)) if image]
    if not images: continue
    regions = [[(n, tuple(crop)) for crop in crops] for n, (line, _) in enumerate(images) for crops in line["crops"]]
    rows = {crop: row for row, crop in enumerate(dict.fromkeys(itertools.chain(*regions)))}  # equal ones once
    vectors, todo = np.zeros((len(rows), head["dimension"]), np.float32), list(rows)
    for start in range(0, len(todo), options.batch):
        batch = pool.map(lambda crop: pixels(images[crop[0]][1], crop[1]), todo[start:start + options.batch])
        vectors[start:start + options.batch] = session.run(None, {"pixels": np.stack(list(batch))})[0]
    vectors = unit(vectors) if head["combination"] == "unitSum" else vectors
    each = np.int64([[rows[crop] for crop in region] for region in regions]).reshape(-1, head["cropsPerRegion"])
    columns = {"vectors": unit(vectors[each].sum(axis=1)).astype(np.float16), "recipe": np.frombuffer(recipe, np.uint8),
               "ids": np.int64([line["id"] for line, _ in images]),
               "contents": np.uint8([list(bytes.fromhex(line["sha256"])) for line, _ in images]).reshape(-1, 32),
               "offsets": np.cumsum([0] + [len(line["scores"]) for line, _ in images], dtype=np.int64),
               "boxes": np.float32([box for line, _ in images for box in line["boxes"]]).reshape(-1, 4),
               "scores": np.float32([score for line, _ in images for score in line["scores"]])}
    hashes = "".join(f"{hashlib.sha256(v.tobytes()).hexdigest()}  {name}\n" for name, v in sorted(columns.items()))
    digest = hashlib.sha256(hashes.encode())
    part = options.output / f"{digest.hexdigest()[:16]}.part"
    with part.open("wb") as file:
        np.savez(file, sha256=np.frombuffer(digest.digest(), np.uint8), **columns)
        os.fsync(file.fileno())
    print(part.replace(part.with_suffix(".npz")), len(images), "images", flush=True)
