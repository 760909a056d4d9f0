"""CLIP's symmetric loss and its gradients, as PyTorch computes them for the model of make_clip.py.

Usage: python make_clip_training.py
(torch 2.15.0, transformers 5.23.0)
Reads clip-tiny.json and clip-tiny.safetensors, writes clip-training.safetensors: "distinct" is the
loss of three pairs that differ; "shared" the loss where the first picture and the third also fit each
other's texts, half each, and "shared.<parameter>" its gradients.
"""
import json, os, sys

sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPModel

HERE = os.path.dirname(os.path.abspath(__file__))
stored = load_file(f"{HERE}/clip-tiny.safetensors")
clip = CLIPModel(CLIPConfig.from_dict(json.load(open(f"{HERE}/clip-tiny.json"))))
clip.load_state_dict({k: v.float() for k, v in stored.items() if not k.startswith("golden.")})


def loss(targets):
    logits = clip(pixel_values=stored["golden.pixel_values"].float(), input_ids=stored["golden.input_ids"]).logits_per_image
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(logits, targets) + cross_entropy(logits.T, targets)) / 2


tensors = {"distinct": loss(torch.eye(3)).detach()}
shared = loss(torch.tensor([[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]]))
shared.backward()
tensors["shared"] = shared.detach()
for name, parameter in clip.named_parameters():
    tensors[f"shared.{name}"] = parameter.grad
save_file({k: v.contiguous() for k, v in tensors.items()}, f"{HERE}/clip-training.safetensors")
