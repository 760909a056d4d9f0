/// A dense float32 array in row-major order; images are channels last.
///
/// Letters used in this room: B images, H x W cells, C channels, N rows, K inner width, R regions,
/// D embedding width.
/// A value: copies share memory until one of them is written to.
public struct Tensor: Sendable {
  public let shape: [Int]
  var buffer: Buffer

  /// The number of elements.
  public var count: Int { buffer.count }

  /// Zeros.
  public init(zeros shape: [Int]) {
    self.init(shape) { $0.initialize(repeating: 0) }
  }

  /// `values` in row-major order; their number must be the product of `shape`.
  public init(_ shape: [Int], _ values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    self.init(shape) { _ = $0.initialize(from: values) }
  }

  /// One number, shape `[]`.
  public init(scalar value: Float) { self.init([], [value]) }

  /// Memory that `fill` must write in full.
  public init(_ shape: [Int], fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative size in shape \(shape)")
    self.shape = shape
    buffer = Buffer(count: shape.reduce(1, *))
    try withExtendedLifetime(buffer) { try fill(buffer.elements) }
  }

  init(_ shape: [Int], buffer: Buffer) {
    self.shape = shape
    self.buffer = buffer
  }

  /// The same elements under another shape of the same count; -1 stands for what is left.
  public func reshaped(_ shape: [Int]) -> Tensor {
    var shape = shape
    if let open = shape.firstIndex(of: -1) {
      let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      shape[open] = known == 0 ? 0 : count / known
    }
    precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
    return Tensor(shape, buffer: buffer)
  }

  /// The elements in row-major order.
  public var array: [Float] { withElements { Array($0) } }

  /// The only element.
  public var scalar: Float {
    precondition(count == 1, "shape \(shape) is not one number")
    return withElements { $0[0] }
  }

  /// Reads the elements in place.
  public func withElements<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(buffer) { try body(UnsafeBufferPointer(buffer.elements)) }
  }

  /// Writes the elements in place; copies them first when another tensor shares them.
  public mutating func withMutableElements<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    if !isKnownUniquelyReferenced(&buffer) {
      let copy = Buffer(count: count)
      _ = copy.elements.initialize(from: UnsafeBufferPointer(buffer.elements))
      buffer = copy
    }
    return try withExtendedLifetime(buffer) { try body(buffer.elements) }
  }

  /// Rows `range` of the first axis, copied.
  public func rows(_ range: Range<Int>) -> Tensor {
    let width = shape.dropFirst().reduce(1, *)
    return Tensor([range.count] + shape.dropFirst()) { out in
      withElements { x in
        _ = out.initialize(from: x[range.lowerBound * width..<range.upperBound * width])
      }
    }
  }

  /// Tensors behind one another along the first axis; all other axes agree.
  public init(rows parts: [Tensor]) {
    let others = parts[0].shape.dropFirst()
    precondition(parts.allSatisfy { $0.shape.dropFirst() == others }, "rows of different shapes")
    self.init([parts.reduce(0) { $0 + $1.shape[0] }] + others) { out in
      var offset = 0
      for part in parts {
        part.withElements { x in
          if let from = x.baseAddress {
            (out.baseAddress! + offset).update(from: from, count: x.count)
          }
        }
        offset += part.count
      }
    }
  }

  /// Whether every element is finite: one pass over the memory, as fast as that is read.
  public var isFinite: Bool {
    withElements { x in
      // One more in the exponent, and what is not finite reaches the sign.
      var reached: UInt32 = 0
      for value in x { reached |= value.bitPattern & 0x7FFF_FFFF &+ 0x0080_0000 }
      return reached >> 31 == 0
    }
  }
}

/// Reads several tensors in place; none of them is released before `body` ends.
func reading<Result>(
  _ a: Tensor, _ body: (UnsafePointer<Float>) throws -> Result
) rethrows -> Result {
  try withExtendedLifetime(a.buffer) { try body(UnsafePointer(a.buffer.base)) }
}

func reading<Result>(
  _ a: Tensor, _ b: Tensor,
  _ body: (UnsafePointer<Float>, UnsafePointer<Float>) throws -> Result
) rethrows -> Result {
  try reading(a) { a in try reading(b) { b in try body(a, b) } }
}

func reading<Result>(
  _ a: Tensor, _ b: Tensor, _ c: Tensor,
  _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>) throws -> Result
) rethrows -> Result {
  try reading(a, b) { a, b in try reading(c) { c in try body(a, b, c) } }
}

/// Like `reading`, for a tensor that may be absent.
func reading<Result>(
  optional a: Tensor?, _ body: (UnsafePointer<Float>?) throws -> Result
) rethrows -> Result {
  guard let a else { return try body(nil) }
  return try reading(a) { try body($0) }
}
