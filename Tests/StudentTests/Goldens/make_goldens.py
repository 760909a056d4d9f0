"""A tiny student with random weights, and what PyTorch computes with it.

Usage: python make_goldens.py
(torch 2.13.0, numpy 2.4.6, safetensors 0.8.0; with torchvision, its roi_align and nms are compared with ours)
Writes student-tiny.safetensors beside this script: the weights under "model.", and inputs,
intermediate values, gradients and five steps of training under "golden."; all in our layouts.
Computed in double precision, stored in single. The losses look at every candidate, so that nothing
is drawn at random.
"""
import os
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../Peers")
import student as peers  # noqa: E402

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 3, 8), (2, 5, 2, 3, 16), (1, 3, 2, 3, 16), (2, 5, 1, 3, 24),
          (1, 5, 2, 3, 32), (1, 3, 1, 3, 24))
WIDTH, HEIGHT = 90, 60  # padded to 96 x 64
W = 0.5

torch.manual_seed(11)
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
c = peers.Configuration(
    stem=8, stages=STAGES, channels=8, sampled_anchors=1 << 20, candidates=60, kept=40, pool=3,
    canonical=28, convolutions=1, connected=(16,), sampled_regions=1 << 20, temperature=0.1,
    width=12, proposal_box_weight=9 * 2**14, box_weight=2**15)
student = peers.Student(c)
for name, tensor in student.tensors().items():
    if "_bn" in name:
        low, high = {"weight": (0.7, 1.6), "bias": (-0.3, 0.6), "running_mean": (-0.3, 0.3),
                     "running_var": (0.3, 1.5)}[name.split(".")[-1]]
        tensor.data.uniform_(low, high)
    elif name.endswith("bias"):
        tensor.data.normal_(0, 0.1)
    elif "objectness" in name or "deltas" in name:
        tensor.data.normal_(0, 0.1)
    if tensor.ndim == 4:
        tensor.data *= 0.7  # neither values nor the effect of rounding grow from layer to layer
    tensor.data = tensor.data.half().double()


def ours(tensor, name):
    """Kernels from PyTorch's layout to ours; linear layers of the region head are transposed."""
    if tensor.ndim == 4 and "depthwise" in name:
        return tensor[:, 0].permute(1, 2, 0)
    if tensor.ndim == 4:
        return tensor.permute(2, 3, 1, 0)
    return tensor.T if tensor.ndim == 2 and name.endswith("weight") else tensor


image = torch.randint(0, 256, (HEIGHT, WIDTH, 3)).double()
pixels = F.pad(((image - 127) / 128).permute(2, 0, 1)[None], (0, 96 - WIDTH, 0, 64 - HEIGHT))
objects = torch.tensor([[10.3, 5.2, 33.1, 30.4], [40.6, 12.9, 88.7, 52.2], [5.5, 38.2, 20.1, 57.7]])
categories = torch.tensor([3, 0, 2])
crowds = torch.tensor([[60.0, 2.0, 90.0, 20.0]])
low = torch.rand(9, 2) * torch.tensor([60.0, 35.0])
distilled = torch.cat([low, low + 4 + torch.rand(9, 2) * torch.tensor([25.0, 20.0])], 1)
base, teacher = F.normalize(torch.randn(5, 12)), F.normalize(torch.randn(9, 12))
example = (pixels, WIDTH, HEIGHT, objects, categories, crowds, distilled, base, teacher)

stored = {}


def golden(name, tensor):
    stored[f"golden.{name}"] = tensor


model = {k: ours(v.detach().clone(), k) for k, v in student.tensors().items()}
golden("image", image)
golden("objects", objects)
golden("categories", categories)
golden("crowds", crowds)
golden("distilled", distilled)
golden("base", base)
golden("teacher", teacher)

with torch.no_grad():
    features = student.features(pixels)
    prediction = student.predict(features)
    for level, map in zip(c.levels, features):
        golden(f"features.{level}", map.permute(0, 2, 3, 1))
    golden("anchors", torch.cat(prediction[0]))
    golden("objectness", prediction[1])
    golden("deltas", prediction[2])
    boxes, scores = student.propose(prediction, WIDTH, HEIGHT, c.kept)
    golden("proposals", boxes)
    golden("scores", scores)
    embeddings, deltas = student.region_head(features, distilled)
    golden("embeddings", embeddings)
    golden("region_deltas", deltas)
    golden("logits", student.logits(embeddings, base))
    for name, tensor in zip(("boxes", "objectness", "embeddings"),
                            student.detect(pixels, WIDTH, HEIGHT, c.kept)):
        golden(f"detect.{name}", tensor)
    try:
        import torchvision
        roi = torch.cat([torch.zeros(9, 1), distilled], 1)
        theirs = torchvision.ops.roi_align(features[0], roi, 3, 1 / 8, 2, aligned=True)
        mine = peers.roi_align(features[:1], distilled, torch.zeros(9, dtype=torch.long), [8], 3)
        assert torch.allclose(mine.permute(0, 3, 1, 2), theirs, rtol=1e-9, atol=1e-9)
        some, keys = peers.decode(prediction[2], torch.cat(prediction[0]), peers.PROPOSALS, WIDTH, HEIGHT), prediction[1]
        assert torchvision.ops.nms(some, keys, 0.7).equal(peers.nms(some, keys, 0.7, 1 << 20))
    except (ImportError, RuntimeError, AttributeError) as error:
        print("torchvision was not compared:", error)

# Five steps of SGD, gradients clipped to length 1; the first step's gradients are kept.
optimizer = student.optimizer(rate=0.01)
steps = []
for step in range(5):
    losses = student.losses(*example)
    loss = peers.total(losses, W)
    optimizer.zero_grad()
    loss.backward()
    if step == 0:
        for name, tensor in student.tensors().items():
            if tensor.requires_grad:
                golden(f"gradient.{name}", ours(tensor.grad.clone(), name))
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1)
    optimizer.step()
    steps.append([*(v.item() for v in losses.values()), loss.item()])
    print(" ".join(f"{v:.5f}" for v in steps[-1]))
golden("losses", torch.tensor(steps))

tensors = {**{f"model.{k}": v for k, v in model.items()}, **stored}
path = f"{HERE}/student-tiny.safetensors"
tensors = {k: v.detach().contiguous() for k, v in tensors.items()}
save_file({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}, path,
          metadata={"format": "vild-student", "format_version": "1", "step": "0"})
print(os.path.getsize(path), "bytes")
