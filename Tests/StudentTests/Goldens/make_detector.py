"""A tiny ViLD-ensemble as in the paper, with batch norms everywhere, and what PyTorch computes.

Usage: python make_detector.py
(torch 2.13.0, torchvision 0.28.0, numpy 2.4.6, safetensors 0.8.0)
Bottleneck blocks, RoIAlign and suppression are torchvision's own. Writes detector-tiny.safetensors:
a checkpoint of ours under "model.", and under "golden." inputs, values, gradients, running
statistics and ten steps of training; in our layouts, computed in double precision. Two images of
different sizes are one batch. The losses look at every candidate: nothing is drawn at random.
"""
import os
import sys

import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import Bottleneck

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../Peers")
import student as peers  # noqa: E402

C, D, LEVELS, MOMENTUM = 8, 12, (2, 3, 4, 5, 6), 0.003
SIZES = ((90, 60), (50, 64))  # width, height; padded to 96 x 64
CANDIDATES, KEPT, ROOM = 60, 40, 2.0**20
# In some others of a few that were tried a choice of boxes turned on float32's rounding within the
# ten steps, or an intermediate value of this small network was off by up to 3e-5.
torch.manual_seed(16)
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
c = peers.Configuration(channels=C, levels=LEVELS, anchor_scale=4)


def norm(channels, flat=False):
    return (nn.BatchNorm1d if flat else nn.BatchNorm2d)(channels, eps=1e-4, momentum=MOMENTUM)


