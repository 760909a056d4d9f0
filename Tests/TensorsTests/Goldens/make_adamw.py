"""Writes adamw.safetensors: three steps of PyTorch's AdamW, without and with clipped gradients.

Needs torch and safetensors. "<case>/w" and "<case>/b" are the first weights, "<case>/<step>.gw" and
"<case>/<step>.gb" a step's gradients, "<case>/<step>.w" and "<case>/<step>.b" the weights after it.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
tensors = {}
for name, maximum in (("adamw", None), ("adamw.clipped", 0.7)):
    weight, bias = torch.randn(3, 4).requires_grad_(), torch.randn(4).requires_grad_()
    optimiser = torch.optim.AdamW(
        [{"params": [weight], "weight_decay": 0.2}, {"params": [bias], "weight_decay": 0.0}],
        lr=0.1, betas=(0.8, 0.95), eps=1e-3)
    tensors[f"{name}/w"], tensors[f"{name}/b"] = weight.detach().clone(), bias.detach().clone()
    for step in range(3):
        weight.grad, bias.grad = torch.randn(3, 4), torch.randn(4)
        tensors[f"{name}/{step}.gw"] = weight.grad.clone()
        tensors[f"{name}/{step}.gb"] = bias.grad.clone()
        if maximum:
            torch.nn.utils.clip_grad_norm_([weight, bias], maximum)
        optimiser.step()
        tensors[f"{name}/{step}.w"] = weight.detach().clone()
        tensors[f"{name}/{step}.b"] = bias.detach().clone()
save_file(tensors, Path(__file__).with_name("adamw.safetensors"), metadata={"torch": torch.__version__, "seed": "0"})
