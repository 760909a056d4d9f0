"""A tiny ALIGN with random weights and what PyTorch computes with it, inner values included.

Usage: python make_align.py
(torch 2.13.0, transformers 5.23.0; seed 11)
Writes align-tiny.safetensors and align-tiny.json beside this script: weights in float16 under
Hugging Face's names; inputs, outputs, inner values and gradients under "golden.".
"""
import json, os, sys
import torch
sys.modules["torchvision"] = None  # not needed
from safetensors.torch import save_file
from transformers import AlignConfig, AlignModel

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(11)
# Two plans differ from the usual one: block 3 has square padding, and the first block of the last
# stage keeps stride and channels, so that only the rule for skips tells that it has none.
CONFIG = {
    "model_type": "align", "projection_dim": 24,
    "vision_config": {
        "image_size": 45, "width_coefficient": 0.5, "depth_coefficient": 1.3, "hidden_dim": 24,
        "in_channels": [32, 16, 24, 40, 48], "out_channels": [16, 24, 40, 48, 48], "kernel_sizes": [3, 5, 3, 5, 3],
        "strides": [1, 2, 2, 2, 1], "num_block_repeats": [1, 1, 1, 1, 1], "expand_ratios": [1, 6, 4, 6, 3],
        "depthwise_padding": [4], "depth_divisor": 8, "squeeze_expansion_ratio": 0.25, "drop_connect_rate": 0.0},
    "text_config": {
        "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40, "vocab_size": 60,
        "max_position_embeddings": 70}}
json.dump(CONFIG, open(f"{HERE}/align-tiny.json", "w"), indent=1)
model = AlignModel(AlignConfig.from_dict(CONFIG)).eval()
with torch.no_grad():
    for name, p in model.named_parameters():
        if p.ndim == 1 and ("norm" in name.lower() or "bn" in name) and name.endswith("weight"):
            p.uniform_(0.7, 1.5)
        elif p.ndim == 1:
            p.normal_(0, 0.3)
        elif p.ndim > 1:
            p.normal_(0, (2.0 / p[0].numel()) ** 0.5)
    model.temperature.fill_(0.05)
    for name, b in model.named_buffers():
        if name.endswith("running_mean"): b.normal_(0, 0.3)
        if name.endswith("running_var"): b.uniform_(0.5, 1.5)
# Rounded to float16, in the model as well.
tensors = {k: v.half() for k, v in model.state_dict().items() if v.is_floating_point()}
model.load_state_dict({k: v.float() for k, v in tensors.items()}, strict=False)

blocks = {}
for number, block in enumerate(model.vision_model.encoder.blocks):
    block.register_forward_hook(lambda m, i, o, n=number: blocks.setdefault(n, []).append(o))
model.vision_model.embeddings.register_forward_hook(lambda m, i, o: blocks.setdefault("stem", []).append(o))

ids = torch.zeros((3, 64), dtype=torch.long)
mask = torch.zeros((3, 64), dtype=torch.long)
for row, n in enumerate((2, 17, 64)):
    ids[row, :n] = torch.randint(5, 60, (n,))
    mask[row, :n] = 1
images = torch.randn(2, 3, 45, 45).half()
o = model(pixel_values=images.float(), input_ids=ids, attention_mask=mask)
tensors |= {"golden.pixel_values": images, "golden.input_ids": ids, "golden.attention_mask": mask,
            "golden.image_embeds": o.image_embeds, "golden.text_embeds": o.text_embeds,
            "golden.logits_per_image": o.logits_per_image,
            "golden.stem": blocks["stem"][0][:1]}
for number in range(len(model.vision_model.encoder.blocks)):
    tensors[f"golden.blocks.{number}"] = blocks[number][0][:1]
# Gradients of sum(pooled channels * weights), norms frozen.
pooled = model.vision_model(images.float()).pooler_output
weights = torch.randn(pooled.shape[1])
(pooled * weights).sum().backward()
tensors["golden.weights"] = weights
encoder = "vision_model.encoder.blocks"
for name in ["vision_model.embeddings.convolution.weight", f"{encoder}.2.depthwise_conv.depthwise_conv.weight",
             f"{encoder}.3.squeeze_excite.reduce.weight", f"{encoder}.4.squeeze_excite.expand.bias",
             f"{encoder}.5.expansion.expand_conv.weight", f"{encoder}.1.projection.project_conv.weight"]:
    tensors[f"golden.gradient.{name}"] = dict(model.named_parameters())[name].grad
save_file({k: v.detach().contiguous() for k, v in tensors.items()}, f"{HERE}/align-tiny.safetensors")
print(len(model.vision_model.encoder.blocks), "blocks", [tuple(b[0].shape) for b in blocks.values()])
