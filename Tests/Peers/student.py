"""The student in PyTorch: the same detector, losses and optimiser as Sources/Student and
Sources/Distillation, so that numbers (make_goldens.py) and speed (bench.py) can be compared.

Written for speed on a CPU: frozen norms are folded into kernels, RoIAlign is one embedding_bag.
Letters: R regions, D embedding width, C categories; boxes are xyxy pixels, half-open.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# Rows of an EfficientNet: repeats, kernel, stride, expansion, output channels.
LITE0 = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
         (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
LITE2 = ((1, 3, 1, 1, 16), (3, 3, 2, 6, 24), (3, 5, 2, 6, 48), (4, 3, 2, 6, 88),
         (4, 5, 1, 6, 120), (5, 5, 2, 6, 208), (1, 3, 1, 6, 352))


@dataclass
class Configuration:
    """The sizes of pipelines/coco-mini.yaml."""
    stem: int = 32
    stages: tuple = LITE0
    frozen_stages: int = 2
    channels: int = 128
    levels: tuple = (3, 4, 5, 6)
    hidden: int = 1
    anchor_scale: float = 4
    ratios: tuple = (1, 2, 0.5)
    anchor_foreground: float = 0.7
    anchor_background: float = 0.3
    sampled_anchors: int = 256
    anchor_share: float = 0.5
    proposal_box_weight: float = 1
    candidates: int = 500
    kept: int = 256
    nms: float = 0.7
    pool: int = 7
    canonical: float = 112
    convolutions: int = 0
    connected: tuple = (1024,)
    sampled_regions: int = 128
    region_foreground: float = 0.5
    region_share: float = 0.25
    box_weight: float = 1
    box_delta: float = 1
    temperature: float = 0.01
    width: int = 384


# Backbone


class Unit(nn.Module):
    """Convolution with TensorFlow's padding, frozen norm (epsilon 1e-3) folded in, ReLU6."""

    def __init__(self, names, shape, stride=1, groups=1, active=True, trained=True):
        super().__init__()
        self.names, self.stride, self.groups, self.active = names, stride, groups, active
        self.weight = nn.Parameter(torch.empty(shape), requires_grad=trained)
        nn.init.kaiming_normal_(self.weight)
        for name in ("gamma", "variance"):
            self.register_buffer(name, torch.ones(shape[0]))
        for name in ("beta", "mean"):
            self.register_buffer(name, torch.zeros(shape[0]))
        self.kernel = None

    def tensors(self):
        """Under the names of efficientnet_lite_pytorch."""
        convolution, norm = self.names
        return {f"{convolution}.weight": self.weight, f"{norm}.weight": self.gamma,
                f"{norm}.bias": self.beta, f"{norm}.running_mean": self.mean,
                f"{norm}.running_var": self.variance}

    def folded(self):
        factors = self.gamma / (self.variance + 1e-3).sqrt()
        return self.weight * factors[:, None, None, None], self.beta - self.mean * factors

    def forward(self, x):
        weight, bias = self.kernel or self.folded()
        side, pads = weight.shape[2], []
        for size in (x.shape[3], x.shape[2]):
            total = max(0, (math.ceil(size / self.stride) - 1) * self.stride + side - size)
            pads += [total // 2, total - total // 2]
        inside = (pads[2], pads[0])
        if pads[0] != pads[1] or pads[2] != pads[3]:
            x, inside = F.pad(x, pads), 0
        x = F.conv2d(x, weight, bias, self.stride, inside, groups=self.groups)
        return F.relu6(x, inplace=True) if self.active else x


class Block(nn.Module):
    def __init__(self, name, inputs, output, kernel, stride, expansion, trained):
        super().__init__()
        inner = inputs * expansion
        self.stride, self.skip = stride, stride == 1 and inputs == output
        self.expand = None if expansion == 1 else Unit(
            (f"{name}._expand_conv", f"{name}._bn0"), (inner, inputs, 1, 1), trained=trained)
        self.depthwise = Unit((f"{name}._depthwise_conv", f"{name}._bn1"), (inner, 1, kernel, kernel),
                              stride, groups=inner, trained=trained)
        self.project = Unit((f"{name}._project_conv", f"{name}._bn2"), (output, inner, 1, 1),
                            active=False, trained=trained)

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x) if self.expand else x))
        return y.add_(x) if self.skip else y


