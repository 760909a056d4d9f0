import Foundation
public import Support

/// What detections from a score on are to be worth, at IoU 0.50 on annotated images.
public enum ThresholdTarget: Equatable, Sendable, CustomStringConvertible {
  /// The least score from which on at least this share of the detections is right: as many as can be
  /// had.
  case precision(Double)
  /// The highest score from which on at least this share of the objects is found: as few mistakes as
  /// can be had.
  case recall(Double)
  /// The highest score of the best harmonic mean of both.
  case f1

  /// Reads "precision=0.9", "recall=0.5" or "f1".
  ///
  /// - Throws: `InputError` (`usage`) for anything else.
  public init(_ text: String) throws(InputError) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    let share = parts.count == 2 ? Double(parts[1]).flatMap { 0 < $0 && $0 <= 1 ? $0 : nil } : nil
    switch (parts.first, share) {
    case ("precision", let share?): self = .precision(share)
    case ("recall", let share?): self = .recall(share)
    case ("f1", nil) where parts.count == 1: self = .f1
    default:
      throw InputError(
        .usage, "not what thresholds can be chosen for",
        expected: "precision=SHARE or recall=SHARE, above 0 and up to 1, or f1", got: "'\(text)'")
    }
  }

  /// In words: "precision 0.9".
  public var description: String {
    switch self {
    case .precision(let share): "precision \(share)"
    case .recall(let share): "recall \(share)"
    case .f1: "the best F1"
    }
  }

  /// The score that reaches it; without one where none does.
  ///
  /// - Parameter sorted: whether each detection that counts is right, with falling scores.
  func threshold(
    _ sorted: [(score: Double, isRight: Bool)], truths: Int
  ) -> CategoryThresholds.Threshold {
    if case .f1 = self {
      return ScoreThresholds.Threshold(sorted, truths: truths).map {
        .init(score: $0.score, precision: $0.precision, recall: $0.recall, truths: truths)
      } ?? .init(score: nil, truths: truths)
    }
    var found = CategoryThresholds.Threshold(score: nil, truths: truths)
    var right = 0
    for (index, detection) in sorted.enumerated() {
      if detection.isRight { right += 1 }
      // Equal scores are kept or left out together.
      if index + 1 < sorted.count, sorted[index + 1].score == detection.score { continue }
      let precision = Double(right) / Double(index + 1)
      let recall = truths == 0 ? 0 : Double(right) / Double(truths)
      let here = CategoryThresholds.Threshold(
        score: detection.score, precision: precision, recall: recall, truths: truths)
      switch self {
      case .precision(let share): if precision >= share { found = here }
      case .recall(let share): if recall >= share { return here }
      case .f1: break
      }
    }
    return found
  }
}
