"""How far int8 moves the embeddings of real teachers: int8_towers.py TEACHER COCO [CLIP [CROPS]].

TEACHER is a ConSE teacher's folder (`make conse-teacher`) with golden.safetensors for its class names' embeddings,
COCO a folder with instances_val.json, instances_train.json and images, CLIP one of open_clip with a residual image
tower, such as pipelines/emoji-teacher. Prints the cosines of embeddings to those of float32, over crops of annotated
boxes, and for the ConSE teacher's text tower, a BERT, over its classes' names. Needs torch, safetensors and pillow.

Norms are folded first. Dense convolutions and linear layers are products of rows, one a cell or token; their
weights are symmetric int8 with a scale an output channel, activations have a scale a row or an image: "s8" is
symmetric, "u8" has a zero point as well. Sums are exact. Depthwise kernels, norms, softmax, attention's own products
and what is added stay in float32. bfloat16 rounds the same products' inputs.
"""

import json, re, sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

ENDS = ("first", "last")
# Names of variants: what products' inputs are, how activations are scaled, which layers stay in float32.
VARIANTS = {
    "bfloat16": ("bfloat16", None, ()), "int8, s8 a row": ("s8", "row", ()), "int8, u8 a row": ("u8", "row", ()),
    "int8, s8 an image": ("s8", "image", ()), "int8, u8 an image": ("u8", "image", ()),
    "int8, s8 a row, ends in float32": ("s8", "row", ENDS), "int8, u8 a row, ends in float32": ("u8", "row", ENDS),
    "int8 weights alone, ends in float32": ("weights", None, ENDS),
}
FLOAT32 = ("float32", None, ())
variant = FLOAT32


def quantised(x, dims, signed=True):
    """x on 255 levels about nought, or on 256 between its least and its greatest along `dims`."""
    low, high = x.amin(dims, keepdim=True).clamp_max(0), x.amax(dims, keepdim=True).clamp_min(0)
    scale = (torch.maximum(-low, high) / 127 if signed else (high - low) / 255).clamp_min(1e-20)
    return (x / scale).round() * scale


def product(x, weight, bias=None, layer=""):
    """x [B, rows, K] with weight [N, K] in the variant's arithmetic."""
    kind, scaled, plain = variant
    if layer not in plain and kind == "bfloat16":
        x, weight = x.bfloat16().float(), weight.bfloat16().float()
    elif layer not in plain and kind != "float32":
        weight = quantised(weight, (1,))
        if kind != "weights":
            x = quantised(x, (-1,) if scaled == "row" else (-2, -1), kind == "s8")
    return F.linear(x, weight, bias)


