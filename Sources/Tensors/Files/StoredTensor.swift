/// Where in a file the elements of a tensor stand; nothing is read yet.
package struct StoredTensor: Sendable {
  package let type: StoredType
  package let shape: [Int]
  /// The product of the shape.
  package let count: Int
  /// How many elements apart two neighbours along each axis are; nil in row-major order.
  let strides: [Int]?
  /// Of the first element, in bytes from the file's beginning.
  let offset: Int

  /// PyTorch's own limit.
  static let mostAxes = 64

  /// A tensor in row-major order; nil for a shape that is negative, overflows or has too many axes.
  init?(_ type: StoredType, _ shape: [Int], offset: Int) {
    guard let count = Self.count(of: shape) else { return nil }
    (self.type, self.shape, self.count, self.offset) = (type, shape, count, offset)
    strides = nil
  }

  /// A view into `elements` elements that stand at `place`, its first being number `first`; nil when
  /// it would reach outside of them, or hold more elements than they are.
  init?(
    _ type: StoredType, _ shape: [Int], strides: [Int], first: Int, place: Int, elements: Int
  ) {
    guard shape.count == strides.count, strides.allSatisfy({ $0 >= 0 }),
      let count = Self.count(of: shape), 0...elements ~= first, count <= elements
    else { return nil }
    var last = first
    var rowMajor = 1
    var isRowMajor = true
    for (size, stride) in zip(shape, strides).reversed() where size > 1 && count > 0 {
      let (reach, overflow) = stride.multipliedReportingOverflow(by: size - 1)
      guard !overflow, reach < elements - last else { return nil }
      last += reach
      isRowMajor = isRowMajor && stride == rowMajor
      rowMajor *= size
    }
    guard count == 0 || last < elements else { return nil }
    (self.type, self.shape, self.count) = (type, shape, count)
    // An axis of one element has no neighbours, whatever the file says.
    self.strides = isRowMajor ? nil : zip(shape, strides).map { $0 > 1 ? $1 : 0 }
    offset = place + first * type.size
  }

  private static func count(of shape: [Int]) -> Int? {
    guard shape.count <= mostAxes else { return nil }
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }

  /// The elements from the first to the last in memory.
  var span: Int {
    guard let strides, count > 0 else { return count }
    return zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
  }

  /// Brings `span` elements as they are stored into row-major order.
  func inRowMajorOrder<Element>(
    _ stored: UnsafeBufferPointer<Element>, into out: UnsafeMutableBufferPointer<Element>
  ) {
    guard let strides, count > 0 else {
      _ = out.initialize(from: stored)
      return
    }
    var index = [Int](repeating: 0, count: shape.count)
    var position = 0
    for element in 0..<count {
      out.initializeElement(at: element, to: stored[position])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
  }
}