class ResNet(nn.Module):
    """torchvision's blocks, one a stage."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
        inputs = 4
        for i in range(4):
            planes, stride = 2 << i, 1 if i == 0 else 2
            down = nn.Sequential(
                nn.Conv2d(inputs, 4 * planes, 1, stride, bias=False), nn.BatchNorm2d(4 * planes))
            setattr(self, f"layer{i + 1}",
                    nn.Sequential(Bottleneck(inputs, planes, stride, down)))
            inputs = 4 * planes
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = MOMENTUM

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        maps = []
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
            maps.append(x)
        return maps


def conv(kernel, inputs, outputs, stride=1, normed=True):
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not normed)
    if normed:
        layer.norm = norm(outputs)
    return layer


def run(layer, x):
    return layer.norm(layer(x)) if hasattr(layer, "norm") else layer(x)


def trunk(size):
    part = peers.Part(convolution0=conv(3, C, C), connected0=nn.Linear(C * size * size, 16, bias=False),
                      projection=nn.Linear(16, D))
    part.connected0.norm = norm(16, flat=True)
    return part


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = ResNet()
        self.pyramid = peers.Part(
            **{f"lateral{l}": conv(1, 8 << (l - 2), C, normed=False) for l in LEVELS[:4]},
            **{f"output{l}": conv(3, C, C) for l in LEVELS[:4]}, output6=conv(3, C, C, 2))
        self.proposals = peers.Part(
            hidden0=nn.Conv2d(C, C, 3, padding=1, bias=False), objectness=nn.Conv2d(C, 3, 1),
            deltas=nn.Conv2d(C, 12, 1))
        for l in LEVELS:
            setattr(self.proposals.hidden0, f"norm{l}", norm(C))
        self.regions, self.image = trunk(3), trunk(3)
        self.regions.deltas = nn.Linear(16, 4)
        self.text = peers.Part()
        self.text.background = nn.Parameter(torch.randn(1, D))
        self.masks = peers.Part(
            convolution0=conv(3, C, C), upsampling=nn.ConvTranspose2d(C, C, 2, 2, bias=False),
            logits=nn.Conv2d(C, 1, 1))
        self.masks.upsampling.norm = norm(C)

    def tensors(self):
        named = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        return {n.removeprefix("backbone."): t for n, t in named.items() if "num_batches" not in n}

    def features(self, x):
        maps = self.backbone(x)
        merged = [getattr(self.pyramid, f"lateral{l}")(m) for l, m in zip(LEVELS, maps)]
        for i in (2, 1, 0):
            merged[i] = merged[i] + F.interpolate(merged[i + 1], size=merged[i].shape[2:])
        # Level 6 is made of level 5 before its norm.
        plain = [getattr(self.pyramid, f"output{l}")(m) for l, m in zip(LEVELS, merged)]
        plain.append(self.pyramid.output6(plain[-1]))
        return [getattr(self.pyramid, f"output{l}").norm(m) for l, m in zip(LEVELS, plain)]

    def predict(self, features):
        boxes, logits, deltas = [], [], []
        for l, x in zip(LEVELS, features):
            boxes.append(peers.anchors(c, l, *x.shape[2:]))
            x = F.relu(getattr(self.proposals.hidden0, f"norm{l}")(self.proposals.hidden0(x)))
            logits.append(self.proposals.objectness(x).permute(0, 2, 3, 1).flatten(1))
            deltas.append(self.proposals.deltas(x).permute(0, 2, 3, 1).reshape(len(x), -1, 4))
        return boxes, torch.cat(logits, 1), torch.cat(deltas, 1)

    @torch.no_grad()
    def propose(self, boxes, logits, deltas, width, height):
        """Of one image."""
        found, scores, sizes = [], [], [len(b) for b in boxes]
        for references, s, d in zip(boxes, logits.split(sizes), deltas.split(sizes)):
            s, best = s.topk(min(CANDIDATES, len(s)))
            b = peers.decode(d[best], references[best], peers.PROPOSALS, width, height)
            keep = ((b[:, 2:] - b[:, :2]) > 0).all(1)
            found, scores = found + [b[keep]], scores + [s[keep]]
        found, scores = torch.cat(found), torch.cat(scores)
        return found[torchvision.ops.nms(found, scores, 0.7)[:KEPT]]

    def pool(self, features, boxes, size):
        """torchvision's RoIAlign of each image's boxes, image after image."""
        image = torch.cat([torch.full((len(b),), i) for i, b in enumerate(boxes)])
        boxes = torch.cat(boxes)
        level = (4 + (peers.area(boxes).clamp(min=1).sqrt() / 28).log2()).floor().clamp(2, 5).long()
        out = torch.zeros(len(boxes), C, size, size)
        for l in LEVELS[:4]:
            rows = (level == l).nonzero()[:, 0]
            roi = torch.cat([image[rows, None].double(), boxes[rows]], 1)
            out = out.index_copy(0, rows, torchvision.ops.roi_align(
                features[l - 2], roi, size, 1 / (1 << l), 2, aligned=True))
        return out

    def embed(self, head, pooled):
        x = F.relu(run(head.convolution0, pooled)).permute(0, 2, 3, 1).flatten(1)
        x = F.relu(run(head.connected0, x))
        return F.normalize(head.projection(x), eps=1e-12), x

    def logits(self, embeddings, names):
        return embeddings @ torch.cat([F.normalize(self.text.background), names]).T / 0.1

    def mask_logits(self, pooled):
        x = F.relu(run(self.masks.convolution0, pooled))
        return self.masks.logits(F.relu(run(self.masks.upsampling, x)))[:, 0]

    def losses(self, pixels, examples, names, teacher, record=lambda *_: None):
        features = self.features(pixels)
        for l, m in zip(LEVELS, features):
            record(f"features.{l}", m.permute(0, 2, 3, 1))
        boxes, logits, deltas = self.predict(features)
        record("objectness", logits)
        record("deltas", deltas)
        anchors, chosen, labels, first = torch.cat(boxes), [], [], 0.0
        for i, (objects, _, _) in enumerate(examples):
            m = peers.match(anchors, objects, torch.zeros(0, 4), 0.7, 0.3, True)
            fg, bg = (m >= 0).nonzero()[:, 0], (m == -1).nonzero()[:, 0]
            chosen += [logits[i][fg], logits[i][bg]]
            labels += [torch.ones(len(fg)), torch.zeros(len(bg))]
            target = peers.encode(objects[m[fg]], anchors[fg], peers.PROPOSALS)
            first = first + F.huber_loss(deltas[i][fg], target, reduction="sum", delta=1 / 9)
        losses = {
            "objectness": F.binary_cross_entropy_with_logits(torch.cat(chosen), torch.cat(labels)),
            "proposal_boxes": 9 * 2.0**14 * first / (4 * 0.5 * ROOM * len(examples))}

        regions, foreground, classes, targets, cells = [], [], [], [], []
        for i, (objects, categories, _) in enumerate(examples):
            b = torch.cat([self.propose(boxes, logits[i], deltas[i], *SIZES[i]), objects])
            m = peers.match(b, objects, torch.zeros(0, 4), 0.5, 0.5, False)
            fg = (m >= 0).nonzero()[:, 0]
            rows = torch.cat([fg, (m == -1).nonzero()[:, 0]])
            record(f"regions.{i}", b[rows])
            record(f"foreground.{i}", torch.tensor([len(fg)]))
            regions.append(b[rows])
            foreground.append(torch.arange(len(rows)) < len(fg))
            label = torch.zeros(len(rows), dtype=torch.long)
            label[:len(fg)] = 1 + categories[m[fg]]
            classes.append(label)
            targets.append(peers.encode(objects[m[fg]], b[fg], peers.BOX_HEAD))
            cells.append(mask_target(m[fg], b[fg]))
        mask_regions = [r[f] for r, f in zip(regions, foreground)]
        embeddings, x = self.embed(self.regions, self.pool(features, regions, 3))
        text, box = self.logits(embeddings, names), self.regions.deltas(x)
        record("logits", text)
        record("region_deltas", box)
        losses["text"] = F.cross_entropy(text, torch.cat(classes))
        losses["boxes"] = 2.0**15 * F.huber_loss(
            box[torch.cat(foreground)], torch.cat(targets), reduction="sum", delta=1) / (
                4 * 0.25 * ROOM * len(examples))
        masks = self.mask_logits(self.pool(features, mask_regions, 3))
        record("masks", masks)
        losses["masks"] = F.binary_cross_entropy_with_logits(masks, torch.cat(cells))
        image, _ = self.embed(self.image, self.pool(features, [d for _, _, d in examples], 3))
        record("embeddings", image)
        losses["image"] = (image - torch.cat(teacher)).abs().sum(1).mean()
        return losses


def mask_target(objects, boxes, side=6):
    """A pattern of waves, another for each object."""
    steps = (torch.arange(side) + 0.5) / side
    x = boxes[:, 0:1] + steps * (boxes[:, 2:3] - boxes[:, 0:1])
    y = boxes[:, 1:2] + steps * (boxes[:, 3:4] - boxes[:, 1:2])
    return 0.5 + 0.5 * (0.2 * x[:, None, :] + 0.1 * y[:, :, None] + objects[:, None, None]).sin()


def ours(tensor, name):
    if tensor.ndim == 4:
        return tensor.permute(0, 2, 3, 1) if "upsampling" in name else tensor.permute(2, 3, 1, 0)
    return tensor.T if tensor.ndim == 2 and name.endswith("weight") else tensor


detector = Detector()
for name, tensor in detector.tensors().items():
    if "objectness" in name or "deltas" in name:
        tensor.data.normal_(0, 0.1)
    elif tensor.ndim == 1 and name.endswith("weight"):
        tensor.data.uniform_(0.7, 1.4)
    elif "running_var" in name:
        tensor.data.uniform_(0.5, 1.5)
    elif tensor.ndim == 1:
        tensor.data.normal_(0, 0.1)
    tensor.data = tensor.data.float().double()

stored = {}
images = [torch.randint(0, 256, (h, w, 3)).double() for w, h in SIZES]
pixels = torch.stack([
    F.pad(((image - 127) / 128).permute(2, 0, 1), (0, 96 - w, 0, 64 - h))
    for image, (w, h) in zip(images, SIZES)])
examples = []
for i, (w, h) in enumerate(SIZES):
    objects = torch.tensor([[10.3, 5.2, 33.1, 30.4], [15.6, 12.9, 48.7, 52.2]][i:] + [[5.5, 38.2, 20.1, 57.7]])
    low = torch.rand(5, 2) * torch.tensor([w - 30.0, h - 30.0])
    distilled = torch.cat([low, low + 4 + torch.rand(5, 2) * 25], 1).float().double()
    examples.append((objects.float().double(), torch.arange(len(objects)) + i, distilled))
    stored.update({f"image.{i}": images[i], f"objects.{i}": objects,
                   f"categories.{i}": examples[i][1], f"distilled.{i}": distilled})
names = F.normalize(torch.randn(5, D)).float().double()
teacher = [F.normalize(torch.randn(5, D)).float().double() for _ in SIZES]
stored["names"] = names
stored.update({f"teacher.{i}": t for i, t in enumerate(teacher)})
model = {n: ours(t.detach().clone(), n) for n, t in detector.tensors().items()}

kernels = [p for n, p in detector.named_parameters() if n.endswith("weight") and p.ndim > 1]
others = [p for n, p in detector.named_parameters() if not (n.endswith("weight") and p.ndim > 1)]
optimizer = torch.optim.SGD(
    [{"params": kernels, "weight_decay": 4e-5}, {"params": others}], lr=0.0003, momentum=0.9)
steps = []
for step in range(10):
    record = (lambda n, t: stored.update({n: t.detach().clone()})) if step == 0 else lambda *_: None
    losses = detector.losses(pixels, examples, names, teacher, record)
    total = peers.total(losses, 0.5)
    optimizer.zero_grad()
    total.backward()
    if step == 0:
        for name, tensor in detector.tensors().items():
            if tensor.requires_grad:
                stored[f"gradient.{name}"] = ours(tensor.grad.clone(), name)
            elif "running" in name:
                stored[f"after.{name}"] = tensor.clone()
    optimizer.step()
    steps.append([*(v.item() for v in losses.values()), total.item()])
    print(" ".join(f"{v:.5f}" for v in steps[-1]))
stored["losses"] = torch.tensor(steps)

tensors = {**{f"model.{k}": v for k, v in model.items()},
           **{f"golden.{k}": v for k, v in stored.items()}}
path = f"{HERE}/detector-tiny.safetensors"
save_file({k: (v.float() if v.is_floating_point() else v).detach().contiguous()
           for k, v in tensors.items()}, path,
          metadata={"format": "vild-student", "format_version": "1", "step": "0"})
print(os.path.getsize(path), "bytes")
