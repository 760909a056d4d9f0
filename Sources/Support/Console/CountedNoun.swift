extension Int {
  /// The number with what it counts: "1 image", "2 images", "1 image is odd".
  ///
  /// - Parameters:
  ///   - one: the words where it is one.
  ///   - many: those for any other number; nil for the regular plural of `one`.
  public func counted(_ one: String, _ many: String? = nil) -> String {
    "\(self) \(self == 1 ? one : many ?? one.plural)"
  }
}

extension String {
  /// The regular plural of the noun at the end.
  fileprivate var plural: String {
    let vowels: Set<Character> = ["a", "e", "i", "o", "u"]
    if hasSuffix("y"), let before = dropLast().last, !vowels.contains(before) {
      return dropLast() + "ies"
    }
    return self + (hasSuffix("x") || hasSuffix("s") ? "es" : "s")
  }
}
