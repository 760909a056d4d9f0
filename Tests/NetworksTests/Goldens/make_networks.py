"""Tiny networks with random weights and what PyTorch computes with them.

Usage: python make_networks.py
(torch 2.13.0, efficientnet-lite-pytorch 0.1.0, transformers 5.23.0; seed 7)
Writes efficientnet-tiny.safetensors, bert-tiny.safetensors and bert-tiny.json beside this script:
weights in float16 under the libraries' names; inputs, outputs and gradients under "golden.".
"""
import json, os
import torch
from efficientnet_lite_pytorch import EfficientNet
from efficientnet_lite_pytorch.utils import BlockDecoder, efficientnet_lite
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(7)


def halves(model):
    """Weights rounded to float16, in the model as well."""
    state = {k: v.half() for k, v in model.state_dict().items() if v.is_floating_point()}
    model.load_state_dict({k: v.float() for k, v in state.items()}, strict=False)
    return {k: v.contiguous() for k, v in state.items()}


def efficientnet():
    # The library adds the input of a stage's first block only where a list equals 1, that is never:
    # no stage here keeps stride and channels, as none of the published networks does.
    blocks, options = efficientnet_lite(0.25, 1.0, image_size=None, num_classes=10)
    blocks = BlockDecoder.decode([
        "r1_k3_s11_e1_i32_o64", "r2_k3_s22_e6_i64_o32", "r2_k5_s22_e6_i32_o64", "r1_k3_s22_e6_i64_o64",
        "r2_k5_s11_e6_i64_o96", "r1_k5_s22_e6_i96_o128", "r1_k3_s11_e6_i128_o96"])
    model = EfficientNet(blocks, options._replace(fix_head_stem=False)).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data *= 2.2  # so that neither values nor gradients fade away
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.7, 1.6)
            module.bias.data.normal_(0, 0.3)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 1.5)
    tensors = halves(model)
    for name, shape in [("odd", (2, 3, 45, 67)), ("even", (1, 3, 64, 32))]:
        x = torch.randn(shape).half()
        tensors[f"golden.{name}.input"] = x
        y = model._swish(model._bn0(model._conv_stem(x.float())))
        maps = []
        for block in model._blocks:
            if block._depthwise_conv.stride[0] == 2:
                maps.append(y)
            y = block(y)
        for stride, map in zip((4, 8, 16, 32), maps[1:] + [y]):
            tensors[f"golden.{name}.features.{stride}"] = map.detach().contiguous()
        logits = model(x.float())
        tensors[f"golden.{name}.logits"] = logits.detach()
    # Gradients of sum(logits * weights) for the last input, norms frozen.
    weights = torch.randn(logits.shape)
    (logits * weights).sum().backward()
    tensors["golden.weights"] = weights
    for name in ["_conv_stem", "_blocks.2._depthwise_conv", "_blocks.3._expand_conv", "_blocks.7._project_conv"]:
        tensors[f"golden.gradient.{name}.weight"] = model.get_submodule(name).weight.grad
    save_file(tensors, f"{HERE}/efficientnet-tiny.safetensors")


def bert():
    config = dict(
        vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=12, type_vocab_size=2, hidden_act="gelu", layer_norm_eps=1e-12,
        initializer_range=0.3, model_type="bert")
    json.dump(config, open(f"{HERE}/bert-tiny.json", "w"), indent=1)
    model = BertModel(BertConfig(**config), add_pooling_layer=False).eval()
    for name, parameter in model.named_parameters():
        if "LayerNorm" in name or name.endswith("bias"):
            parameter.data += 0.2 * torch.randn(parameter.shape)
    tensors = halves(model)
    ids = torch.randint(0, 50, (3, 12))
    mask = torch.arange(12) < torch.tensor([[12], [5], [1]])
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    tensors.update({"golden.ids": ids, "golden.lengths": mask.sum(1), "golden.hidden": hidden})
    save_file(tensors, f"{HERE}/bert-tiny.safetensors")


efficientnet()
bert()
