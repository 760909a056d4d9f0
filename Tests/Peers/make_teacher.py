"""Makes a teacher of a published size with random weights, and what transformers computes with it.

Usage: .venv/bin/python Tests/Peers/make_teacher.py FOLDER [--family clip|align|siglip|siglip2] [--seed 20]

FOLDER gets config.json, model.safetensors, preprocessor_config.json and golden.safetensors: the inputs
pixel_values, input_ids and attention_mask, and the outputs image_embeds, text_embeds and
logits_per_image. `vild teacher check FOLDER` compares, and so does

  VILD_CLIP_GOLDEN=FOLDER swift test -c release --disable-xctest --disable-testable-imports --filter PublishedCLIP
  VILD_ALIGN_GOLDEN=FOLDER swift test -c release --disable-xctest --disable-testable-imports --filter PublishedALIGN

By hand, since it takes a minute and 600 MB. Needs torch, transformers, safetensors and pillow
(made with torch 2.13.0, transformers 5.23.0).
"""
import argparse, os, sys

sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
import torch
from safetensors.torch import save_file


def clip(folder, random):
    """openai/clip-vit-base-patch32, whose sizes are transformers' defaults."""
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = CLIPModel(CLIPConfig())
    CLIPImageProcessorPil().save_pretrained(folder)
    start, end, length = 49406, 49407, 77
    ids = torch.full((4, length), end)
    mask = torch.zeros((4, length), dtype=torch.long)
    for row, words in enumerate((1, 6, 30, 75)):
        ids[row, 0] = start
        ids[row, 1 : 1 + words] = torch.randint(0, start, (words,), generator=random)
        mask[row, : words + 2] = 1
    return model, torch.randn(4, 3, 224, 224, generator=random), ids, mask


def align(folder, random):
    """kakaobrain/align-base: EfficientNet-B7 at 289 x 289 and BERT-base, transformers' defaults."""
    from transformers import AlignConfig, AlignModel
    from transformers.models.efficientnet.image_processing_pil_efficientnet import EfficientNetImageProcessorPil

    model = AlignModel(AlignConfig(vision_config={"image_size": 289, "hidden_dim": 640}))
    EfficientNetImageProcessorPil(
        do_center_crop=True, rescale_factor=1 / 127.5, rescale_offset=True, do_normalize=False, include_top=False,
        resample=2).save_pretrained(folder)
    ids = torch.zeros((4, 64), dtype=torch.long)
    mask = torch.zeros((4, 64), dtype=torch.long)
    for row, count in enumerate((3, 8, 32, 64)):
        ids[row, :count] = torch.randint(1000, 30522, (count,), generator=random)
        mask[row, :count] = 1
    return model, torch.randn(4, 3, 289, 289, generator=random), ids, mask


def siglip(folder, random, vocabulary=32000, padding=1, resample=3):
    """google/siglip-base-patch16-224, whose sizes are transformers' defaults."""
    from transformers import SiglipConfig, SiglipModel
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    model = SiglipModel(SiglipConfig(text_config={"vocab_size": vocabulary}))
    SiglipImageProcessorPil(resample=resample, image_mean=[0.5] * 3, image_std=[0.5] * 3).save_pretrained(folder)
    ids = torch.full((4, 64), padding)
    for row, count in enumerate((3, 8, 32, 64)):
        ids[row, :count] = torch.randint(3, vocabulary, (count,), generator=random)
    # Padding is looked at.
    return model, torch.randn(4, 3, 224, 224, generator=random), ids, torch.ones_like(ids)


def siglip2(folder, random):
    """google/siglip2-base-patch16-224: the same towers, over Gemma's vocabulary."""
    return siglip(folder, random, vocabulary=256000, padding=0, resample=2)


FAMILIES = {"align": align, "clip": clip, "siglip": siglip, "siglip2": siglip2}


def scatter(model, random):
    """Weights and statistics of which none is idle: no norm of scale one, no bias of zero, and activations
    that neither fade nor grow from layer to layer."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=random)
            if value.ndim > 1:
                value.copy_(noise * (1.5 / value[0].numel()) ** 0.5)
            elif "norm" in name and name.endswith("weight"):
                value.copy_(1 + 0.2 * noise)
            else:
                value.add_(0.05 * noise)
        for name, value in model.named_buffers():
            if name.endswith("running_mean"):
                value.copy_(0.1 * torch.randn(value.shape, generator=random))
            elif name.endswith("running_var"):
                value.copy_(0.5 + torch.rand(value.shape, generator=random))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--family", choices=sorted(FAMILIES), default="clip")
    parser.add_argument("--seed", type=int, default=20)
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    random = torch.Generator().manual_seed(arguments.seed)
    model, images, ids, mask = FAMILIES[arguments.family](arguments.folder, random)
    scatter(model, random)
    model.eval().save_pretrained(arguments.folder)
    with torch.no_grad():
        output = model(pixel_values=images, input_ids=ids, attention_mask=mask)
    tensors = {"pixel_values": images, "input_ids": ids, "attention_mask": mask}
    for name in ("image_embeds", "text_embeds", "logits_per_image"):
        tensors[name] = output[name].contiguous()
        print(name, list(output[name].shape))
    save_file(tensors, os.path.join(arguments.folder, "golden.safetensors"))


if __name__ == "__main__":
    main()
