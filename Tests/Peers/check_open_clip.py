"""Reads a teacher that `vild pretrain` wrote with open_clip, and compares embeddings:

    check_open_clip.py VILD TEACHER [SEED]

VILD is the executable, TEACHER a folder in open_clip's form with merges.txt and vocab.json, such as
pipelines/emoji-teacher. open_clip reads configuration and weights itself; random pictures go through its
preprocessing, random names through its tokenizer with the folder's merges. `vild teacher check` is given
these pixels and ids, `vild teacher text` the names alone. Printed is each output's largest relative
error, as a share of the largest element; more than 1e-4 fails. Needs open_clip_torch, torchvision and
safetensors (made with open_clip_torch 3.3.0).
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import open_clip
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

PICTURES, NAMES, LIMIT = 32, 200, 1e-4
LETTERS = "abcdefghijklmnopqrstuvwxyzeeaaooiiéßλЖ木7'-&.!ABC"
PIPELINE = """
name: check
data: {train: {images: none, annotations: none}, val: {images: none, annotations: none}, split: none}
teacher: {family: clip, folder: teacher, prompts: {templates: ["{}"]}}
"""


def tokenizer(teacher, folder, context):
    """open_clip's, with the folder's merges: it takes them packed, and a last empty line for a merge."""
    with open(f"{teacher}/merges.txt", "rb") as merges, gzip.open(f"{folder}/merges.gz", "wb") as packed:
        packed.write(merges.read().rstrip(b"\n"))
    result = open_clip.SimpleTokenizer(f"{folder}/merges.gz", context_length=context)
    ours = json.load(open(f"{teacher}/vocab.json"))
    special = {"<|startoftext|>": "<start_of_text>", "<|endoftext|>": "<end_of_text>"}
    assert {special.get(word, word): number for word, number in ours.items()} == result.encoder
    return result


def picture(random):
    height, width = random.integers(16, 300, 2)
    small = Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    return small.resize((int(width), int(height)), Image.Resampling.BICUBIC)


def name(random):
    words = ("".join(random.choice(list(LETTERS), random.integers(1, 6))) for _ in range(random.integers(1, 4)))
    return " ".join(words)


def main(vild, teacher, seed=0):
    random = np.random.default_rng(int(seed))
    with tempfile.TemporaryDirectory() as folder:
        copy = f"{folder}/teacher"
        os.mkdir(copy)
        for file in ("merges.txt", "open_clip_config.json", "open_clip_model.safetensors", "vocab.json"):
            shutil.copy(f"{teacher}/{file}", copy)
        model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{copy}")
        model.eval()
        names = sorted({name(random) for _ in range(NAMES)})
        ids = tokenizer(teacher, folder, model.context_length)(names)
        pixels = torch.stack([preprocess(picture(random)) for _ in range(PICTURES)])
        with torch.no_grad():
            images, texts, scale = model(pixels, ids)
        ends = ids.argmax(1, keepdim=True)
        save_file({
            "pixel_values": pixels, "input_ids": ids, "attention_mask": (torch.arange(ids.shape[1]) <= ends).long(),
            "image_embeds": images, "text_embeds": texts, "logits_per_image": scale.detach() * images @ texts.T,
        }, f"{copy}/golden.safetensors")
        check = subprocess.run([vild, "teacher", "check", copy], stdout=subprocess.PIPE, text=True)
        print(*(line for line in check.stdout.splitlines() if "relative error" in line), sep="\n")

        with open(f"{folder}/pipeline.yaml", "w") as pipeline, open(f"{folder}/names.txt", "w") as lines:
            pipeline.write(PIPELINE)
            lines.write("\n".join(names))
        text = subprocess.run(
            [vild, "teacher", "text", "--pipeline", f"{folder}/pipeline.yaml", "--data", folder, "--runs", folder,
             "--classes", f"{folder}/names.txt", "--output", f"{folder}/text.safetensors"],
            capture_output=True, text=True)
        if text.returncode:
            sys.exit(text.stderr)
        ours = load_file(f"{folder}/text.safetensors")["embeddings"]
        error = float((ours - texts).abs().max() / texts.abs().max())
        print(f"names as embeddings  largest relative error {error:.1e}, {len(names)} names")
    return check.returncode or int(not error <= LIMIT)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
