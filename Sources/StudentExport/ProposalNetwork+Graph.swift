import NetworkExport
import Networks
import ONNX
import Regions
import Student

/// The best regions of an image as nodes.
struct GraphProposals {
  /// In pixels of the resized image; P of them.
  let boxes: GraphBoxes
  /// [P] in 0...1, descending.
  let scores: GraphValue
}

extension ProposalNetwork {
  /// The pyramid of [1, 3, H, W] pixels: [1, C, h, w] a level, finest first, in the type of weights.
  func features(_ pixels: GraphValue) -> [GraphValue] {
    guard let backbone = backbone as? any GraphBackbone else {
      preconditionFailure("no nodes are known of \(type(of: backbone))")
    }
    let graph = pixels.graph
    let maps = graph.within("backbone") { backbone.features(pixels.asWeights) }
    return graph.within("pyramid") { pyramid(maps) }
  }

  /// `predict` and `propose` for one image.
  ///
  /// - Parameter limit: how many to keep at most.
  func propose(_ features: [GraphValue], in image: GraphImage, limit: Int) -> GraphProposals {
    let graph = image.pixels.graph
    let levels = zip(features, anchors).enumerated().map { number, level in
      best(of: level.0, number, level.1)
    }
    let boxes = BoxDeltas.proposals
      .decode(
        levels.map(\.deltas).joined(axis: 0),
        references: GraphBoxes(levels.map(\.anchors).joined(axis: 0))
      ).clipped(width: image.width, height: image.height)
    var isUsable = boxes.hasArea
    if configuration.proposals.smallestSide > 0 {
      let shorter = boxes.width.atMost(boxes.height)
      isUsable = isUsable && shorter >= graph.float(configuration.proposals.smallestSide)
    }
    let usable = isUsable.places
    let (rows, logits) = (
      boxes.rows.gathered(at: usable), levels.map(\.logits).joined(axis: 0).gathered(at: usable)
    )
    let kept = rows.suppressed(
      scores: logits.expanded([0]), threshold: configuration.proposals.nmsThreshold, limit: limit
    ).gathered(at: graph.integer(2), axis: 1)
    return GraphProposals(
      boxes: GraphBoxes(rows.gathered(at: kept)),
      scores: graph("Sigmoid", logits.gathered(at: kept)))
  }

  /// Of one level: the logits [K] of the boxes that compete, their deltas and anchors [K, 4].
  private func best(
    of map: GraphValue, _ number: Int, _ anchors: Anchors
  ) -> (logits: GraphValue, deltas: GraphValue, anchors: GraphValue) {
    let graph = map.graph
    let x = hidden.reduce(map) { $1[number]($0) }
    func rows(_ map: GraphValue, _ shape: [Int]) -> GraphValue {
      map.asFloat32.transposed([0, 2, 3, 1]).reshaped(shape)
    }
    let logits = rows(objectness(x), [-1])
    let boxes = anchors.boxes(rows: map.size(2), columns: map.size(3))
    let count = logits.shape.atMost(graph.integers([configuration.proposals.candidates]))
    let (values, places) = logits.largest(count)
    return (values, rows(deltas(x), [-1, 4]).gathered(at: places), boxes.gathered(at: places))
  }
}

extension GraphValue {
  /// Non-maximum suppression among boxes [N, 4], for C categories apart.
  ///
  /// - Parameters:
  ///   - scores: [C, N]
  ///   - least: scores are to be above it.
  ///   - limit: of each category, at most.
  /// - Returns: [K, 3]: 0, the category and the box; category by category, and in each the best first.
  func suppressed(
    scores: GraphValue, above least: Float = -.greatestFiniteMagnitude, threshold: Double,
    limit: Int
  ) -> GraphValue {
    graph(
      "NonMaxSuppression", expanded([0]), scores.expanded([0]), graph.integer(limit),
      graph.float(threshold.roundedDownToFloat), graph.float(least))
  }
}