class EfficientNet(nn.Module):
    def __init__(self, stages, stem=32, frozen_stages=0, head=None, classes=1000):
        super().__init__()
        self.stem = Unit(("_conv_stem", "_bn0"), (stem, 3, 3, 3), 2, trained=frozen_stages < 1)
        blocks, inputs, self.channels = [], stem, []
        for number, (repeats, kernel, stride, expansion, output) in enumerate(stages):
            for i in range(repeats):
                blocks.append(Block(f"_blocks.{len(blocks)}", inputs, output, kernel,
                                    1 if i else stride, expansion, frozen_stages < number + 2))
                inputs = output
            if number + 1 == len(stages) or stages[number + 1][2] == 2:
                self.channels.append(output)
        self.channels = self.channels[1:]
        self.blocks = nn.ModuleList(blocks)
        self.head = head and Unit(("_conv_head", "_bn1"), (head, inputs, 1, 1))
        self.classifier = head and nn.Linear(head, classes)

    def tensors(self):
        named = {}
        for module in self.modules():
            if isinstance(module, Unit):
                named.update(module.tensors())
        if self.classifier:
            named.update({"_fc.weight": self.classifier.weight, "_fc.bias": self.classifier.bias})
        return named

    def load(self, tensors):
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                tensor.copy_(tensors[name])

    def fold(self):
        """For inference: kernels are multiplied with the norms' factors once."""
        for module in self.modules():
            if isinstance(module, Unit):
                module.kernel = tuple(t.detach() for t in module.folded())
        return self

    def features(self, x):
        """The last map of strides 4, 8, 16 and 32."""
        maps, x = [], self.stem(x)
        for block in self.blocks:
            if block.stride == 2:
                maps.append(x)
            x = block(x)
        return maps[1:] + [x]

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.head(x).mean((2, 3)))


# Boxes


def anchors(c, level, rows, columns):
    """[rows * columns * ratios, 4]"""
    stride, size = 1 << level, np.float32(c.anchor_scale * (1 << level))
    roots = np.sqrt(np.array(c.ratios, np.float32))
    half = np.stack([size / roots / 2, size * roots / 2], 1)
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    centre = (np.stack([x, y], -1) + np.float32(0.5)) * np.float32(stride)
    centre = centre.reshape(-1, 1, 2)
    boxes = torch.from_numpy(np.concatenate([centre - half, centre + half], -1).reshape(-1, 4))
    return boxes.to(torch.get_default_dtype())


def area(boxes):
    return (boxes[..., 2] - boxes[..., 0]).clamp(min=0) * (boxes[..., 3] - boxes[..., 1]).clamp(min=0)


