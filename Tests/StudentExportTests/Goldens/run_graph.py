"""Runs an ONNX graph with ONNX Runtime, once onnx has checked it:

    run_graph.py MODEL INPUTS

INPUTS is JSON, an object of {"type", "shape", "values"} by the inputs' names; the outputs are printed in the
same form. Ends with 77 where onnx or onnxruntime is not installed.
"""

import json
import sys

try:
    import numpy as np
    import onnx
    import onnxruntime
except ImportError as error:
    print(error)
    sys.exit(77)


def main(model, inputs):
    loaded = onnx.load(model)
    onnx.checker.check_model(loaded, full_check=True)
    onnx.shape_inference.infer_shapes(loaded, check_type=True, strict_mode=True, data_prop=True)
    domains = {node.domain for node in loaded.graph.node}
    assert domains == {""}, domains
    with open(inputs, encoding="utf-8") as file:
        given = {name: np.array(tensor["values"], tensor["type"]).reshape(tensor["shape"])
                 for name, tensor in json.load(file).items()}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    found = zip(session.get_outputs(), session.run(None, given))
    print(json.dumps({
        output.name: {"type": str(value.dtype), "shape": value.shape, "values": value.ravel().tolist()}
        for output, value in found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
