extension Array {
  /// Consecutive parts of `size` elements, the last one possibly smaller.
  public func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
