"""One measure of a teacher's image tower: python towers.py MEASURE RUNTIME VARIANT prints JSON;
python towers.py photograph PATH writes the picture of the measure "regions".

Measures are "vit-b32", "efficientnet-b7" and "regions": ViT-B/32 behind JPEG decoding, cropping,
resizing and normalising. Runtimes are PyTorch, ONNX Runtime and OpenVINO, the latter in throughput
mode, and faster-clip, which keeps the weights of ViT-B/32 in int8 and takes the bytes of images, here
bitmaps of the tower's size; a variant is a batch size, and "tune" tries all of them and names the fastest.
The networks are those of transformers with random weights, exported once into VILD_PEERS_CACHE or a
temporary folder.
"""

import io
import json
import os
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np

THREADS = int(os.environ.get("VILD_THREADS") or len(os.sched_getaffinity(0)))
CACHE = os.environ.get("VILD_PEERS_CACHE") or os.path.join(tempfile.gettempdir(), "vild-peers")
CROPS = {"vit-b32": 32, "efficientnet-b7": 16, "regions": 64}
BATCHES = {"vit-b32": (1, 4, 8, 16), "efficientnet-b7": (1, 2, 4, 8), "regions": (1, 4, 8, 16)}
SIZES = {"vit-b32": 224, "efficientnet-b7": 289, "regions": 224}


def network(measure):
    """The tower as a PyTorch module, pixels [B, 3, S, S] to embeddings."""
    sys.modules["torchvision"] = None  # not needed, and must match torch where it is there
    import torch
    import transformers
    torch.manual_seed(0)
    if measure == "efficientnet-b7":
        model = transformers.AlignVisionModel(transformers.AlignVisionConfig())
        # The same mean; OpenVINO does not take a pool that is wider than its input.
        model.pooler = torch.nn.AdaptiveAvgPool2d(1)
        part = "pooler_output"
    else:
        model = transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(
            hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
            image_size=224, patch_size=32, projection_dim=512))
        part = "image_embeds"

    class Tower(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, pixels):
            return getattr(self.model(pixel_values=pixels), part)
    return Tower().eval()


def exported(measure):
    """The path of the tower in ONNX."""
    name = "efficientnet-b7" if measure == "efficientnet-b7" else "vit-b32"
    path = os.path.join(CACHE, f"{name}.onnx")
    if not os.path.exists(path):
        import contextlib
        import torch
        os.makedirs(CACHE, exist_ok=True)
        pixels = torch.randn(2, 3, SIZES[measure], SIZES[measure])
        with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory(dir=CACHE) as new:
            torch.onnx.export(
                network(measure), (pixels,), os.path.join(new, f"{name}.onnx"),
                input_names=["pixels"], output_names=["embeddings"], external_data=False,
                dynamic_shapes=({0: torch.export.Dim("batch")},), dynamo=True)
            os.replace(os.path.join(new, f"{name}.onnx"), path)
    return path


def pytorch(measure, batch, precision):
    import torch
    torch.set_num_threads(THREADS)
    tower = network(measure)
    if precision == "bfloat16":
        tower = tower.bfloat16()
    if measure == "efficientnet-b7":
        tower = tower.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(batches):
        for pixels in batches:
            x = torch.from_numpy(pixels).to(next(tower.parameters()).dtype)
            if measure == "efficientnet-b7":
                x = x.contiguous(memory_format=torch.channels_last)
            tower(x)
    return run


def onnx_runtime(measure, batch, precision):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(exported(measure), options)

    def run(batches):
        for pixels in batches:
            session.run(None, {"pixels": pixels})
    return run


