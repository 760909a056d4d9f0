package import Tensors

/// What the processor does at most, a second, with so many threads.
package struct Peaks: Equatable, Sendable {
  /// Operations of float32 multiply-adds; 0 where they were not measured.
  package var float32 = 0.0
  /// Of bfloat16 dot products; 0 on a processor without them.
  package var bfloat16 = 0.0
  /// Bytes to and from memory.
  package var bandwidth = 0.0

  package init() {}

  /// The least seconds in which a count can be done: its operations, or its bytes where they take longer, as in
  /// the roofline model (Williams et al., 2009). Depthwise sums are of float32 in either precision.
  package func seconds(_ count: ArithmeticCount, _ precision: Precision) -> Double {
    let products = precision == .bfloat16 ? bfloat16 : float32
    return max(count.products / products + count.depthwise / float32, count.bytes / bandwidth)
  }
}
