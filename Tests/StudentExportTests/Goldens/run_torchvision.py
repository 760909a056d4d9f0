"""Runs students that were exported for torchvision:

    run_torchvision.py IMAGE FOLDER ...

IMAGE is JSON, {"shape", "values"} of red, green and blue; each FOLDER has a student.safetensors,
student.vocabulary.json and student.py. Prints a JSON object for each, a line each, of {"shape", "values"} by name: the
levels of the pyramid, boxes, scores, categories from 0, and masks, the cells of each box. A folder with a
file `classes` is loaded into torchvision's own maskrcnn_resnet50_fpn as well, of as many classes as it says: all of
it, or of a student that reads names all but the classifier.
Ends with 77 where torchvision or safetensors is not installed.
"""

import importlib.util
import json
import os
import sys

try:
    import torch
    import torchvision
    from safetensors.torch import load_file
except ImportError as error:
    print(error)
    sys.exit(77)


def load(folder):
    spec = importlib.util.spec_from_file_location("student", f"{folder}/student.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(f"{folder}/student.safetensors")


@torch.inference_mode()
def main(image, *folders):
    torch.set_num_threads(2)
    with open(image, encoding="utf-8") as file:
        given = json.load(file)
    pixels = torch.tensor(given["values"], dtype=torch.float32).reshape(given["shape"]).permute(2, 0, 1)
    for folder in folders:
        model = load(folder)
        found = model([pixels])[0]
        seen, _ = model.transform([pixels])
        maps = model.backbone(seen.tensors)
        proposals, _ = model.rpn(seen, maps)
        cells = model.roi_heads(maps, proposals, seen.image_sizes)[0][0].get("masks")
        outputs = {f"p{level}": map for level, map in zip(range(7 - len(maps), 7), maps.values())}
        outputs |= {"boxes": found["boxes"], "scores": found["scores"], "categories": found["labels"] - 1}
        if cells is not None:
            outputs["masks"] = cells[:, 0]
            assert found["masks"].shape == (len(cells), 1, *pixels.shape[1:])
        print(json.dumps({name: {"type": "float32", "shape": value.shape, "values": value.flatten().tolist()}
                          for name, value in outputs.items()}))
        if os.path.exists(f"{folder}/classes"):
            with open(f"{folder}/classes", encoding="utf-8") as file:
                classes = int(file.read())
            own = torchvision.models.detection.maskrcnn_resnet50_fpn(
                weights=None, weights_backbone=None, num_classes=classes)
            state = load_file(f"{folder}/student.safetensors")
            predictor = "roi_heads.box_predictor."
            missing, unexpected = own.load_state_dict(state, strict=False)
            has_classes = f"{predictor}cls_score.weight" in state
            assert missing == ([] if has_classes else [f"{predictor}cls_score.{p}" for p in ("weight", "bias")])
            assert all(name.startswith(predictor) for name in unexpected)
            assert bool(unexpected) != has_classes


if __name__ == "__main__":
    main(*sys.argv[1:])
