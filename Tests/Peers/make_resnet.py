"""Writes torchvision's ResNet-50 with random weights and norms, and what it makes of a picture.

Usage: python make_resnet.py FOLDER
(torch 2.15.0, torchvision 0.29.2, safetensors 0.8.0)
Then VILD_RESNET=FOLDER make test compares (ResNetTests): resnet50.pth as torch.save writes it, and
golden.safetensors with the input [1, 224, 320, 3] and the maps of strides 4, 8, 16 and 32.
"""
import sys

import torch
import torchvision
from safetensors.torch import save_file

torch.manual_seed(0)
folder = sys.argv[1]
network = torchvision.models.resnet50()
for module in network.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.weight.data.uniform_(0.5, 1)
        module.bias.data.normal_(0, 0.1)
        module.running_mean.normal_(0, 0.1)
        module.running_var.uniform_(0.5, 1.5)
torch.save(network.state_dict(), f"{folder}/resnet50.pth")
network = network.double().eval()
x = torch.randn(1, 3, 224, 320)
golden = {"input": x}
with torch.no_grad():
    y = network.maxpool(network.relu(network.bn1(network.conv1(x.double()))))
    for i in range(4):
        y = getattr(network, f"layer{i + 1}")(y)
        golden[f"features.{4 << i}"] = y
save_file({k: v.permute(0, 2, 3, 1).float().contiguous() for k, v in golden.items()},
          f"{folder}/golden.safetensors")
