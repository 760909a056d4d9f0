"""Writes operations.safetensors: inputs, outputs and gradients of every operation, by PyTorch.

Needs torch, torchvision and safetensors. Feature maps are stored channels last; the weights of
convolutions and linear layers in PyTorch's own layouts. A case "c" has "c/x", "c/w", ... for its
inputs, "c/y" for its output, "c/up" for the gradient that flows back into the output, and
"c/d.x", ... for the gradients of the inputs.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save_file

torch.manual_seed(0)
torch.set_num_threads(1)
tensors = {}


def nhwc(t):
    return t.permute(0, 2, 3, 1)


def nchw(t):
    return t.permute(0, 3, 1, 2)


def case(name, function, **inputs):
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    y = function(*leaves.values())
    up = torch.randn_like(y)
    gradients = torch.autograd.grad(y, list(leaves.values()), up)
    for (key, value), gradient in zip(inputs.items(), gradients):
        tensors[f"{name}/{key}"] = value
        tensors[f"{name}/d.{key}"] = gradient
    tensors[f"{name}/y"] = y.detach()
    tensors[f"{name}/up"] = up


def same(x, kernel, stride):
    """TensorFlow's SAME padding of an [B, C, H, W] map."""
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max(0, (math.ceil(size / stride) - 1) * stride + kernel - size)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


activations = {
    "identity": lambda x: x,
    "relu": F.relu,
    "relu6": F.relu6,
    "swish": F.silu,
    "gelu": F.gelu,
    "quickGELU": lambda x: x * torch.sigmoid(1.702 * x),
    "sigmoid": torch.sigmoid,
}

# Convolutions
for name, f in activations.items():
    case(
        f"conv2d.{name}",
        lambda x, w, b: f(nhwc(F.conv2d(nchw(x), w, b, padding=1))),
        x=3 * torch.randn(2, 5, 6, 3), w=torch.randn(4, 3, 3, 3), b=torch.randn(4),
    )
    case(f"activate.{name}", lambda x: f(x), x=4 * torch.randn(3, 23))
