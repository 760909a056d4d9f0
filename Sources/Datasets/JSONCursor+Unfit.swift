package import Support

/// Keys that a file need not have, and those that other projects give another meaning.
extension JSONCursor {
  /// The value of a key that may as well be missing: nil where it is null.
  package mutating func readUnlessNull<Value>(
    _ read: (inout JSONCursor) throws(InputError) -> Value
  ) throws(InputError) -> Value? {
    skipNull() ? nil : try read(&self)
  }

  /// The value of a key that nobody comes to harm without: nil where it is null, and where it is of
  /// another kind than ours, which is told to `passedOver`. What is no JSON stays an error.
  mutating func readIfFit<Value>(
    _ read: (inout JSONCursor) throws(InputError) -> Value
  ) throws(InputError) -> Value? {
    if skipNull() { return nil }
    let start = self
    do throws(InputError) {
      return try read(&self)
    } catch {
      if let failure { throw failure }
      if error.what == Self.malformed { throw error }
      self = start
      try skipValue()
      try passedOver?.add(error, as: keysText)
      return nil
    }
  }

  private mutating func skipNull() -> Bool {
    guard next == UInt8(ascii: "n"), token == "null" else { return false }
    position += 4
    return true
  }

  /// The current path without places in lists: `annotations.visible`.
  private var keysText: String {
    path.compactMap { step in
      if case .key(let key) = step { key } else { nil }
    }.joined(separator: ".")
  }
}
