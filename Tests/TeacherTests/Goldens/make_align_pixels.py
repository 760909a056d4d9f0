"""What transformers' EfficientNet processor makes of small images of awkward shapes.

Usage: python make_align_pixels.py
(transformers 5.23.0, pillow 13.0.0; seed 4)
Writes align-pixels.safetensors beside this script: "N.image" [h, w, 3], "N.pixels" [S, S, 3] in the
order of the processors below, and align-pixels.json, the processors' preprocessor_config.json with
the sizes of images.
"""
import json, os, sys

sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from transformers.models.efficientnet.image_processing_pil_efficientnet import EfficientNetImageProcessorPil

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.default_rng(4)


def side(size):
    return {"height": size, "width": size}


PROCESSORS = [
    # As ALIGN's conversion from the authors' checkpoint sets it, but for the sizes.
    {"crop_size": side(32), "do_center_crop": True, "do_normalize": False, "do_rescale": True, "include_top": False,
     "image_processor_type": "EfficientNetImageProcessor", "resample": 2, "rescale_factor": 1 / 127.5, "rescale_offset": True,
     "size": side(39)},
    # The second division, channels that differ, no crop.
    {"crop_size": side(32), "size": side(33), "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]},
    {"do_center_crop": True, "crop_size": side(33), "size": side(40), "rescale_offset": True, "rescale_factor": 0.01,
     "image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.6, 0.7], "resample": 3, "include_top": False},
]
SIZES = [(37, 23), (9, 70), (32, 32)]

tensors, record = {}, []
for options in PROCESSORS:
    processor = EfficientNetImageProcessorPil(**{k: v for k, v in options.items() if k != "image_processor_type"})
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
save_file(tensors, f"{HERE}/align-pixels.safetensors")
json.dump(record, open(f"{HERE}/align-pixels.json", "w"), indent=1)