def convolution(x, folded, stride=1, layer="", same=True):
    """x [B, C, H, W]; TensorFlow's padding, or that of PyTorch."""
    weight, bias = folded
    kernel = weight.shape[-1]
    pads = [max(0, (-(-n // stride) - 1) * stride + kernel - n) if same else kernel - 1 for n in x.shape[2:]]
    x = F.pad(x, (pads[1] // 2, pads[1] - pads[1] // 2, pads[0] // 2, pads[0] - pads[0] // 2))
    if weight.shape[1] == 1:
        return F.conv2d(x, weight, bias, stride, groups=len(weight))
    y = product(F.unfold(x, kernel, stride=stride).transpose(1, 2), weight.flatten(1), bias, layer)
    return y.transpose(1, 2).reshape(len(x), len(weight), (x.shape[2] - kernel) // stride + 1, -1)


def folded(w, convolution, norm, epsilon):
    factor = w[f"{norm}.weight"] / (w[f"{norm}.running_var"] + epsilon).sqrt()
    return (w[f"{convolution}.weight"] * factor[:, None, None, None],
            w[f"{norm}.bias"] - w[f"{norm}.running_mean"] * factor)


def conse(folder):
    """EfficientNet-Lite2's softmax times the class names' embeddings."""
    w = {k: v.float() for k, v in load_file(f"{folder}/image_tower.safetensors").items()}
    golden = load_file(f"{folder}/golden.safetensors")
    # Where a stage begins with stride 2.
    strides = [2 if number in (1, 4, 7, 15) else 1 for number in range(21)]

    def conv(x, name, norm, stride=1, layer=""):
        return convolution(x, folded(w, name, norm, 1e-3), stride, layer)

    def logits(x):
        x = F.relu6(conv(x, "_conv_stem", "_bn0", 2, "first"))
        for number, stride in enumerate(strides):
            name, inner = f"_blocks.{number}", x
            if f"{name}._expand_conv.weight" in w:
                inner = F.relu6(conv(x, f"{name}._expand_conv", f"{name}._bn0"))
            inner = F.relu6(conv(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride))
            inner = conv(inner, f"{name}._project_conv", f"{name}._bn2")
            x = x + inner if stride == 1 and inner.shape == x.shape else inner
        x = F.relu6(conv(x, "_conv_head", "_bn1")).mean((2, 3))
        return product(x[:, None], w["_fc.weight"], w["_fc.bias"], "last")[:, 0]

    error = (logits(golden["crop_pixels"].flatten(0, 1)) - golden["logits"].flatten(0, 1)).abs().max()
    assert error < 1e-3, f"not the teacher that made the golden: logits differ by {error}"
    return 260, (127,) * 3, (128,) * 3, lambda x: torch.softmax(logits(x), -1) @ golden["class_text"]


def clip(folder):
    """OpenAI's residual tower with a pool by attention."""
    config = json.load(open(f"{folder}/open_clip_config.json"))
    w = {k.removeprefix("visual."): v.float() for k, v in load_file(f"{folder}/open_clip_model.safetensors").items()}
    sizes = config["model_cfg"]["vision_cfg"]
    heads = sizes["width"] * 32 // sizes["head_width"]

    def conv(x, name, norm, stride=1, layer=""):
        return convolution(x, folded(w, name, norm, 1e-5), stride, layer, same=False)

    def block(x, name, stride):
        y = conv(x, f"{name}.conv1", f"{name}.bn1").relu()
        y = F.avg_pool2d(conv(y, f"{name}.conv2", f"{name}.bn2").relu(), stride)
        if f"{name}.downsample.0.weight" in w:
            x = conv(F.avg_pool2d(x, stride), f"{name}.downsample.0", f"{name}.downsample.1")
        return (x + conv(y, f"{name}.conv3", f"{name}.bn3")).relu()

    def embed(x):
        for i in (1, 2, 3):
            x = conv(x, f"conv{i}", f"bn{i}", 2 if i == 1 else 1, "first" if i == 1 else "").relu()
        x = F.avg_pool2d(x, 2)
        for stage, number in ((s, n) for s, count in enumerate(sizes["layers"], 1) for n in range(count)):
            x = block(x, f"layer{stage}.{number}", 2 if stage > 1 and number == 0 else 1)
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + w["attnpool.positional_embedding"]
        q, k, v = (product(y, w[f"attnpool.{n}.weight"], w[f"attnpool.{n}.bias"]).unflatten(2, (heads, -1))
                   .transpose(1, 2) for n, y in (("q_proj", x[:, :1]), ("k_proj", x), ("v_proj", x)))
        x = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return product(x, w["attnpool.c_proj.weight"], w["attnpool.c_proj.bias"], "last")[:, 0]

    levels = (tuple(255 * v for v in config["preprocess_cfg"][key]) for key in ("mean", "std"))
    return sizes["image_size"], *levels, embed


def bert(folder):
    """The text tower, and the class names' pieces, [1, tokens] each."""
    w = {k: v.float() for k, v in load_file(f"{folder}/text_tower.safetensors").items()}
    sizes = json.load(open(f"{folder}/text_config.json"))
    vocabulary = {line.rstrip("\n"): i for i, line in enumerate(open(f"{folder}/vocab.txt", encoding="utf-8"))}

    def pieces(text):
        ids = []
        for word in re.findall(r"\w+|[^\w\s]", text.lower()):
            prefix = ""
            while word:
                end = next((e for e in range(len(word), 0, -1) if prefix + word[:e] in vocabulary), None)
                ids.append(vocabulary[prefix + word[:end] if end else "[UNK]"])
                word, prefix = word[end:] if end else "", "##"
        return torch.tensor([[vocabulary["[CLS]"], *ids, vocabulary["[SEP]"]]])

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], sizes["layer_norm_eps"])

    def linear(x, name):
        return product(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def embed(ids):
        e = "embeddings"
        x = norm(w[f"{e}.word_embeddings.weight"][ids] + w[f"{e}.position_embeddings.weight"][:ids.shape[1]]
                 + w[f"{e}.token_type_embeddings.weight"][0], f"{e}.LayerNorm")
        for number in range(sizes["num_hidden_layers"]):
            name = f"encoder.layer.{number}"
            q, k, v = (linear(x, f"{name}.attention.self.{part}").unflatten(2, (sizes["num_attention_heads"], -1))
                       .transpose(1, 2) for part in ("query", "key", "value"))
            y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            x = norm(x + linear(y, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
            y = linear(F.gelu(linear(x, f"{name}.intermediate.dense")), f"{name}.output.dense")
            x = norm(x + y, f"{name}.output.LayerNorm")
        return x.mean(1)

    return embed, [pieces(f"a photo of a {name}.") for name in json.load(open(f"{folder}/imagenet_classes.json"))]


def crops(folder, size, mean, deviation, limit):
    """[1, 3, size, size] for each of `limit` annotated boxes with sides of 32 pixels or more."""
    boxes = []
    for split in ("val", "train"):
        data = json.load(open(f"{folder}/instances_{split}.json"))
        files = {image["id"]: f"{folder}/images/{split}/{image['file_name']}" for image in data["images"]}
        boxes += [(files[a["image_id"]], a["bbox"]) for a in data["annotations"]
                  if not a["iscrowd"] and min(a["bbox"][2:]) >= 32]
    for file, (x, y, width, height) in boxes[:: max(1, len(boxes) // limit)][:limit]:
        crop = Image.open(file).convert("RGB").crop(tuple(round(v) for v in (x, y, x + width, y + height)))
        pixels = np.asarray(crop.resize((size, size), Image.BICUBIC), np.float32)
        yield torch.from_numpy((pixels - np.float32(mean)) / np.float32(deviation)).permute(2, 0, 1)[None]


def table(title, embed, inputs):
    global variant
    variant = FLOAT32
    reference = torch.cat([embed(x) for x in inputs])
    print(f"\n{title}, {len(inputs)} inputs\n\n| | least | 1% | median | mean |\n| --- | ---: | ---: | ---: | ---: |")
    for name, variant in VARIANTS.items():
        cosines = F.cosine_similarity(torch.cat([embed(x) for x in inputs]), reference).numpy()
        figures = *np.quantile(cosines, (0, 0.01, 0.5)), cosines.mean()
        print(f"| {name} | {' | '.join(f'{f:.5f}' for f in figures)} |", flush=True)


@torch.inference_mode()
def main(teacher, coco, other=None, limit="400"):
    networks = {"ConSE, EfficientNet-Lite2": conse(teacher), **({"CLIP, residual tower": clip(other)} if other else {})}
    for title, (*preparation, embed) in networks.items():
        table(title, embed, list(crops(coco, *preparation, int(limit))))
    table("ConSE's text tower, BERT", *bert(teacher))


main(*sys.argv[1:])
