import Support
import Tensors

extension Array {
  /// Consecutive pieces of at most `size` elements.
  func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}

/// The results of `body` for each element, computed on all cores, in the elements' order.
///
/// - Throws: the first error in that order.
func parallelMap<Element, Result, Failure: Error>(
  _ elements: some Collection<Element>, _ body: (Element) throws(Failure) -> Result
) throws(Failure) -> [Result] {
  let elements = Array(elements)
  return try Parallel.map(elements.count) { index throws(Failure) in try body(elements[index]) }
}
