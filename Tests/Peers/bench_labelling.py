#!/usr/bin/env python3
"""Labels a folder of images: this program's detect beside a loop in Python as autodistill has it.

usage: bench_labelling.py FOLDER IMAGES COMMAND...

COMMAND is `vild detect` with a student of pipelines/emoji.yaml and its arguments but for --corpus, which
becomes a file that lists the first IMAGES of FOLDER. The loop runs torchvision's Faster R-CNN of the same
sizes with random weights, an image at a time, holds each image's detections (supervision) until the end,
and writes them as YOLO's files. Both start from nothing, in processes of their own; the figures are images
a second, start included, and the highest resident memory.
"""
import json
import os
import sys
import tempfile
import time

SIDE, CHANNELS, KEPT, WIDTH = 256, 64, 200, 32


def network(classes):
    from torch import nn
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
    from torchvision.models.detection.rpn import AnchorGenerator, RPNHead
    from torchvision.models.resnet import BasicBlock
    from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign

    class Body(nn.Module):
        """A ResNet-18 that starts with 32 channels, with a pyramid of strides 8 to 32."""
        out_channels = CHANNELS

        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, WIDTH, 7, 2, 3, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(),
                                      nn.MaxPool2d(3, 2, 1))
            self.stages = nn.ModuleList()
            inputs = WIDTH
            for stage in range(4):
                output, stride = WIDTH << stage, 1 if stage == 0 else 2
                shortcut = None if stage == 0 else nn.Sequential(
                    nn.Conv2d(inputs, output, 1, stride, bias=False), nn.BatchNorm2d(output))
                self.stages.append(nn.Sequential(BasicBlock(inputs, output, stride, shortcut),
                                                 BasicBlock(output, output)))
                inputs = output
            self.pyramid = FeaturePyramidNetwork([WIDTH << s for s in (1, 2, 3)], CHANNELS)

        def forward(self, pixels):
            x, maps = self.stem(pixels), {}
            for number, stage in enumerate(self.stages):
                x = stage(x)
                if number > 0:
                    maps[str(number - 1)] = x
            return self.pyramid(maps)

    anchors = AnchorGenerator(tuple((4 * stride,) for stride in (8, 16, 32)), ((0.5, 1.0, 2.0),) * 3)
    return FasterRCNN(
        Body(), rpn_anchor_generator=anchors, rpn_head=RPNHead(CHANNELS, 3), rpn_pre_nms_top_n_test=500,
        rpn_post_nms_top_n_test=KEPT, rpn_nms_thresh=0.7,
        box_roi_pool=MultiScaleRoIAlign(["0", "1", "2"], 7, 2, canonical_scale=112, canonical_level=4),
        box_head=nn.Sequential(nn.Flatten(), nn.Linear(CHANNELS * 49, 256), nn.ReLU()),
        box_predictor=FastRCNNPredictor(256, 1 + classes), box_score_thresh=0, box_nms_thresh=0.5,
        box_detections_per_img=300, min_size=SIDE, max_size=SIDE).eval()


def loop(files, classes, output):
    import cv2
    import supervision
    import torch

    model, found = network(classes), {}
    with torch.inference_mode():
        for file in files:
            pixels = torch.from_numpy(cv2.imread(file)[..., ::-1].copy()).permute(2, 0, 1).float() / 255
            rows = model([pixels])[0]
            found[file] = supervision.Detections(
                xyxy=rows["boxes"].numpy(), confidence=rows["scores"].numpy(), class_id=rows["labels"].numpy() - 1)
    supervision.DetectionDataset([str(i) for i in range(classes)], files, found).as_yolo(
        annotations_directory_path=f"{output}/labels", data_yaml_path=f"{output}/data.yaml")


def measured(command, environment=None):
    """Seconds and megabytes."""
    start = time.monotonic()
    pid = os.posix_spawnp(command[0], command, environment or os.environ,
                          file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return time.monotonic() - start, usage.ru_maxrss / 1000


def main():
    folder, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    names = sorted(n for n in os.listdir(folder) if n.endswith((".jpg", ".jpeg", ".png")))[:count]
    files = [os.path.abspath(f"{folder}/{n}") for n in names]
    with tempfile.TemporaryDirectory() as place:
        listed = f"{place}/list.txt"
        with open(listed, "w") as file:
            file.write("".join(f"{f}\n" for f in files))
        ours = measured([*command, "--corpus", listed])
        theirs = measured([sys.executable, __file__, "--loop", listed, place])
    for name, (seconds, megabytes) in (("vild", ours), ("loop", theirs)):
        print(json.dumps({"side": name, "images": len(files), "images_per_second": round(len(files) / seconds, 1),
                          "peak_megabytes": round(megabytes)}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--loop":
        loop(open(sys.argv[2]).read().split("\n")[:-1], 100, sys.argv[3])
    else:
        main()
