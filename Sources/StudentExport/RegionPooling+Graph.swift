import Foundation
import ONNX
import Regions
import Student

extension RegionPooling {
  /// Regions [R] of one image to [R, C, size, size], in the type of weights.
  ///
  /// - Parameters:
  ///   - features: [1, C, h, w] a level, finest first, in float32.
  ///   - regions: in pixels of the resized image.
  func callAsFunction(
    _ features: [GraphValue], _ regions: GraphBoxes, size: Int
  ) -> GraphValue {
    let (graph, boxes) = (regions.x0.graph, regions.rows)
    func align(_ level: Int, _ boxes: GraphValue) -> GraphValue {
      let images = graph(
        "ConstantOfShape", graph("Slice", boxes.shape, graph.integers([0]), graph.integers([1]))
      ).cast(to: .int64)
      return graph(
        "RoiAlign", features[level - levels[0]], boxes, images,
        with: [
          "output_height": .int(size), "output_width": .int(size), "mode": "avg",
          "sampling_ratio": .int(samplingRatio), "spatial_scale": .float(1 / Float(1 << level)),
          "coordinate_transformation_mode": "half_pixel",
        ])
    }
    if levels.count == 1 { return align(levels[0], boxes).asWeights }
    let side = graph("Sqrt", regions.area.atLeast(graph.float(1)))
    let octaves =
      graph("Log", side / graph.float(canonicalSize)) / graph.float(Float(log(2.0)))
    let level = (graph.float(4) + octaves).floor
      .atLeast(graph.float(Float(levels[0]))).atMost(graph.float(Float(levels[levels.count - 1])))
    // Each level reads its own; then they are put back into their order.
    let places = levels.map { graph("Equal", level, graph.float(Float($0))).places }
    let pooled = zip(levels, places).map { align($0, boxes.gathered(at: $1)) }.joined(axis: 0)
    let order = places.joined(axis: 0)
    let back = graph.node(
      "TopK", [order, order.shape], ["largest": 0, "axis": 0], outputs: 2)[1]
    return pooled.gathered(at: back).asWeights
  }
}
