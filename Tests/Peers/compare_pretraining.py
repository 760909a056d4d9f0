"""Compares the speed of a step of `vild pretrain` with PyTorch: compare_pretraining.py VILD_BENCH [ROUNDS].

Both sides train the model of PretrainingConfiguration's defaults on 256 crops with texts of 16 tokens:
forward, symmetric cross-entropy, backward, clipping and AdamW. A round runs one process of each side,
one right after the other. Printed are medians over the rounds of each process's best step, and the
median, smallest and largest of the rounds' ratios; above 1 vild is faster.
Needs torch and transformers.
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
    sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
    import torch
    from transformers import CLIPConfig, CLIPModel

    torch.set_num_threads(int(os.environ.get("VILD_THREADS") or len(os.sched_getaffinity(0))))
    torch.manual_seed(0)
    end = 1999
    sizes = {"hidden_size": 192, "intermediate_size": 768, "num_attention_heads": 3}
    model = CLIPModel(CLIPConfig.from_dict({
        "model_type": "clip", "projection_dim": 192,
        "vision_config": {**sizes, "num_hidden_layers": 6, "image_size": 64, "patch_size": 8},
        "text_config": {**sizes, "num_hidden_layers": 3, "vocab_size": end + 1, "max_position_embeddings": 32,
                        "bos_token_id": end - 1, "eos_token_id": end, "pad_token_id": end},
    })).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    pixels = torch.randn(CROPS, 3, 64, 64)
    ids = torch.tensor([[(31 * i + 7 * j) % end for j in range(15)] + [end] for i in range(CROPS)])
    labels = torch.arange(CROPS)

    def step():
        logits = model(pixel_values=pixels, input_ids=ids).logits_per_image
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
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    return min(json.loads(output)["seconds"])


def main():
    bench = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    pairs = [(best(bench, "pretrain"), best(sys.executable, __file__, "peer")) for _ in range(rounds)]
    ratios = [theirs / ours for ours, theirs in pairs]
    ours, theirs = (1 / median(side) for side in zip(*pairs))
    print(f"crops a second: vild {ours:.1f}, PyTorch {theirs:.1f}; "
          f"ratio {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), {rounds} rounds")


peer() if sys.argv[1] == "peer" else main()
