import Networks
import ONNX
import Student

/// An image as the student sees it, made of the user's within the graph: `DetectorInput`, node by node,
/// with the very pixels that Pillow's `Image.resize` gives.
///
/// The weights of the resampling are rounded to 22 bits, as there. A product with them is exact in float32
/// when it is split: the upper and the lower eleven bits of the weights times bytes, each sum below 2^24
/// for images up to fifteen times as large as the student's.
struct GraphImage {
  /// [B, 3, H, W], sides a multiple of 32.
  let pixels: GraphValue
  /// [1], of the resized image, without the padding, in float32.
  let width, height: GraphValue
  /// [1], of the user's image.
  let originalWidth, originalHeight: GraphValue
  /// [1], resized pixels an original pixel.
  let scaleX, scaleY: GraphValue

  /// - Parameters:
  ///   - images: [B, height, width, 3], whole numbers in 0...255.
  ///   - longSide: the longer side after resizing, in pixels.
  init(_ images: GraphValue, longSide: Int, _ normalization: PixelNormalization) {
    let graph = images.graph
    let original = graph("Slice", images.shape, graph.integers([1]), graph.integers([3]))
    let exact = original.cast(to: .float64)
    // Not ReduceMax: OpenVINO 2026.4 divides what it gives by a constant the other way round.
    let scale = graph.double(Double(longSide)) / exact.part(0).atLeast(exact.part(1))
    let wanted = (exact * scale + graph.double(0.5)).floor.atLeast(graph.double(1))
    let sides = wanted.cast(to: .int64)
    let resized = Resampling(from: original, to: sides)(
      images.cast(to: .float32).transposed([0, 3, 1, 2]))
    func channels(_ values: [Float]) -> GraphValue { graph.floats(values, shape: [3, 1, 1]) }
    let normed =
      (resized - channels(normalization.mean)) / channels(normalization.standardDeviation)
    let multiple = graph.integer(DetectorInput.multiple)
    let more = (multiple - graph("Mod", sides, multiple)).remainder(multiple)
    let padding = [graph.integers([0, 0, 0, 0, 0, 0]), more].joined(axis: 0)
    pixels = graph("Pad", normed, padding)
    func columns(_ sizes: GraphValue) -> (GraphValue, GraphValue) {
      let floats = sizes.cast(to: .float32)
      return (floats.part(0), floats.part(1))
    }
    (height, width) = columns(sides)
    (originalHeight, originalWidth) = columns(original)
    (scaleX, scaleY) = (width / originalWidth, height / originalHeight)
  }
}

extension GraphValue {
  /// The whole number in 0...255 next to each.
  var nearestByte: GraphValue {
    graph("Clip", (self + graph.float(0.5)).floor, graph.float(0), graph.float(255))
  }

  /// One element of a row, as a row: [1].
  fileprivate func part(_ index: Int) -> GraphValue { gathered(at: graph.integers([index])) }

  fileprivate func remainder(_ divisor: GraphValue) -> GraphValue { graph("Mod", self, divisor) }
}

/// Bilinear resampling with antialiasing, in two passes with bytes between them.
private struct Resampling {
  private let from, to: GraphValue
  private var graph: GraphBuilder { from.graph }

  /// Bits of a weight, and of its lower part.
  private static let bits = 22
  private static let lowerBits = 11

  /// - Parameters: [2] in int64: rows and columns.
  init(from: GraphValue, to: GraphValue) { (self.from, self.to) = (from, to) }

  /// [B, 3, rows, columns] to that size, whole numbers in 0...255 both.
  func callAsFunction(_ image: GraphValue) -> GraphValue {
    let (across, down) = (weights(axis: 1), weights(axis: 0))
    func horizontally(_ x: GraphValue) -> GraphValue {
      rounded(across.map { graph("MatMul", x, $0.transposed([1, 0])) })
    }
    func vertically(_ x: GraphValue) -> GraphValue {
      rounded(down.map { graph("MatMul", $0, x) })
    }
    // Rounding makes the order of the passes visible.
    let fewer = from - to
    let (rows, columns) = (fewer.element(0), fewer.element(1))
    let isVerticalFirst = rows > graph.integer(0) && rows > columns + columns
    return graph.either(isVerticalFirst, .float32) {
      horizontally(vertically(image))
    } otherwise: {
      vertically(horizontally(image))
    }
  }

  /// [to, from], the upper and the lower bits of each output's weights.
  ///
  /// A weight is a whole number over the sum of a row's; it is divided a few bits at a time, so that
  /// float32 says the same where a runtime has no float64.
  private func weights(axis: Int) -> [GraphValue] {
    func numbers(_ count: GraphValue) -> GraphValue {
      graph("Range", graph.integer(0), count, graph.integer(1)).cast(to: .float64)
    }
    let (size, count) = (from.element(axis), to.element(axis))
    let (sizes, counts) = (size.cast(to: .float64), count.cast(to: .float64))
    let (one, two, half) = (graph.double(1), graph.double(2), graph.double(0.5))
    // Twice the places of centres, in units that both grids are whole numbers of.
    let inputs = (two * numbers(size) + one) * counts
    let outputs = ((two * numbers(count) + one) * sizes).expanded([1])
    let triangle = (two * sizes.atLeast(counts) - graph("Abs", inputs - outputs))
      .atLeast(graph.double(0))
    let sum = graph("ReduceSum", triangle, graph.integers([1]), with: ["keepdims": 1])
    func digit(_ rest: GraphValue, _ bits: Int) -> (digit: GraphValue, rest: GraphValue) {
      let shifted = rest * graph.double(Double(1 << bits))
      let digit = (shifted / sum).floor
      return (digit, shifted - digit * sum)
    }
    // 8, 3, 5 and 6 bits.
    let (first, afterFirst) = digit(triangle, 8)
    let (second, afterSecond) = digit(afterFirst, 3)
    let (third, afterThird) = digit(afterSecond, 5)
    let last = (afterThird * graph.double(64) / sum + half).floor
    return [first * graph.double(8) + second, third * graph.double(64) + last]
      .map { $0.cast(to: .float32) }
  }

  /// The nearest byte of a sum with both parts of the weights.
  private func rounded(_ sums: [GraphValue]) -> GraphValue {
    let step = graph.float(Float(1 << Self.lowerBits))
    let half = graph.float(Float(1 << (Self.bits - Self.lowerBits - 1)))
    let level = ((sums[0] + (sums[1] / step).floor + half) / step).floor
    return graph("Clip", level, graph.float(0), graph.float(255))
  }
}
