/// Boxes as columns of eight, to compare one box with 64 others at a time.
struct OverlapColumns {
  private typealias Lane = SIMD8<Float>

  /// The number of 64-bit words that hold one bit a box.
  let words: Int
  private var x0, y0, x1, y1, area: [Lane]
  private let threshold: Float

  /// - Parameter boxes: boxes in the order of the bits.
  init(_ boxes: some Collection<Box>, iouThreshold: Double) {
    words = (boxes.count + 63) / 64
    // Padding boxes have no area, so nothing overlaps them.
    let zeros = [Lane](repeating: .zero, count: words * 8)
    (x0, y0, x1, y1, area) = (zeros, zeros, zeros, zeros, zeros)
    threshold = iouThreshold.roundedDownToFloat
    for (index, box) in boxes.enumerated() {
      let (block, lane) = (index / 8, index % 8)
      x0[block][lane] = box.x0
      y0[block][lane] = box.y0
      x1[block][lane] = box.x1
      y1[block][lane] = box.y1
      area[block][lane] = box.area
    }
  }

  /// Bit b tells whether box `index` and box `64 * word + b` have an IoU above the threshold.
  func overlaps(of index: Int, word: Int) -> UInt64 {
    let (block, lane) = (index / 8, index % 8)
    let left = Lane(repeating: x0[block][lane])
    let top = Lane(repeating: y0[block][lane])
    let right = Lane(repeating: x1[block][lane])
    let bottom = Lane(repeating: y1[block][lane])
    let own = Lane(repeating: area[block][lane])
    var bits: UInt64 = 0
    for step in 0..<8 {
      let other = word * 8 + step
      let width = smaller(right, x1[other]) - larger(left, x0[other])
      let height = smaller(bottom, y1[other]) - larger(top, y0[other])
      let overlap = larger(width, .zero) * larger(height, .zero)
      let iou = overlap / (own + area[other] - overlap)
      // 0 / 0 is not a number and compares false.
      let above = Self.laneBits.replacing(with: 0, where: .!(iou .> threshold))
      bits |= UInt64(above.wrappedSum()) << UInt64(step * 8)
    }
    return bits
  }

  private static var laneBits: SIMD8<UInt32> { SIMD8(1, 2, 4, 8, 16, 32, 64, 128) }

  @inline(__always)
  private func smaller(_ a: Lane, _ b: Lane) -> Lane { b.replacing(with: a, where: a .< b) }

  @inline(__always)
  private func larger(_ a: Lane, _ b: Lane) -> Lane { b.replacing(with: a, where: a .> b) }
}

extension Double {
  /// The largest Float that is not larger: `x > self` and `x > self.roundedDownToFloat` agree for
  /// every Float x.
  package var roundedDownToFloat: Float {
    let nearest = Float(self)
    return Double(nearest) > self ? nearest.nextDown : nearest
  }
}