def openvino(measure, batch, precision):
    import openvino
    core = openvino.Core()
    model = core.read_model(exported(measure))
    model.reshape([batch, 3, SIZES[measure], SIZES[measure]])
    compiled = core.compile_model(model, "CPU", {
        "PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_NUM_THREADS": THREADS,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32"})
    queue = openvino.AsyncInferQueue(compiled)

    def run(batches):
        for pixels in batches:
            queue.start_async([pixels])
        queue.wait_all()
    return run


def faster_clip(measure, batch, precision):
    if measure != "vit-b32":
        raise ValueError("faster-clip has ViT-B/32 alone")
    # Where it keeps the published weights that it downloads otherwise.
    os.environ["FASTER_CLIP_CACHE"] = os.path.join(CACHE, "faster-clip")
    folder = os.path.join(CACHE, "faster-clip", "sentence-transformers__clip-ViT-B-32", "0_CLIPModel")
    if not os.path.exists(os.path.join(folder, "model.safetensors")):
        import transformers
        os.makedirs(folder, exist_ok=True)
        transformers.CLIPModel(transformers.CLIPConfig()).save_pretrained(folder)
    os.environ["RAYON_NUM_THREADS"] = str(THREADS)
    from faster_clip import ClipModel
    from PIL import Image
    model = ClipModel()
    size = SIZES[measure]
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)).save(file, "BMP")

    def run(batches):
        for pixels in batches:
            model.encode_image([file.getvalue()] * len(pixels))
    return run


RUNTIMES = {
    "PyTorch-float32": (pytorch, "float32"), "PyTorch-bfloat16": (pytorch, "bfloat16"),
    "ONNX-Runtime-float32": (onnx_runtime, "float32"),
    "OpenVINO-float32": (openvino, "float32"), "OpenVINO-bfloat16": (openvino, "bfloat16"),
    "faster-clip": (faster_clip, "float32"),
}


def photograph():
    """Bytes of a JPEG of 640 x 480 that costs about as much to decode as a photograph."""
    from PIL import Image
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (60, 80, 3), np.uint8))
    file = io.BytesIO()
    coarse.resize((640, 480), Image.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def rectangles():
    """32 crops: 16 boxes of an image of 640 x 480, at 1x and 1.5x; the same on the other side."""
    for i in range(16):
        x, y, w, h = i * 97 % 400, i * 61 % 300, 20 + i * 53 % 220, 20 + i * 29 % 170
        for factor in (1, 1.5):
            cx, cy, dx, dy = x + w / 2, y + h / 2, w * factor / 2, h * factor / 2
            yield tuple(round(v) for v in (
                max(0, cx - dx), max(0, cy - dy), min(640, cx + dx), min(480, cy + dy)))


def cropped(jpeg, batch, pool):
    """Batches of normalised crops of two images; Pillow works while the tower does."""
    from PIL import Image
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32) * 255
    deviation = np.array([0.26862954, 0.26130258, 0.27577711], np.float32) * 255

    def crop(image, box):
        small = image.crop(box).resize((224, 224), Image.BICUBIC)
        return ((np.asarray(small, np.float32) - mean) / deviation).transpose(2, 0, 1)

    def decode():
        image = Image.open(io.BytesIO(jpeg))
        image.load()
        return image
    images = list(pool.map(lambda _: decode(), range(2)))
    futures = [pool.submit(crop, image, box) for image in images for box in rectangles()]
    for first in range(0, CROPS["regions"], batch):
        yield np.stack([f.result() for f in futures[first:first + batch]])


def work(measure, runtime, batch):
    """A step over all crops."""
    make, precision = RUNTIMES[runtime]
    run = make(measure, batch, precision)
    if measure == "regions":
        jpeg, pool = photograph(), ThreadPoolExecutor(THREADS)
        return lambda: run(cropped(jpeg, batch, pool))
    size = SIZES[measure]
    pixels = np.random.default_rng(0).standard_normal((batch, 3, size, size), np.float32)
    return lambda: run([pixels] * (CROPS[measure] // batch))


def seconds(step, budget, least=3):
    """Seconds of each repetition, after warming up."""
    step()
    times, end = [], time.perf_counter() + budget
    while len(times) < least or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times


def main(measure, runtime, variant=None):
    warnings.simplefilter("ignore")
    if measure == "photograph":
        with open(runtime, "wb") as file:
            file.write(photograph())
        return
    if variant == "tune":
        best = {b: min(seconds(work(measure, runtime, b), 0, least=2)) for b in BATCHES[measure]}
        print(json.dumps({"variant": str(min(best, key=best.get)), "threads": THREADS,
                          "seconds": best}))
        return
    step = work(measure, runtime, int(variant))
    print(json.dumps({"seconds": [t / CROPS[measure] for t in seconds(step, 2)]}))


main(*sys.argv[1:])
