"""A narrow ResNet-18 with random weights and what torchvision computes with it, in training.

Usage: python make_resnet.py
(torch 2.13.0, torchvision 0.28.0; seed 7)
Writes resnet18-narrow.safetensors beside this script: weights in float16 under torchvision's names;
input, maps, gradients and the running statistics after the step under "golden.".
"""
import os

import torch
from safetensors.torch import save_file
from torchvision.models.resnet import BasicBlock, ResNet

WIDTH = 4
torch.manual_seed(7)

network = ResNet(BasicBlock, [2, 2, 2, 2])
network.inplanes = WIDTH
network.conv1 = torch.nn.Conv2d(3, WIDTH, 7, stride=2, padding=3, bias=False)
network.bn1 = torch.nn.BatchNorm2d(WIDTH)
for i in range(4):
    setattr(network, f"layer{i + 1}", network._make_layer(BasicBlock, WIDTH << i, 2, stride=1 if i == 0 else 2))
del network.fc
for module in network.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.weight.data.uniform_(0.7, 1.6)
        module.bias.data.normal_(0, 0.3)
        module.running_mean.normal_(0, 0.3)
        module.running_var.uniform_(0.3, 1.5)
state = {k: v.half() for k, v in network.state_dict().items() if v.is_floating_point()}
network.load_state_dict({k: v.float() for k, v in state.items()}, strict=False)
tensors = {k: v.contiguous() for k, v in state.items()}


def maps(x):
    y = network.maxpool(network.relu(network.bn1(network.conv1(x))))
    for i in range(4):
        y = getattr(network, f"layer{i + 1}")(y)
        yield y


network = network.double()
x = torch.randn(2, 3, 96, 64).half()
tensors["golden.input"] = x
network.eval()
for i, y in enumerate(maps(x.double())):
    tensors[f"golden.inference.{4 << i}"] = y.detach().float()
network.train()
loss = 0
for i, y in enumerate(maps(x.double())):
    weights = torch.randn(y.shape)
    tensors[f"golden.training.{4 << i}"] = y.detach().float()
    tensors[f"golden.weights.{4 << i}"] = weights
    loss = loss + (y * weights).sum()
loss.backward()
for name, parameter in network.named_parameters():
    tensors[f"golden.gradient.{name}"] = parameter.grad.float()
for name, buffer in network.named_buffers():
    if "running" in name:
        tensors[f"golden.after.{name}"] = buffer.float()
save_file({k: v.contiguous() for k, v in tensors.items()}, f"{os.path.dirname(os.path.abspath(__file__))}/resnet18-narrow.safetensors")
