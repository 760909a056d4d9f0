/// Texts in order, of which those are found that another text begins with.
struct PrefixTable: Sendable {
  private let texts: [(bytes: [UInt8], id: Int)]

  init(_ texts: [(bytes: [UInt8], id: Int)]) {
    self.texts = texts.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }

  /// Calls `body` with the length and the id of each text that `bytes` begin with, the shortest
  /// first.
  func forEachPrefix(of bytes: ArraySlice<UInt8>, _ body: (_ length: Int, _ id: Int) -> Void) {
    // Those that begin with what was read so far.
    var range = texts.indices
    for (depth, byte) in bytes.enumerated() {
      let first = place(in: range) { $0.count <= depth || $0[depth] < byte }
      range = first..<place(in: first..<range.upperBound) { $0[depth] == byte }
      guard let shortest = range.first else { return }
      if texts[shortest].bytes.count == depth + 1 { body(depth + 1, texts[shortest].id) }
    }
  }

  /// The first place whose text does not come `before`, by bisection.
  private func place(in range: Range<Int>, _ before: ([UInt8]) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if before(texts[middle].bytes) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
