extension WorkLine {
  /// How far an item has come.
  enum Stage {
    case asked(Item)
    case begun
    case parts(Parts, begun: Int, left: Int)
    case finished(Result<Output, Failure>)
  }

  /// Under the line's lock.
  final class Place {
    var stage: Stage

    init(_ stage: Stage) { self.stage = stage }

    /// Counts a part that is done; whether it was the last.
    func isLastPart() -> Bool {
      guard case .parts(let parts, let begun, let left) = stage else { return false }
      stage = .parts(parts, begun: begun, left: left - 1)
      return left == 1
    }
  }
}
