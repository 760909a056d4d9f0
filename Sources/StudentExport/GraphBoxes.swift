import ONNX
import Regions

/// Boxes as columns [N, 1] of their edges.
struct GraphBoxes {
  let x0, y0, x1, y1: GraphValue

  init(x0: GraphValue, y0: GraphValue, x1: GraphValue, y1: GraphValue) {
    (self.x0, self.y0, self.x1, self.y1) = (x0, y0, x1, y1)
  }

  /// - Parameter rows: [N, 4]
  init(_ rows: GraphValue) {
    let columns = rows.columns(4)
    self.init(x0: columns[0], y0: columns[1], x1: columns[2], y1: columns[3])
  }

  /// [N, 4]
  var rows: GraphValue { [x0, y0, x1, y1].joined(axis: 1) }

  var width: GraphValue { x1 - x0 }
  var height: GraphValue { y1 - y0 }

  /// [N, 1], whether pixels are inside.
  var hasArea: GraphValue { x1 > x0 && y1 > y0 }

  /// [N, 1], 0 for an inverted box.
  var area: GraphValue {
    let zero = x0.graph.float(0)
    return width.atLeast(zero) * height.atLeast(zero)
  }

  /// - Parameters: [1], of the image.
  func clipped(width: GraphValue, height: GraphValue) -> GraphBoxes {
    func clip(_ edge: GraphValue, _ limit: GraphValue) -> GraphValue {
      edge.atLeast(edge.graph.float(0)).atMost(limit)
    }
    return GraphBoxes(
      x0: clip(x0, width), y0: clip(y0, height), x1: clip(x1, width), y1: clip(y1, height))
  }

  /// Boxes of the resized image in pixels of the user's.
  func original(in image: GraphImage) -> GraphBoxes {
    GraphBoxes(
      x0: x0 / image.scaleX, y0: y0 / image.scaleY, x1: x1 / image.scaleX, y1: y1 / image.scaleY)
  }

  /// Boxes of the user's image in pixels of the resized one.
  func resized(in image: GraphImage) -> GraphBoxes {
    GraphBoxes(
      x0: x0 * image.scaleX, y0: y0 * image.scaleY, x1: x1 * image.scaleX, y1: y1 * image.scaleY)
  }
}

extension BoxDeltas {
  /// The boxes that `deltas` [N, 4] lead to.
  func decode(_ deltas: GraphValue, references: GraphBoxes) -> GraphBoxes {
    let graph = deltas.graph
    let columns = deltas.columns(4).enumerated().map { index, column in
      weights[index] == 1 ? column : column / graph.float(weights[index])
    }
    let (width, height, half) = (references.width, references.height, graph.float(0.5))
    let centreX = columns[0] * width + (references.x0 + half * width)
    let centreY = columns[1] * height + (references.y0 + half * height)
    let most = graph.float(Self.largestLogScale)
    let halfWidth = half * (graph("Exp", columns[2].atMost(most)) * width)
    let halfHeight = half * (graph("Exp", columns[3].atMost(most)) * height)
    return GraphBoxes(
      x0: centreX - halfWidth, y0: centreY - halfHeight, x1: centreX + halfWidth,
      y1: centreY + halfHeight)
  }
}

extension Anchors {
  /// The anchors of a map of `rows` x `columns` cells, scalars: [N, 4], as `boxes` orders them.
  func boxes(rows: GraphValue, columns: GraphValue) -> GraphValue {
    let graph = rows.graph
    func centres(_ count: GraphValue, _ axes: [Int]) -> GraphValue {
      let numbers = graph("Range", graph.integer(0), count, graph.integer(1)).cast(to: .float32)
      return ((numbers + graph.float(0.5)) * graph.float(Float(stride))).expanded(axes)
    }
    let (halfX, halfY) = (graph.floats(halves.map(\.x)), graph.floats(halves.map(\.y)))
    let (x, y) = (centres(columns, [0, 2]), centres(rows, [1, 2]))
    let shape = [
      rows.expanded([0]), columns.expanded([0]), graph.integers([halves.count]),
    ].joined(axis: 0)
    func edge(_ edge: GraphValue) -> GraphValue {
      graph("Expand", edge, shape).reshaped([-1, 1])
    }
    return [edge(x - halfX), edge(y - halfY), edge(x + halfX), edge(y + halfY)].joined(axis: 1)
  }
}
