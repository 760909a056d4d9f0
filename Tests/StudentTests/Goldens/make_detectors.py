"""Narrow detectors in the files of torchvision and detectron2, and what torchvision computes with them.

Usage: python make_detectors.py
(torch 2.15.0, torchvision 0.29.2, numpy 2.4.6, safetensors 0.8.0; seed 5)
A ResNet-50 of two channels where there are 64, with a pyramid of eight and the proposal network of a Faster R-CNN.
Writes, beside this script,

    torchvision-detector.pth   a state dictionary, as torchvision publishes them
    detectron2-detector.pkl    arrays, as detectron2 publishes them: blue first, pixels not divided, the
                               stride on the 1x1 convolutions
    detectron2-detector.pth    a checkpoint of its own: pixels and strides as torchvision's
    detectors.safetensors      pixels, and of each of the three pyramid, objectness and boxes

computed in double precision. detectron2's names and layouts are those of its modeling/backbone and
modeling/proposal_generator; it has no package, so that its layers are torchvision's here. Anchors are not rounded,
as torchvision's are.
"""
import math
import os
import pickle

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.resnet import Bottleneck, ResNet

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH, CHANNELS, BLOCKS = 2, 8, [3, 4, 6, 3]
MEAN, DEVIATION = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
RATIOS = (0.5, 1.0, 2.0)
torch.manual_seed(5)


def body(strides_first):
    network = ResNet(Bottleneck, BLOCKS)
    network.inplanes = WIDTH
    network.conv1, network.bn1 = nn.Conv2d(3, WIDTH, 7, 2, 3, bias=False), nn.BatchNorm2d(WIDTH)
    for i, count in enumerate(BLOCKS):
        stage = network._make_layer(Bottleneck, WIDTH << i, count, stride=1 if i == 0 else 2)
        if strides_first:
            stage[0].conv1.stride, stage[0].conv2.stride = stage[0].conv2.stride, (1, 1)
        setattr(network, f"layer{i + 1}", stage)
    return network


def detector(strides_first):
    layers = {f"layer{i + 1}": str(i) for i in range(4)}
    backbone = BackboneWithFPN(body(strides_first), layers, [4 * WIDTH << i for i in range(4)], CHANNELS)
    model = FasterRCNN(backbone, 3)
    model.roi_heads = nn.ModuleDict({"box_predictor": nn.Linear(4, 3)})  # something that is not taken
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.7, 1.3)
            if name.endswith("bn3"):
                module.weight.data.mul_(0.3)
            module.bias.data.normal_(0, 0.3)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
        elif isinstance(module, nn.Conv2d) and module.bias is not None:
            nn.init.normal_(module.weight, 0, 0.5 / math.sqrt(module.weight[0].numel()))
            nn.init.normal_(module.bias, 0, 0.1)
    return model.eval()


def anchors(stride):
    """Those of a cell, not rounded."""
    roots = torch.tensor(RATIOS).sqrt()
    halves = 4 * stride * torch.stack([1 / roots, roots], 1)
    return torch.cat([-halves, halves], 1)


@torch.no_grad()
def outputs(model, pixels):
    """By name; the anchors of a cell in the order 1, 2, 1/2."""
    maps = model.backbone(pixels)
    found = {f"p{2 + i}": m[0].permute(1, 2, 0) for i, m in enumerate(maps.values())}
    objectness, deltas = model.rpn.head(list(maps.values()))
    logits, boxes = [], []
    for i, (scores, steps) in enumerate(zip(objectness, deltas)):
        rows, columns = scores.shape[2:]
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        corners = torch.stack([x, y, x, y], -1).view(-1, 1, 4) * (4 << i)
        cells = (corners + anchors(4 << i)).view(-1, 4).double()
        steps = steps.view(3, 4, rows, columns).permute(2, 3, 0, 1).reshape(-1, 4)
        decoded = model.rpn.box_coder.decode(steps, [cells])[:, 0]
        boxes.append(decoded.view(-1, 3, 4)[:, [1, 2, 0]].reshape(-1, 4))
        logits.append(scores[0].permute(1, 2, 0)[..., [1, 2, 0]].flatten())
    return found | {"objectness": torch.cat(logits), "boxes": torch.cat(boxes)}


def detectron2_names(state):
    """torchvision's tensors under detectron2's names, without counters and heads."""
    named = {}
    for name, tensor in state.items():
        if "num_batches" in name or name.startswith("roi_heads"):
            continue
        name = name.replace("backbone.body.conv1", "backbone.bottom_up.stem.conv1")
        name = name.replace("backbone.body.bn1", "backbone.bottom_up.stem.conv1.norm")
        for i in range(4):
            name = name.replace(f"backbone.body.layer{i + 1}", f"backbone.bottom_up.res{i + 2}")
            name = name.replace(f"fpn.inner_blocks.{i}.0", f"fpn_lateral{i + 2}")
            name = name.replace(f"fpn.layer_blocks.{i}.0", f"fpn_output{i + 2}")
        for i in (1, 2, 3):
            name = name.replace(f".bn{i}.", f".conv{i}.norm.")
        name = name.replace("downsample.0", "shortcut").replace("downsample.1", "shortcut.norm")
        name = name.replace("rpn.head.conv.0.0", "proposal_generator.rpn_head.conv")
        name = name.replace("rpn.head.cls_logits", "proposal_generator.rpn_head.objectness_logits")
        name = name.replace("rpn.head.bbox_pred", "proposal_generator.rpn_head.anchor_deltas")
        named[name] = tensor
    return named


def main():
    image = torch.randint(0, 256, (64, 128, 3), dtype=torch.uint8)
    image = (image.float() * 0.5 + torch.arange(128)[None, :, None]).clamp(max=255).byte()
    levels = image.double().permute(2, 0, 1)[None]
    mean, deviation = MEAN.view(1, 3, 1, 1), DEVIATION.view(1, 3, 1, 1)
    divided, blue_first = (levels - mean) / deviation, (levels - mean).flip(1)
    tensors = {"image": image}
    for name, strides_first, pixels in [
            ("torchvision-detector.pth", False, divided), ("detectron2-detector.pkl", True, blue_first),
            ("detectron2-detector.pth", False, divided)]:
        model = detector(strides_first)
        if strides_first:
            model.backbone.body.conv1.weight.data.div_(58)  # as one that was trained on such pixels
        state, path = model.state_dict(), f"{HERE}/{name}"
        if name.startswith("torchvision"):
            torch.save(state, path)
        elif name.endswith(".pth"):
            torch.save({"model": detectron2_names(state), "iteration": 3}, path)
        else:
            arrays = {k: v.numpy() for k, v in detectron2_names(state).items()}
            arrays["backbone.fpn_lateral5.weight"] = np.asfortranarray(arrays["backbone.fpn_lateral5.weight"])
            with open(path, "wb") as file:
                pickle.dump({"model": arrays, "__author__": "nobody"}, file, protocol=4)
        for key, value in outputs(model.double(), pixels).items():
            tensors[f"{name}.{key}"] = value.float().contiguous()
    save_file(tensors, f"{HERE}/detectors.safetensors")


if __name__ == "__main__":
    main()
