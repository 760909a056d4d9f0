"""Two tiny CLIPs in open_clip's form, and what open_clip computes with them.

Usage: python make_open_clip.py
(torch 2.15.0, open_clip_torch 3.3.0; seed 0)
Writes beside this script, for a residual image tower and for a vision transformer, two folders each:
open-clip/KIND: weights in float16, and golden.safetensors with the inputs pixel_values, input_ids and
  attention_mask, the outputs image_embeds, text_embeds and logits_per_image, a residual tower's last
  map, and the contrastive loss of the same batch in training;
open-clip/KIND/step: in the place of each weight its gradient of that loss, in the place of the running
  statistics those that the step leaves.
All is computed in float64. The residual tower is of width 2, since the attention pool's weights grow
with its square.
"""
import os
from dataclasses import asdict
from pathlib import Path

import open_clip
import torch
from open_clip.model import CLIP, set_model_preprocess_cfg
from open_clip.push_to_hf_hub import save_config_for_hf
from open_clip.transform import PreprocessCfg
from safetensors.torch import save_file

VOCABULARY, CONTEXT, BATCH = 40, 12, 4
TEXT = {"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 16, "heads": 2, "layers": 2}
MODELS = {
    "residual": {
        "embed_dim": 32, "quick_gelu": True, "text_cfg": TEXT,
        "vision_cfg": {"image_size": 64, "layers": [1, 2, 1, 1], "width": 2, "head_width": 16, "patch_size": None}},
    "transformer": {
        "embed_dim": 12, "text_cfg": TEXT,
        "vision_cfg": {
            "image_size": 32, "layers": 2, "width": 24, "head_width": 8, "patch_size": 16, "mlp_ratio": 2.5}},
}
GOLDENS = Path(os.path.abspath(__file__)).parent / "open-clip"


def write(folder, model, configuration, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    save_config_for_hf(model, folder / "open_clip_config.json", configuration)
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "open_clip_model.safetensors")


def new_model(configuration, side):
    model = CLIP(**configuration)
    set_model_preprocess_cfg(model, asdict(PreprocessCfg(size=side)))
    # No norm that changes nothing, no bias of zero.
    for name, value in model.named_parameters():
        if name.endswith("bias"):
            value.data.normal_(0, 0.1)
        elif name.endswith("weight") and value.ndim == 1:
            value.data.uniform_(0.7, 1.4)
    # Running statistics of other pictures, so that those of the golden still differ after the last block.
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1
    model.train().encode_image(torch.randn(16, 3, side, side))
    return model


def inputs(side):
    pixels = torch.randn(BATCH, 3, side, side).half()
    ids = torch.zeros(BATCH, CONTEXT, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, words in enumerate((1, 4, 7, CONTEXT - 2)):
        ids[row, 0] = VOCABULARY - 2
        ids[row, 1 : 1 + words] = torch.randint(1, VOCABULARY - 2, (words,))
        ids[row, 1 + words] = VOCABULARY - 1
        mask[row, : words + 2] = 1
    return pixels, ids, mask


def make(folder, configuration):
    side = configuration["vision_cfg"]["image_size"]
    model = new_model(configuration, side)
    weights = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    write(folder, model, configuration, weights)

    model = open_clip.create_model(f"local-dir:{folder}").double().eval()
    pixels, ids, mask = inputs(side)
    with torch.no_grad():
        images, texts, scale = model(pixels.double(), ids)
        outputs = {"image_embeds": images, "text_embeds": texts, "logits_per_image": scale * images @ texts.T}
        if folder.name == "residual":
            outputs["map"] = model.visual.forward_intermediates(pixels.double(), indices=1)["image_intermediates"][-1]
    model.train()
    loss = open_clip.ClipLoss()(*model(pixels.double(), ids))
    loss.backward()
    outputs["loss"] = loss.detach()
    tensors = {"pixel_values": pixels, "input_ids": ids, "attention_mask": mask}
    tensors |= {name: value.float().contiguous() for name, value in outputs.items()}
    save_file(tensors, folder / "golden.safetensors")
    after = {k: v.float() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    write(folder / "step", model, configuration, after | {k: v.grad.float() for k, v in model.named_parameters()})


for kind, configuration in MODELS.items():
    torch.manual_seed(0)
    make(GOLDENS / kind, configuration)
