/// What a pass through a network must compute and move at least, counted from the shapes of its layers.
///
/// An operation is a multiplication or an addition: a multiply-add counts twice. What grows with the maps
/// alone (activations, norms, pooling, losses) is not counted.
package struct ArithmeticCount: Equatable, Sendable {
  /// Of products as the layers are written down: dense convolutions, linear layers, attention.
  package var written = 0.0
  /// The fewest of those with what this project knows: 3x3 kernels by Winograd's minimal filtering, which
  /// takes a quarter; the last block of a transformer for one token alone.
  package var products = 0.0
  /// Of depthwise convolutions.
  package var depthwise = 0.0
  /// Bytes that pass between memory and the processor where all else stays in caches: weights and, in
  /// training, what is kept for the way back.
  package var bytes = 0.0

  package init() {}

  package static func + (a: ArithmeticCount, b: ArithmeticCount) -> ArithmeticCount {
    var sum = a
    sum.written += b.written
    sum.products += b.products
    sum.depthwise += b.depthwise
    sum.bytes += b.bytes
    return sum
  }

  package static func += (a: inout ArithmeticCount, b: ArithmeticCount) { a = a + b }

  /// So many passes, each fetching all anew.
  package static func * (a: ArithmeticCount, times: Int) -> ArithmeticCount {
    (0..<times).reduce(ArithmeticCount()) { sum, _ in sum + a }
  }
}
