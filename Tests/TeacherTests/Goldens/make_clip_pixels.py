"""What transformers' CLIP processor makes of small images of awkward shapes.

Usage: python make_clip_pixels.py
(transformers 5.23.0, pillow 13.0.0; seed 3)
Writes clip-pixels.safetensors beside this script: "N.image" [h, w, 3], "N.pixels" [S, S, 3] in the
order of the processors below, and clip-pixels.json, the processors' preprocessor_config.json with
the sizes of images.
"""
import json, os, sys

sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(3)
OPENAI = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
PROCESSORS = [
    # As openai/clip-vit-base-patch32 says it, with numbers; as newer checkpoints do.
    {"crop_size": 12, "do_center_crop": True, "do_normalize": True, "do_resize": True, "resample": 3, "size": 12, **OPENAI},
    {"crop_size": {"height": 12, "width": 12}, "size": {"shortest_edge": 12}, "resample": 2, "rescale_factor": 1 / 255,
     "image_processor_type": "CLIPImageProcessor", **OPENAI},
    {"crop_size": 12, "size": {"shortest_edge": 15}, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.5, 0.25, 1]},
    {"crop_size": 12, "size": {"height": 12, "width": 12}, "do_normalize": False, "do_rescale": True, "rescale_factor": 0.01},
]
SIZES = [(37, 23), (9, 70), (12, 12), (13, 12), (15, 12), (31, 1), (150, 4), (5, 6), (32, 33)]

tensors, record = {}, []
for options in PROCESSORS:
    processor = CLIPImageProcessorPil(**{"do_convert_rgb": True, **options})
    record.append({"processor": options, "sizes": SIZES})
    for width, height in SIZES:
        # Half noise, half a gradient: overshoots and smooth parts.
        noise = random.integers(0, 256, (height, width, 3))
        slope = np.linspace(0, 255, width)[None, :, None] + np.zeros((height, 1, 3))
        image = np.where(random.random((height, width, 1)) < 0.5, noise, slope).astype(np.uint8)
        pixels = processor(Image.fromarray(image), return_tensors="np")["pixel_values"][0]
        number = len(tensors) // 2
        tensors[f"{number}.image"] = image
        tensors[f"{number}.pixels"] = np.ascontiguousarray(pixels.transpose(1, 2, 0).astype(np.float32))
save_file(tensors, f"{HERE}/clip-pixels.safetensors")
json.dump(record, open(f"{HERE}/clip-pixels.json", "w"), indent=1)
