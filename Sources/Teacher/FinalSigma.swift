extension [Unicode.Scalar] {
  /// Whether a letter stands before `place` and none after it, marks passed over: Unicode's rule
  /// for the final sigma, which Python's lower case keeps.
  func endsWord(at place: Int) -> Bool {
    func isLetter(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
      scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    return isLetter(self[..<place].reversed()) && !isLetter(self[(place + 1)...])
  }
}
