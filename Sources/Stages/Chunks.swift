import Tensors

extension Array {
  /// Consecutive pieces of at most `size` elements.
  func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}

/// The results of `body` for each element, computed on all cores, in the elements' order.
func parallelMap<Element, Result>(
  _ elements: some Collection<Element>, _ body: (Element) -> Result
) -> [Result] {
  let elements = Array(elements)
  return Array(unsafeUninitializedCapacity: elements.count) { buffer, count in
    let start = buffer.baseAddress
    Parallel.items(elements.count) { start!.advanced(by: $0).initialize(to: body(elements[$0])) }
    count = elements.count
  }
}
