/// The smallest of any number of elements, in order; no more than `limit` are ever held.
///
/// Adding takes time in proportion to `limit`, which is a dozen, and none for what is too large.
package struct Smallest<Element: Comparable & Sendable>: Sendable {
  package let limit: Int
  package private(set) var elements: [Element] = []

  /// - Parameter limit: at least 1.
  package init(_ limit: Int) {
    precondition(limit > 0, "what holds nothing has no smallest")
    self.limit = limit
  }

  /// Of equal elements those that came first stay.
  package mutating func add(_ element: Element) {
    if elements.count == limit {
      guard element < elements[limit - 1] else { return }
      elements.removeLast()
    }
    elements.insert(element, at: elements.firstIndex { element < $0 } ?? elements.endIndex)
  }
}
