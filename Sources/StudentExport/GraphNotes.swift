public import ONNX

/// The text beside a graph: what goes in, what comes out, and how it is used from Python.
public struct GraphNotes {
  private let graph: Graph
  private let model: String
  private let vocabulary: String?
  private let longSide: Int

  /// - Parameters:
  ///   - model: the name of the graph's file.
  ///   - vocabulary: the name of the vocabulary's, beside it; nil without one.
  ///   - longSide: of an image as the student sees it, in pixels.
  public init(of graph: Graph, model: String, vocabulary: String?, longSide: Int) {
    (self.graph, self.model, self.vocabulary) = (graph, model, vocabulary)
    self.longSide = longSide
  }

  /// All of it.
  public var text: String {
    let files = vocabulary.map { "\(model) goes with \($0), both made" } ?? "\(model) was made"
    return """
      \(files) by 'vild export student'. Its metadata says of which student, data and licences.

      Goes in:
      \(lines(graph.inputs))

      Comes out:
      \(lines(graph.outputs))

      The graph resizes the image itself, to a longer side of \(longSide) pixels and to the very pixels \
      of Pillow's bilinear Image.resize, and boxes come out in pixels of the image that went in: x0, y0, \
      x1, y1, the last two behind the last pixel. An axis of the same name has the same size; those \
      without a number may have any.

      With Python, onnxruntime, numpy and pillow, in this folder (python example.py photograph.jpg):

      \(example.split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n"))

      """
  }

  private func lines(_ ports: [Graph.Port]) -> String {
    let rows = ports.map { port in
      let sizes = (port.shape ?? []).map { size in
        switch size {
        case .fixed(let size): "\(size)"
        case .named(let name): name
        }
      }
      return ("\(port.name)", "\(port.type) [\(sizes.joined(separator: ", "))]", Self.meaning(port))
    }
    let (names, types) = (rows.map(\.0.count).max() ?? 0, rows.map(\.1.count).max() ?? 0)
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: width - text.count)
    }
    return rows.map { "  \(padded($0.0, names))  \(padded($0.1, types))  \($0.2)" }
      .joined(separator: "\n")
  }

  private static func meaning(_ port: Graph.Port) -> String {
    switch port.name {
    case "image":
      port.type == .float32
        ? "red, green and blue, 0 to 255, turned upright as EXIF says"
        : "red, green and blue, turned upright as EXIF says"
    case "names": "text embeddings of the categories, unit rows"
    case "text_shares": "how much the text head decides of each category, 0 to 1"
    case "boxes": "in pixels of the image, the best first"
    case "objectness": "how much each box looks like an object, 0 to 1"
    case "scores": "probabilities, 0 to 1"
    case "categories": "rows of names, from 0"
    case "text_vectors": "unit rows that names' embeddings were compared with"
    case "image_vectors": "unit rows in the space of the teacher's image embeddings"
    case "probabilities": "of the categories that were trained"
    case "masks": "cells of each box, row by row: 0.5 and more is the object"
    default: "a level of the feature pyramid"
    }
  }

  /// A program.
  var example: String {
    let port = graph.inputs[0]
    let pixels = port.type == .float32 ? "np.asarray(image, np.float32)" : "np.asarray(image)"
    var inputs = [#""image": \#(pixels)\#(port.shape?.count == 4 ? "[None]" : "")"#]
    for port in graph.inputs where port.name != "image" {
      let key = port.name == "names" ? "embeddings" : port.name
      inputs.append(#""\#(port.name)": np.array(vocabulary["\#(key)"], np.float32)"#)
    }
    let reading = vocabulary.map {
      """
      with open("\($0)", encoding="utf-8") as file:
          vocabulary = json.load(file)

      """
    }
    let showing =
      vocabulary == nil
      ? """
      for output, value in zip(session.get_outputs(), session.run(None, inputs)):
          print(output.name, value.shape, value.dtype)
      """
      : """
      outputs = session.run(["boxes", "scores", "categories"], inputs)
      for box, score, category in zip(*outputs):
          print(f"{score:.6f}", vocabulary["names"][category], *(f"{edge:.3f}" for edge in box))
      """
    return """
      \(vocabulary == nil ? "" : "import json\n")import sys

      import numpy as np
      import onnxruntime
      from PIL import Image, ImageOps

      session = onnxruntime.InferenceSession("\(model)")
      \(reading ?? "")image = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
      inputs = {
          \(inputs.joined(separator: ",\n    ")),
      }
      \(showing)
      """
  }
}
