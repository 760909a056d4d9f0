/// The Python module beside a state dictionary of torchvision's: the model that it is loaded into.
///
/// What the student does otherwise than `torchvision.models.detection.maskrcnn_resnet50_fpn` is there: pixels
/// resized as Pillow does, anchors that are not rounded, one suppression among all levels' proposals, RoIAlign
/// with aligned pixels, names by their embeddings.
public enum TorchvisionModule {
  /// - Parameters: names of the files beside it.
  public static func text(weights: String, vocabulary: String) -> String {
    #"""
    """A student in torchvision's modules: model = load("\#(weights)"), and model([image])[0] has boxes, labels,
    scores and, of a student with a mask head, masks. An image is [3, height, width] in float32, upright, red, green and
    blue in 0 to 255; labels are places in the names of \#(vocabulary), from 1. Needs torchvision and safetensors."""
    import json

    import numpy
    import torch
    import torchvision
    from PIL import Image
    from safetensors import safe_open
    from safetensors.torch import load_file
    from torch import nn
    from torch.nn.functional import log_softmax, normalize, pad
    from torchvision.models.detection import faster_rcnn, generalized_rcnn, mask_rcnn, roi_heads, rpn, transform
    from torchvision.models.detection.backbone_utils import BackboneWithFPN
    from torchvision.ops import FrozenBatchNorm2d, batched_nms, clip_boxes_to_image, nms, roi_align


    class Transform(transform.GeneralizedRCNNTransform):
        """Resizes to Pillow's pixels, and only then normalises."""
        def normalize(self, image):
            return image

        def resize(self, image, target=None):
            scale = self.max_size / max(image.shape[1:])
            size = [max(1, int(side * scale + 0.5)) for side in (image.shape[2], image.shape[1])]
            small = Image.fromarray(image.permute(1, 2, 0).byte().cpu().numpy()).resize(size, Image.BILINEAR)
            return super().normalize(torch.from_numpy(numpy.array(small)).to(image).permute(2, 0, 1)), target


    class Anchors(nn.Module):
        """torchvision's, not rounded, with strides that are powers of two."""
        def __init__(self, ratios, scale, finest):
            super().__init__()
            self.halves, self.finest = scale / 2 * torch.tensor([[r ** -0.5, r ** 0.5] for r in ratios]), finest

        def forward(self, images, maps):
            boxes = []
            for stride, map in ((2 ** (self.finest + i), map) for i, map in enumerate(maps)):
                y, x = torch.meshgrid(*(torch.arange(n) * stride for n in map.shape[2:]), indexing="ij")
                centres, halves = torch.stack([x, y], -1).view(-1, 1, 2), self.halves * stride
                boxes.append(torch.cat([centres - halves, centres + halves], -1).view(-1, 4).to(map))
            return [torch.cat(boxes)] * len(images.image_sizes)


    class Proposals(rpn.RegionProposalNetwork):
        """The boxes of all levels compete with each other."""
        def filter_proposals(self, boxes, logits, sizes, counts):
            found, logits = [], logits.detach().view(len(boxes), -1)
            for boxes, logits, best, size in zip(boxes, logits, self._get_top_n_idx(logits, counts), sizes):
                boxes, logits = clip_boxes_to_image(boxes[best], size), logits[best]
                sides = boxes[:, 2:] - boxes[:, :2]
                usable = ((sides > 0) & (sides >= self.min_size)).all(1)
                boxes, logits = boxes[usable], logits[usable]
                kept = nms(boxes, logits, self.nms_thresh)[:self.post_nms_top_n()]
                found.append((boxes[kept], logits[kept].sigmoid()))
            return [boxes for boxes, _ in found], [scores for _, scores in found]


    class Pooling(nn.Module):
        """RoIAlign with aligned pixels."""
        def __init__(self, finest, canonical, size, ratio):
            super().__init__()
            self.finest, self.canonical, self.size, self.ratio = finest, canonical, size, ratio

        def forward(self, maps, boxes, sizes):
            regions = torch.cat([pad(b, (1, 0), value=i) for i, b in enumerate(boxes)])
            area = (regions[:, 3:] - regions[:, 1:3]).prod(1).clamp(min=1)
            levels = (4 + torch.log2(area.sqrt() / self.canonical)).floor().clamp(self.finest, 5)
            pooled = maps["0"].new_zeros(len(regions), maps["0"].shape[1], self.size, self.size)
            for level, map in zip(range(self.finest, 6), maps.values()):
                rows = levels == level
                pooled[rows] = roi_align(map, regions[rows], self.size, 2.0 ** -level, self.ratio, aligned=True)
            return pooled


    class TwoHeads(faster_rcnn.TwoMLPHead):
        """An ensemble's."""
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.image = faster_rcnn.TwoMLPHead(*sizes)

        def forward(self, x):
            return super().forward(x), self.image(x)


    class Predictor(nn.Module):
        """The names' probabilities and the boxes' deltas."""
        def __init__(self, method, width, vocabulary, temperature):
            super().__init__()
            self.method, self.factor, count = method, 1 / temperature, len(vocabulary["names"])
            self.bbox_pred = nn.Linear(width, 4 * (1 + count))
            if method == "supervised":
                self.cls_score = nn.Linear(width, 1 + count)
                return
            self.names = torch.tensor(vocabulary["embeddings"])
            self.projection = nn.Linear(width, self.names.shape[1])
            if method != "vild_image":
                self.background = nn.Parameter(torch.empty(1, self.names.shape[1]))
            if method == "vild_ensemble":
                self.image = nn.Linear(width, self.names.shape[1])
                self.shares = torch.tensor(vocabulary["text_shares"])

        def compared(self, rows, names):
            return log_softmax(normalize(rows) @ names.to(rows).T * self.factor, 1)

        def forward(self, x):
            x, image = x if self.method == "vild_ensemble" else (x, None)
            if self.method == "supervised":
                scores = log_softmax(self.cls_score(x), 1)[:, 1:]
            elif self.method == "vild_image":
                scores = self.compared(self.projection(x), self.names)
            else:
                names = torch.cat([normalize(self.background), self.names.to(x)])
                scores = self.compared(self.projection(x), names)[:, 1:]
            if image is not None:
                shares = self.shares.to(x)
                scores = scores * shares + self.compared(self.image(image), self.names) * (1 - shares)
            return scores.exp(), self.bbox_pred(x)


    class Heads(roi_heads.RoIHeads):
        """Takes probabilities as they are, of boxes that are the same for all names."""
        def postprocess_detections(self, scores, deltas, proposals, sizes):
            found, counts = [], [len(boxes) for boxes in proposals]
            boxes = self.box_coder.decode(deltas[:, :4], proposals)[:, 0]
            for boxes, scores, size in zip(boxes.split(counts), scores.split(counts), sizes):
                boxes = clip_boxes_to_image(boxes, size)
                if len(scores) > 1000:
                    scores = scores * (scores >= scores.topk(1000, 0).values[-1])
                usable = (boxes[:, 2:] > boxes[:, :2]).all(1, keepdim=True) & (scores >= self.score_thresh) & (scores > 0)
                region, name = usable.nonzero().T
                kept = batched_nms(boxes[region], scores[region, name], name, self.nms_thresh)[:self.detections_per_img]
                found.append((boxes[region[kept]], scores[region[kept], name[kept]], 1 + name[kept]))
            return [list(column) for column in zip(*found)]


    def load(path):
        with safe_open(path, "pt") as file:
            about = file.metadata()
        with open(path.removesuffix(".safetensors") + ".vocabulary.json", encoding="utf-8") as file:
            vocabulary = json.load(file)
        sizes, detection = json.loads(about["vild.configuration"]), json.loads(about["vild.detection"])
        pyramid, proposals, regions = sizes["pyramid"], sizes["proposals"], sizes["regions"]
        (channels, finest), ratios = (pyramid["channels"], pyramid["finestLevel"]), sorted(proposals["aspectRatios"])

        body = getattr(torchvision.models, sizes["backbone"]["family"])(weights=None, norm_layer=FrozenBatchNorm2d)
        layers = {f"layer{level - 1}": str(level - finest) for level in range(finest, 6)}
        depths = [body.inplanes >> (5 - level) for level in range(finest, 6)]
        network = Proposals(
            Anchors(ratios, proposals["anchorScale"], finest),
            rpn.RPNHead(channels, len(ratios), proposals["convolutions"]), 0.7, 0.3, 256, 0.5,
            {"testing": proposals["candidates"]}, {"testing": detection["proposals"]}, proposals["nmsThreshold"])
        network.min_size = proposals["smallestSide"]

        def pooling(size):
            return Pooling(finest, regions["canonicalSize"], size, regions["samplingRatio"])

        side, width, method = regions["poolSize"], regions["fullyConnected"][0], about["vild.method"]
        head = TwoHeads if method == "vild_ensemble" else faster_rcnn.TwoMLPHead
        masks = [None, None, None]
        if sizes["masks"]["enabled"]:
            masks = [
                pooling(sizes["masks"]["poolSize"]),
                mask_rcnn.MaskRCNNHeads(channels, [channels] * sizes["masks"]["convolutions"], 1),
                mask_rcnn.MaskRCNNPredictor(channels, channels, 1 + len(vocabulary["names"]))]
        heads = Heads(
            pooling(side), head(channels * side * side, width),
            Predictor(method, width, vocabulary, regions["temperature"]), 0.5, 0.5, 512, 0.25, None,
            detection["scoreThreshold"], detection["nmsThreshold"], detection["limit"], *masks)
        normalised = Transform(
            detection["longSide"], detection["longSide"], [123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
        model = generalized_rcnn.GeneralizedRCNN(BackboneWithFPN(body, layers, depths, channels), network, heads, normalised)
        model.load_state_dict(load_file(path))
        return model.eval()

    """#
  }
}
