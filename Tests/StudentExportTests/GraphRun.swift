import Foundation
import Images
import ONNX
import StudentExport
import Support
import Tensors
import TestSupport
import Testing

/// A graph in ONNX Runtime, where Python has it.
struct GraphRun {
  /// A tensor as `Goldens/run_graph.py` reads and prints it.
  struct Values: Codable {
    var type: String
    var shape: [Int]
    var values: [Double]

    var tensor: Tensor { Tensor(shape, values.map { Float($0) }) }

    init(type: String, shape: [Int], values: [Double]) {
      (self.type, self.shape, self.values) = (type, shape, values)
    }

    init(_ tensor: Tensor) {
      self.init(type: "float32", shape: tensor.shape, values: tensor.array.map(Double.init))
    }
  }

  let outputs: [String: Values]

  /// nil, said loudly, where Python has no onnxruntime.
  init?(_ graph: Graph, image: Image, _ more: [String: Tensor] = [:]) throws {
    var inputs = more.mapValues { Values($0) }
    inputs["image"] = Values(
      type: "uint8", shape: [image.height, image.width, 3], values: image.pixels.map(Double.init))
    try self.init(graph, inputs)
  }

  /// nil, said loudly, where Python has no onnxruntime.
  init?(_ graph: Graph, _ inputs: [String: Values]) throws {
    let found = try withTemporaryFolder { folder -> [String: Values]? in
      let path = "\(folder)/model.onnx"
      let part = try PartFile(path: path)
      try Model(graph, producer: "tests", metadata: [("key", "value")]).write(to: part, path: path)
      try part.publish()
      try Files.write(JSONEncoder().encode(inputs), to: "\(folder)/inputs.json")
      let script = fixture("Goldens/run_graph.py")
      guard let result = try run("python3", [script, path, "\(folder)/inputs.json"]) else {
        return nil
      }
      if result.code == 77 {
        FileHandle.standardError.write(
          Data("SKIPPED: pip install onnx onnxruntime: \(result.output)".utf8))
        return nil
      }
      try #require(result.code == 0, "\(result.output)")
      return try JSONDecoder().decode([String: Values].self, from: Data(result.output.utf8))
    }
    guard let found else { return nil }
    outputs = found
  }

  func tensor(_ name: String) throws -> Tensor { try #require(outputs[name], "\(name)").tensor }
}

extension Tensor {
  /// The largest difference of two elements; infinite for another shape.
  func distance(to other: Tensor) -> Float {
    guard shape == other.shape else { return .infinity }
    return zip(array, other.array).lazy.map { abs($0 - $1) }.max() ?? 0
  }

  var largest: Float { array.lazy.map(abs).max() ?? 0 }
}
