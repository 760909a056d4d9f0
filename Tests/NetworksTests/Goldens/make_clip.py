"""A tiny CLIP with random weights and what transformers computes with it.

Usage: python make_clip.py
(torch 2.13.0, transformers 5.23.0; seed 11)
Writes clip-tiny.json (config.json) and clip-tiny.safetensors beside this script: weights in float16
under the published names; inputs, outputs, the state after each block and gradients under "golden.".
"golden.quick_gelu." takes each text's embedding at its first end of text; "golden.gelu." has another
activation, and "eos_token_id": 2, which takes it at the highest id.
"""
import copy, json, os, sys

sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(11)
END = 50  # not the highest id
CONFIG = {
    "model_type": "clip", "projection_dim": 12,
    # A patch does not divide the image: 4 pixels at the right and at the bottom are not looked at.
    "vision_config": {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 3,
                      "image_size": 20, "patch_size": 8, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5},
    "text_config": {"hidden_size": 16, "intermediate_size": 36, "num_hidden_layers": 2, "num_attention_heads": 2,
                    "vocab_size": 60, "max_position_embeddings": 10, "hidden_act": "quick_gelu",
                    "layer_norm_eps": 1e-5, "bos_token_id": 49, "eos_token_id": END, "pad_token_id": 0},
}
GRADIENTS = [
    "visual_projection.weight", "text_projection.weight", "vision_model.embeddings.class_embedding",
    "vision_model.embeddings.patch_embedding.weight", "vision_model.embeddings.position_embedding.weight",
    "vision_model.pre_layrnorm.weight", "vision_model.encoder.layers.0.self_attn.k_proj.weight",
    "vision_model.encoder.layers.1.self_attn.q_proj.weight", "vision_model.encoder.layers.1.mlp.fc1.weight",
    "vision_model.post_layernorm.bias", "text_model.embeddings.token_embedding.weight",
    "text_model.embeddings.position_embedding.weight", "text_model.encoder.layers.0.self_attn.v_proj.weight",
    "text_model.encoder.layers.1.self_attn.out_proj.bias", "text_model.encoder.layers.1.layer_norm2.weight",
    "text_model.final_layer_norm.weight"]


def model(config):
    return CLIPModel(CLIPConfig.from_dict(copy.deepcopy(config))).eval()


def outputs(model, name, images, ids, tensors):
    o = model(pixel_values=images, input_ids=ids, output_hidden_states=True)
    tensors[f"golden.{name}.image_embeds"] = o.image_embeds
    tensors[f"golden.{name}.text_embeds"] = o.text_embeds
    tensors[f"golden.{name}.logits_per_image"] = o.logits_per_image
    for tower, output in (("vision", o.vision_model_output), ("text", o.text_model_output)):
        for number, state in enumerate(output.hidden_states):
            tensors[f"golden.{name}.{tower}.{number}"] = state
    return o


json.dump(CONFIG, open(f"{HERE}/clip-tiny.json", "w"), indent=1)
clip = model(CONFIG)
for name, parameter in clip.named_parameters():
    if name == "logit_scale":
        parameter.data.fill_(1.5)
    elif parameter.ndim == 1 and name.endswith("weight"):
        parameter.data = 1 + 0.2 * torch.randn(parameter.shape)
    elif parameter.ndim == 1:
        parameter.data = 0.2 * torch.randn(parameter.shape)
    else:
        parameter.data = torch.randn(parameter.shape) * (1.5 / parameter[0].numel()) ** 0.5
weights = {name: value.half().contiguous() for name, value in clip.state_dict().items()}
clip.load_state_dict({name: value.float() for name, value in weights.items()})
tensors = dict(weights)

images = torch.randn(3, 3, 20, 20).half()
# The end of text in the middle, twice, and last; higher ids after it and before it.
ids = torch.tensor([[49, 7, 8, END, 55, 3, 1, 1, 1, 1], [49, 59, 2, END, 4, END, 1, 1, 1, 1],
                    [49, 1, 2, 3, 4, 5, 6, 7, 8, END]])
tensors["golden.pixel_values"] = images
tensors["golden.input_ids"] = ids
o = outputs(clip, "quick_gelu", images.float(), ids, tensors)
# Gradients of the contrastive loss: of the images' softmax only, so that nothing is symmetric.
torch.nn.functional.cross_entropy(o.logits_per_image, torch.arange(3)).backward()
parameters = dict(clip.named_parameters())
for name in GRADIENTS:
    tensors[f"golden.gradient.{name}"] = parameters[name].grad

other = copy.deepcopy(CONFIG)
for part in ("vision_config", "text_config"):
    other[part]["hidden_act"] = "gelu"
other["text_config"]["eos_token_id"] = 2
other = model(other)
other.load_state_dict(clip.state_dict())
with torch.no_grad():
    outputs(other, "gelu", images.float(), ids, tensors)
save_file({name: value.detach().contiguous() for name, value in tensors.items()}, f"{HERE}/clip-tiny.safetensors")