def overlap(a, b):
    """[A, B]: shared pixels."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    return (high - low).clamp(min=0).prod(-1)


def encode(targets, references, weights):
    size, target_size = references[:, 2:] - references[:, :2], targets[:, 2:] - targets[:, :2]
    move = (targets[:, :2] + 0.5 * target_size) - (references[:, :2] + 0.5 * size)
    return torch.cat([move / size, (target_size / size).log()], 1) * torch.tensor(weights)


def decode(deltas, references, weights, width, height):
    deltas = deltas / torch.tensor(weights)
    size = references[:, 2:] - references[:, :2]
    centre = deltas[:, :2] * size + (references[:, :2] + 0.5 * size)
    half = 0.5 * (deltas[:, 2:].clamp(max=math.log(1000 / 16)).exp() * size)
    limit = torch.tensor([width, height] * 2, dtype=deltas.dtype)
    return torch.minimum(torch.cat([centre - half, centre + half], 1).clamp(min=0), limit)


PROPOSALS, BOX_HEAD = (1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)


def nms(boxes, scores, threshold, limit):
    order = scores.argsort(descending=True, stable=True)
    x0, y0, x1, y1 = boxes[order].numpy().T.copy()
    areas = (x1 - x0) * (y1 - y0)
    alive, kept = np.ones(len(areas), bool), []
    for i in range(len(areas)):
        if not alive[i]:
            continue
        kept.append(i)
        if len(kept) == limit:
            break
        shared = (np.maximum(np.minimum(x1, x1[i]) - np.maximum(x0, x0[i]), 0)
                  * np.maximum(np.minimum(y1, y1[i]) - np.maximum(y0, y0[i]), 0))
        alive &= shared <= threshold * (areas + areas[i] - shared)
    return order[torch.tensor(kept, dtype=torch.long)]


def match(boxes, objects, crowds, foreground, background, low_quality):
    """For each box: the object it is trained as, -1 for background, -2 for neither."""
    result = torch.full((len(boxes),), -1)
    if len(objects):
        shared = overlap(boxes, objects)
        iou = shared / (area(boxes)[:, None] + area(objects) - shared)
        best, owner = iou.max(1)
        result[(best >= background) & (best > 0)] = -2
        chosen = best >= foreground
        if low_quality:
            chosen |= ((iou == iou.max(0).values) & (iou > 0)).any(1)
        result[chosen] = owner[chosen]
    if len(crowds):
        inside = (overlap(boxes, crowds) >= 0.5 * area(boxes)[:, None]).any(1)
        result[(result == -1) & inside] = -2
    return result


def sample(matches, count, share):
    """Positions of foreground and background, at most `share` of `count` foreground."""
    def some(rows, most):
        return rows if len(rows) <= most else rows[torch.randperm(len(rows))[:most]].sort().values
    foreground = some((matches >= 0).nonzero()[:, 0], int(count * share))
    return foreground, some((matches == -1).nonzero()[:, 0], count - len(foreground))


def roi_align(maps, boxes, levels, strides, size, ratio=2):
    """torchvision's aligned roi_align over several levels, as weighted sums of cells.

    maps: [1, channels, H, W] each; levels: the map of each box. Returns [R, size, size, channels].
    """
    table = torch.cat([m.permute(0, 2, 3, 1).flatten(0, 2) for m in maps])
    shapes = torch.tensor([m.shape[2:] for m in maps])
    starts = torch.cat([torch.zeros(1, dtype=torch.long), shapes.prod(1).cumsum(0)[:-1]])
    scale = (1 / torch.tensor(strides))[levels]

    def axis(low, high, extent):
        cell = (high - low) * scale / size
        offsets = (torch.arange(ratio) + 0.5) / ratio
        steps = (torch.arange(size)[:, None] + offsets).flatten()
        position = (low * scale - 0.5)[:, None] + cell[:, None] * steps
        extent = extent[:, None]
        used = ((position >= -1) & (position <= extent)) / ratio
        position = position.clamp(min=0)
        left = position.long().minimum(extent - 1)
        right = (left + 1).minimum(extent - 1)
        part = torch.where(left < extent - 1, position - left, 0.0)
        cells = torch.stack([left, right], -1).view(len(boxes), size, 2 * ratio)
        weights = torch.stack([(1 - part) * used, part * used], -1).view(cells.shape)
        return cells, weights

    rows, row_weights = axis(boxes[:, 1], boxes[:, 3], shapes[levels, 0])
    columns, column_weights = axis(boxes[:, 0], boxes[:, 2], shapes[levels, 1])
    first = starts[levels][:, None, None, None, None]
    across = shapes[levels, 1][:, None, None, None, None]
    cells = first + rows[:, :, None, :, None] * across + columns[:, None, :, None, :]
    weights = row_weights[:, :, None, :, None] * column_weights[:, None, :, None, :]
    taps = (2 * ratio) ** 2
    pooled = F.embedding_bag(cells.reshape(-1, taps), table, mode="sum",
                             per_sample_weights=weights.reshape(-1, taps))
    return pooled.view(len(boxes), size, size, -1)


# The student


class Part(nn.Module):
    """Layers under their names in a checkpoint."""

    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)


class Student(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.backbone = EfficientNet(c.stages, c.stem, c.frozen_stages)
        used = [level for level in c.levels if level <= 5]
        self.pyramid = Part(
            **{f"lateral{l}": nn.Conv2d(self.backbone.channels[l - 2], c.channels, 1) for l in used},
            **{f"output{l}": nn.Conv2d(c.channels, c.channels, 3, padding=1) for l in used})
        self.proposals = Part(
            **{f"hidden{i}": nn.Conv2d(c.channels, c.channels, 3, padding=1) for i in range(c.hidden)},
            objectness=nn.Conv2d(c.channels, len(c.ratios), 1),
            deltas=nn.Conv2d(c.channels, 4 * len(c.ratios), 1))
        widths = (c.channels * c.pool ** 2,) + c.connected
        self.regions = Part(
            **{f"convolution{i}": nn.Conv2d(c.channels, c.channels, 3, padding=1)
               for i in range(c.convolutions)},
            **{f"connected{i}": nn.Linear(widths[i], widths[i + 1]) for i in range(len(c.connected))},
            projection=nn.Linear(widths[-1], c.width), deltas=nn.Linear(widths[-1], 4))
        self.text = Part()
        self.text.background = nn.Parameter(torch.randn(1, c.width) * 0.01)
        for part in (self.pyramid, self.proposals, self.regions):
            for name, layer in part.named_children():
                nn.init.zeros_(layer.bias)
                nn.init.normal_(layer.weight, std=0.01 if name in ("objectness", "deltas") else
                                (2 / layer.weight[0].numel()) ** 0.5)

    def tensors(self):
        """Everything, under the names of our checkpoints."""
        heads = {n: p for n, p in self.named_parameters() if not n.startswith("backbone.")}
        return {**self.backbone.tensors(), **heads}

    def features(self, pixels):
        maps, c = self.backbone.features(pixels), self.c
        used = [level for level in c.levels if level <= 5]
        merged = {l: getattr(self.pyramid, f"lateral{l}")(maps[l - 2]) for l in used}
        for l in reversed(used[:-1]):
            merged[l] = merged[l] + F.interpolate(merged[l + 1], size=merged[l].shape[2:])
        pyramid = [getattr(self.pyramid, f"output{l}")(merged[l]) for l in used]
        while len(pyramid) < len(c.levels):
            pyramid.append(F.max_pool2d(pyramid[-1], 1, 2))
        return pyramid

    def predict(self, features):
        """Anchors a level, and the logits and deltas of all of them."""
        boxes, logits, deltas = [], [], []
        for level, x in zip(self.c.levels, features):
            boxes.append(anchors(self.c, level, *x.shape[2:]))
            for i in range(self.c.hidden):
                x = F.relu(getattr(self.proposals, f"hidden{i}")(x), inplace=True)
            logits.append(self.proposals.objectness(x).permute(0, 2, 3, 1).reshape(-1))
            deltas.append(self.proposals.deltas(x).permute(0, 2, 3, 1).reshape(-1, 4))
        return boxes, torch.cat(logits), torch.cat(deltas)

    @torch.no_grad()
    def propose(self, prediction, width, height, limit):
        boxes, logits, deltas = prediction
        found, scores = [], []
        sizes = [len(b) for b in boxes]
        for references, s, d in zip(boxes, logits.split(sizes), deltas.split(sizes)):
            s, best = s.topk(min(self.c.candidates, len(s)))
            b = decode(d[best], references[best], PROPOSALS, width, height)
            keep = ((b[:, 2:] - b[:, :2]) >= 1).all(1)
            found.append(b[keep])
            scores.append(s[keep])
        found, scores = torch.cat(found), torch.cat(scores)
        kept = nms(found, scores, self.c.nms, limit)
        return found[kept], scores[kept].sigmoid()

    def region_head(self, features, boxes):
        c = self.c
        levels = [l for l in c.levels if l <= 5]
        level = (4 + (area(boxes).clamp(min=1).sqrt() / c.canonical).log2()).floor().long()
        level = level.clamp(levels[0], levels[-1]) - levels[0]
        x = roi_align(features[:len(levels)], boxes, level, [1 << l for l in levels], c.pool)
        if c.convolutions:
            x = x.permute(0, 3, 1, 2)
            for i in range(c.convolutions):
                x = F.relu(getattr(self.regions, f"convolution{i}")(x), inplace=True)
            x = x.permute(0, 2, 3, 1)
        x = x.flatten(1)
        for i in range(len(c.connected)):
            x = F.relu(getattr(self.regions, f"connected{i}")(x), inplace=True)
        return F.normalize(self.regions.projection(x), eps=1e-12), self.regions.deltas(x)

    def logits(self, embeddings, categories):
        rows = torch.cat([F.normalize(self.text.background, eps=1e-12), categories])
        return embeddings @ rows.T / self.c.temperature

    def losses(self, pixels, width, height, objects, categories, crowds, distilled, base, teacher):
        """The five losses of one image, ViLD-image not yet weighted."""
        c = self.c
        features = self.features(pixels)
        prediction = self.predict(features)
        boxes, logits, deltas = prediction
        boxes = torch.cat(boxes)
        matches = match(boxes, objects, crowds, c.anchor_foreground, c.anchor_background, True)
        foreground, background = sample(matches, c.sampled_anchors, c.anchor_share)
        rows = torch.cat([foreground, background])
        labels = (torch.arange(len(rows)) < len(foreground)).to(logits.dtype)
        losses = {"objectness": F.binary_cross_entropy_with_logits(logits[rows], labels)}
        targets = encode(objects[matches[foreground]], boxes[foreground], PROPOSALS)
        losses["proposal_boxes"] = box_loss(
            deltas[foreground], targets, 1 / 9, c.anchor_share * c.sampled_anchors,
            c.proposal_box_weight)

        proposed, _ = self.propose(prediction, width, height, c.kept)
        proposed = torch.cat([proposed, objects])
        matches = match(proposed, objects, crowds, c.region_foreground, c.region_foreground, False)
        foreground, background = sample(matches, c.sampled_regions, c.region_share)
        rows = torch.cat([foreground, background])
        embeddings, deltas = self.region_head(features, torch.cat([proposed[rows], distilled]))
        labels = torch.zeros(len(rows), dtype=torch.long)
        labels[:len(foreground)] = 1 + categories[matches[foreground]]
        losses["text"] = F.cross_entropy(self.logits(embeddings[:len(rows)], base), labels)
        targets = encode(objects[matches[foreground]], proposed[foreground], BOX_HEAD)
        losses["boxes"] = box_loss(
            deltas[:len(foreground)], targets, c.box_delta, c.region_share * c.sampled_regions,
            c.box_weight)
        losses["image"] = (embeddings[len(rows):] - teacher).abs().sum(1).mean()
        return losses

    @torch.no_grad()
    def detect(self, pixels, width, height, limit):
        """Boxes, objectness and embeddings of the best proposals of one image."""
        features = self.features(pixels)
        boxes, scores = self.propose(self.predict(features), width, height, limit)
        embeddings, deltas = self.region_head(features, boxes)
        return decode(deltas, boxes, BOX_HEAD, width, height), scores, embeddings

    def optimizer(self, rate, momentum=0.9, decay=4e-5):
        """L2 decay of kernels only."""
        trained = [(n, p) for n, p in self.named_parameters() if p.requires_grad]
        kernels = [p for n, p in trained if n.endswith("weight")]
        others = [p for n, p in trained if not n.endswith("weight")]
        groups = [{"params": kernels, "weight_decay": decay}, {"params": others}]
        return torch.optim.SGD(groups, lr=rate, momentum=momentum)


def box_loss(deltas, targets, delta, room, weight):
    """A mean over the foreground that the sample has room for."""
    return weight * F.huber_loss(deltas, targets, reduction="sum", delta=delta) / max(1, 4 * room)


def total(losses, weight):
    return sum(v for k, v in losses.items() if k != "image") + weight * losses["image"]
