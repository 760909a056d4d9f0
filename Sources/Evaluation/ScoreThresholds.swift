/// From which score on detections are worth most: what gives the best F1, the harmonic mean of
/// precision and recall at IoU 0.50, on annotated images.
public struct ScoreThresholds: Codable, Equatable, Sendable {
  /// A score, with what the detections from it on are worth.
  public struct Threshold: Codable, Equatable, Sendable {
    /// That of the last detection that is kept.
    public var score: Double
    /// In 0...1.
    public var f1, precision, recall: Double
    /// Ground truth that counts.
    public var truths: Int
  }

  /// A category has a threshold of its own from so many objects on.
  public static let leastTruths = 20

  /// Of all categories together; nil where no detection is right.
  public let all: Threshold?
  /// By category name, where there are enough objects and a detection is right.
  public let categories: [String: Threshold]
}

extension ScoreThresholds.Threshold {
  /// Of several best thresholds the highest; nil where nothing is right.
  ///
  /// - Parameter sorted: whether each detection that counts is right, with falling scores.
  init?(_ sorted: [(score: Double, isRight: Bool)], truths: Int) {
    var best: Self?
    var right = 0
    for (index, detection) in sorted.enumerated() {
      if detection.isRight { right += 1 }
      // Equal scores are kept or left out together.
      if index + 1 < sorted.count, sorted[index + 1].score == detection.score { continue }
      let f1 = 2 * Double(right) / Double(index + 1 + truths)
      if f1 > best?.f1 ?? 0 {
        best = Self(
          score: detection.score, f1: f1, precision: Double(right) / Double(index + 1),
          recall: Double(right) / Double(truths), truths: truths)
      }
    }
    guard let best else { return nil }
    self = best
  }
}

extension JudgedDetection {
  /// Whether it is right at IoU 0.50; nil where it does not count. Every protocol's first threshold
  /// is this one.
  var isRight: Bool? { ignored[0] & 1 != 0 ? nil : matched[0] & 1 != 0 }
}
