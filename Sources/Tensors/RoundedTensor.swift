import CKernels
import Support

/// A tensor in bfloat16, as layers that were folded in that precision give it: half the memory, and
/// what the next one's products read.
package struct RoundedTensor: Sendable {
  package let shape: [Int]
  private let buffer: Buffer

  var count: Int { shape.reduce(1, *) }

  /// Memory that `fill` must write in full.
  init(_ shape: [Int], fill: (UnsafeMutablePointer<UInt16>) -> Void) {
    self.shape = shape
    buffer = Buffer(count: (shape.reduce(1, *) + 1) / 2)
    withExtendedLifetime(buffer) { fill(Self.start(buffer)) }
  }

  private init(_ shape: [Int], buffer: Buffer) { (self.shape, self.buffer) = (shape, buffer) }

  /// Zeros.
  init(zeros shape: [Int]) {
    self.init(shape) { $0.initialize(repeating: 0, count: shape.reduce(1, *)) }
  }

  /// Rounds to nearest even, on all cores.
  package init(_ x: Tensor) {
    self.init(x.shape) { out in
      Tensors.reading(x) { start in
        Parallel.ranges(out: out, x.count) { vild_float_to_bfloat($0, start + $1, $2) }
      }
    }
  }

  /// In float32.
  package var tensor: Tensor {
    Tensor(shape) { out in
      reading { x in
        Parallel.ranges(out: out.baseAddress!, out.count) { vild_bfloat_to_float($0, x + $1, $2) }
      }
    }
  }

  /// The same numbers under another shape; -1 stands for what is left.
  func reshaped(_ shape: [Int]) -> RoundedTensor {
    var shape = shape
    if let open = shape.firstIndex(of: -1) {
      let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      shape[open] = known == 0 ? 0 : count / known
    }
    precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
    return RoundedTensor(shape, buffer: buffer)
  }

  /// Reads the numbers in place.
  func reading<Result>(_ body: (UnsafePointer<UInt16>) -> Result) -> Result {
    withExtendedLifetime(buffer) { body(UnsafePointer(Self.start(buffer))) }
  }

  /// Writes an image of a map that nobody else has yet: cells whose numbers are `stride` apart.
  func fill(_ image: Int, from map: UnsafeRawPointer, stride: Int) {
    let (channels, cells) = (shape[3], shape[1] * shape[2])
    withExtendedLifetime(buffer) {
      let to = Self.start(buffer) + image * cells * channels
      let from = map.assumingMemoryBound(to: UInt16.self)
      for cell in 0..<cells {
        (to + cell * channels).update(from: from + cell * stride, count: channels)
      }
    }
  }

  private static func start(_ buffer: Buffer) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(buffer.base).assumingMemoryBound(to: UInt16.self)
  }
}

/// Numbers of either precision.
package enum TensorValue: Sendable {
  case float32(Tensor)
  case bfloat16(RoundedTensor)
}

extension RoundedTensor? {
  /// Reads the numbers in place, where there are any.
  func reading<Result>(_ body: (UnsafePointer<UInt16>?) -> Result) -> Result {
    guard let self else { return body(nil) }
    return self.reading { body($0) }
  }
}

extension Parallel {
  /// Conversions of `count` numbers: where results go, how many numbers on, and how many there.
  fileprivate static func ranges<Number>(
    out: UnsafeMutablePointer<Number>, _ count: Int,
    _ convert: (UnsafeMutablePointer<Number>, Int, Int) -> Void
  ) {
    ranges(count, grain: 1 << 14) { convert(out + $0.lowerBound, $0.lowerBound, $0.count) }
  }
}
