"""Compares the speed of a step of `vild pretrain` with PyTorch: compare_pretraining.py VILD_BENCH [ROUNDS].

Both sides train the model of PretrainingConfiguration's defaults on 256 crops with texts of 16 tokens:
forward, symmetric cross-entropy, backward, clipping and AdamW. A round runs one process of each side,
one right after the other. Printed are medians over the rounds of each process's best step, and the
median, smallest and largest of the rounds' ratios; above 1 vild is faster.
PyTorch works in its faster layout, channels last; open_clip fills texts up to its context, 32 tokens.
Needs torch and open_clip_torch.
"""

import json
import os
import subprocess
import sys
import time
from statistics import median

CROPS = 256
STEPS = 3


def peer():
    import torch
    from open_clip.model import CLIP

    torch.set_num_threads(int(os.environ.get("VILD_THREADS") or len(os.sched_getaffinity(0))))
    torch.manual_seed(0)
    end = 1999
    model = CLIP(
        128, {"layers": [1, 1, 1, 1], "width": 16, "head_width": 64, "image_size": 64, "patch_size": None},
        {"context_length": 32, "vocab_size": end + 1, "width": 128, "heads": 2, "layers": 2},
        quick_gelu=True).train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    pixels = torch.randn(CROPS, 3, 64, 64).to(memory_format=torch.channels_last)
    ids = torch.tensor([[(31 * i + 7 * j) % end for j in range(15)] + [end] + [0] * 16 for i in range(CROPS)])
    labels = torch.arange(CROPS)

    def step():
        images, texts = model.encode_image(pixels, normalize=True), model.encode_text(ids, normalize=True)
        logits = model.logit_scale.exp() * images @ texts.T
        cross_entropy = torch.nn.functional.cross_entropy
        loss = (cross_entropy(logits, labels) + cross_entropy(logits.T, labels)) / 2
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimiser.step()

    step()
    seconds = []
    for _ in range(STEPS):
        start = time.perf_counter()
        step()
        seconds.append((time.perf_counter() - start) / CROPS)
    print(json.dumps({"seconds": seconds}))


def best(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        sys.exit(f"compare_pretraining.py: {' '.join(command)} does not run: {lines[-1]}")
    return min(json.loads(result.stdout)["seconds"])


def main():
    bench = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    pairs = [(best(bench, "pretrain"), best(sys.executable, __file__, "peer")) for _ in range(rounds)]
    ratios = [theirs / ours for ours, theirs in pairs]
    ours, theirs = (1 / median(side) for side in zip(*pairs))
    print(f"crops a second: vild {ours:.1f}, PyTorch {theirs:.1f}; "
          f"ratio {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), {rounds} rounds")


peer() if sys.argv[1] == "peer" else main()
