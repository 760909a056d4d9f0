#!/usr/bin/env python3
"""How much runtimes round: the feature pyramid of an exported student beside the same sums in float64.

    onnx_rounding.py MODEL IMAGE ...

MODEL is what `vild export student --part backbone` wrote. Prints, for ONNX Runtime and OpenVINO in float32, the root
mean square of each level's differences from onnx's reference evaluator in float64, over that of the level, both over all
images; the pixels that go in are the runtime's own. A softmax of cosines divided by 0.01 makes scores of such differences
that are up to 25 times those of the cosines.

Needs onnx, onnxruntime, openvino, numpy and pillow (Tests/Peers/onnx_requirements.txt).
"""
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from PIL import Image, ImageOps


def opened(model, names):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def by_openvino(image):
        found = compiled({"image": image})
        return [found[compiled.output(name)] for name in names]
    return {"ONNX Runtime": lambda image: session.run(names, {"image": image}), "OpenVINO": by_openvino}


def exact(model, pixels, levels):
    """A function of pixels that gives the levels, all of it in float64."""
    wanted, nodes = set(levels), []
    for node in reversed(model.graph.node):
        if wanted & set(node.output) and pixels not in node.output:
            nodes.insert(0, node)
            wanted |= set(node.input)
    scales = {name for node in nodes if node.op_type == "Resize" for name in node.input[1:]}
    constants = []
    for constant in model.graph.initializer:
        if constant.name in wanted:
            values = numpy_helper.to_array(constant)
            if values.dtype == np.float32 and constant.name not in scales:
                values = values.astype(np.float64)
            constants.append(numpy_helper.from_array(values, constant.name))

    def port(name):
        return helper.make_tensor_value_info(name, TensorProto.DOUBLE, None)
    graph = helper.make_graph(nodes, "exact", [port(pixels)], [port(name) for name in levels], constants)
    evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    return lambda given: evaluator.run(None, {pixels: given.astype(np.float64)})


def main(path, *images):
    model = onnx.load(path)
    levels = [output.name for output in model.graph.output]
    pixels = next(node for node in model.graph.node if node.op_type == "Conv").input[0]
    reference = exact(model, pixels, levels)
    model.graph.output.append(helper.make_tensor_value_info(pixels, TensorProto.FLOAT, None))
    sums = {}
    for name, run in opened(model.SerializeToString(), [*levels, pixels]).items():
        for path in images:
            image = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
            *found, seen = run(image)
            for level, one, other in zip(levels, found, reference(seen)):
                total = sums.setdefault((name, level), np.zeros(2))
                total += [np.square(one - other).sum(), np.square(other).sum()]
    for (name, level), (differences, values) in sums.items():
        print(f"{name:12} {level} {np.sqrt(differences / values):.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