case(
    "conv2d.stride2",
    lambda x, w: nhwc(F.conv2d(nchw(x), w, stride=2, padding=2)),
    x=torch.randn(2, 9, 8, 3), w=torch.randn(4, 3, 5, 5),
)
case(
    "conv2d.same2",
    lambda x, w, b: nhwc(F.conv2d(same(nchw(x), 3, 2), w, b, stride=2)),
    x=torch.randn(1, 8, 7, 3), w=torch.randn(5, 3, 3, 3), b=torch.randn(5),
)
case(
    "conv2d.pointwise",
    lambda x, w, b: nhwc(F.conv2d(nchw(x), w, b)),
    x=torch.randn(2, 4, 5, 17), w=torch.randn(6, 17, 1, 1), b=torch.randn(6),
)
for kernel in (3, 5, 7):
    for stride in (1, 2):
        case(
            f"depthwise.{kernel}.{stride}",
            lambda x, w, b: nhwc(
                F.conv2d(nchw(x), w, b, stride=stride, padding=kernel // 2, groups=x.shape[3])),
            x=torch.randn(1, 9, 11, 19), w=torch.randn(19, 1, kernel, kernel), b=torch.randn(19),
        )
case("linear", F.linear, x=torch.randn(2, 3, 5), w=torch.randn(4, 5), b=torch.randn(4))

# Shapes and sums
case("add", torch.add, a=torch.randn(3, 4), b=torch.randn(3, 4))
case("concatenate", lambda a, b: torch.cat([a, b]), a=torch.randn(2, 3), b=torch.randn(4, 3))
case("gatherRows", lambda x: x[torch.tensor([2, 0, 2])], x=torch.randn(4, 3))
case("scaleChannels", lambda x: x * torch.tensor([2.0, -1.0, 0.5]), x=torch.randn(2, 4, 3))

# Norms
case("l2Normalize", lambda x: F.normalize(x, dim=-1), x=torch.randn(4, 37))
case(
    "layerNorm",
    lambda x, g, b: F.layer_norm(x, x.shape[-1:], g, b, 1e-5),
    x=2 + 3 * torch.randn(2, 3, 37), g=torch.randn(37), b=torch.randn(37),
)
mean, variance = torch.zeros(5), torch.zeros(5)
case(
    "batchNorm",
    lambda x, g, b: nhwc(F.batch_norm(nchw(x), mean, variance, g, b, True, 1.0, 1e-3)),
    x=2 + 3 * torch.randn(2, 3, 4, 5), g=torch.randn(5), b=torch.randn(5),
)
tensors["batchNorm/mean"], tensors["batchNorm/unbiasedVariance"] = mean, variance
frozen_mean, frozen_variance = torch.randn(5), torch.rand(5) + 0.5
case(
    "batchNormFrozen",
    lambda x, g, b: nhwc(
        F.batch_norm(nchw(x), frozen_mean, frozen_variance, g, b, False, 0.0, 1e-3)),
    x=torch.randn(2, 3, 4, 5), g=torch.randn(5), b=torch.randn(5),
)
tensors["batchNormFrozen/mean"], tensors["batchNormFrozen/variance"] = frozen_mean, frozen_variance

# Softmax and attention
case("softmax", lambda x: F.softmax(x, -1), x=5 * torch.randn(3, 21))
case("logSoftmax", lambda x: F.log_softmax(x, -1), x=20 * torch.randn(3, 21))


def attention(q, k, v, mask):
    heads = [t.unflatten(2, (2, 4)).transpose(1, 2) for t in (q, k, v)]
    return F.scaled_dot_product_attention(*heads, attn_mask=mask).transpose(1, 2).flatten(2)


tokens = dict(q=torch.randn(2, 5, 8), k=torch.randn(2, 5, 8), v=torch.randn(2, 5, 8))
case("attention", lambda q, k, v: attention(q, k, v, None), **tokens)
causal = torch.ones(5, 5).tril().bool()
case("attention.causal", lambda q, k, v: attention(q, k, v, causal), **tokens)
padding = torch.arange(5)[None, None, None, :] < torch.tensor([3, 5])[:, None, None, None]
case("attention.lengths", lambda q, k, v: attention(q, k, v, padding), **tokens)

# Losses
logits, labels = 3 * torch.randn(6, 7), torch.tensor([0, 3, -1, 6, 2, 2])
case(
    "crossEntropy", lambda x: F.cross_entropy(x, labels, ignore_index=-1), x=logits)
hidden = torch.tensor([False, True, False, False, True, True, False])
case(
    "crossEntropy.masked",
    lambda x: F.cross_entropy(x.masked_fill(hidden, -math.inf), labels, ignore_index=-1), x=logits)
targets, weights = torch.rand(4, 9), torch.rand(4, 9)
case(
    "binaryCrossEntropy",
    lambda x: F.binary_cross_entropy_with_logits(x, targets, weights, reduction="sum") / 11,
    x=6 * torch.randn(4, 9),
)
tensors["binaryCrossEntropy/targets"], tensors["binaryCrossEntropy/weights"] = targets, weights
wanted, rows = torch.randn(5, 4), torch.tensor([1.0, 0.0, 2.0, 1.0, 0.5])
tensors["boxes/target"], tensors["boxes/rows"] = wanted, rows
predicted = wanted + torch.randn(5, 4)
case(
    "huberLoss",
    lambda x: (F.huber_loss(x, wanted, delta=1 / 9, reduction="none") * rows[:, None]).sum() / 7,
    x=predicted)
case(
    "smoothL1Loss",
    lambda x: (F.smooth_l1_loss(x, wanted, beta=0.5, reduction="none") * rows[:, None]).sum() / 7,
    x=predicted)
case(
    "l1Loss",
    lambda x: (F.l1_loss(x, wanted, reduction="none") * rows[:, None]).sum() / 4, x=predicted)

# Pooling, upsampling, embedding
feature = torch.randn(2, 7, 9, 5)
case("maxPool2d", lambda x: nhwc(F.max_pool2d(nchw(x), 3, 2, 1)), x=feature)
case("maxPool2d.subsample", lambda x: nhwc(F.max_pool2d(nchw(x), 1, 2)), x=feature)
case("avgPool2d", lambda x: nhwc(F.avg_pool2d(nchw(x), 2, 2)), x=feature)
case("globalAveragePool", lambda x: x.mean((1, 2)), x=feature)
small = torch.randn(2, 3, 4, 5)
case("upsampleNearest", lambda x: nhwc(F.interpolate(nchw(x), (7, 8))), x=small)
case(
    "upsampleBilinear",
    lambda x: nhwc(F.interpolate(nchw(x), (8, 3), mode="bilinear", align_corners=False)), x=small)
case("embedding", lambda t: F.embedding(torch.tensor([4, 1, 4, 0]), t), t=torch.randn(6, 3))

# RoIAlign: inside, over the border, outside, a sliver, turned inside out, the whole map
boxes = torch.tensor([
    [0, 3.3, 5.1, 40.2, 31.7], [1, -9.0, -20.0, 30.0, 12.0], [1, 50.0, 20.0, 90.0, 70.0],
    [0, 200.0, 200.0, 220.0, 230.0], [0, 10.0, 10.0, 10.4, 30.0], [1, 30.0, 22.0, 20.0, 10.0],
    [0, 0.0, 0.0, 64.0, 48.0],
])
tensors["roiAlign/boxes"] = boxes
for aligned in (True, False):
    case(
        "roiAlign" + ("" if aligned else ".unaligned"),
        lambda x: nhwc(
            torchvision.ops.roi_align(nchw(x), boxes, 3, 0.25, 2, aligned)),
        x=torch.randn(2, 12, 16, 5),
    )

# Three steps of SGD
for name, maximum in (("sgd", None), ("sgd.clipped", 0.7)):
    weight, bias = torch.randn(3, 4).requires_grad_(), torch.randn(4).requires_grad_()
    optimiser = torch.optim.SGD(
        [{"params": [weight], "weight_decay": 0.01}, {"params": [bias], "weight_decay": 0.0}],
        lr=0.1, momentum=0.9)
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

save_file(
    {k: v.detach().float().contiguous().clone() for k, v in tensors.items()},
    Path(__file__).with_name("operations.safetensors"),
    metadata={"torch": torch.__version__, "torchvision": torchvision.__version__, "seed": "0"},
)
