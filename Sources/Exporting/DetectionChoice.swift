public import Detection
public import Evaluation
import Regions

/// Which of an image's detections are exported: first those with scores that will do, of these what
/// duplicates leave, and of these the best.
public struct DetectionChoice: Sendable {
  /// Scores by name; nil where all names have `threshold`.
  public var thresholds: CategoryThresholds?
  /// The least score, in 0...1, of names of which the thresholds say nothing.
  public var threshold: Double
  /// The most detections an image; nil for all.
  public var top: Int?
  /// Which detections are duplicates of better ones; nil leaves them as they were detected.
  public var suppression: PostProcessing.Suppression?
  /// The IoU above which one is.
  public var overlap: Double

  public init(
    thresholds: CategoryThresholds? = nil, threshold: Double = 0, top: Int? = nil,
    suppression: PostProcessing.Suppression? = nil, overlap: Double = 0.5
  ) {
    precondition((top ?? 0) >= 0, "counts are not negative")
    (self.thresholds, self.threshold, self.top) = (thresholds, threshold, top)
    (self.suppression, self.overlap) = (suppression, overlap)
  }

  /// The least score of each of `names`, in the precision of scores: 0.7 is as large as itself.
  func scores(of names: [String]) -> [Float] {
    names.map { Float(thresholds?.score(of: $0, or: threshold) ?? threshold) }
  }

  /// - Parameters:
  ///   - found: best first.
  ///   - scores: the least of each category.
  /// - Returns: in the same order.
  func detections(of found: [Detection], from scores: [Float]) -> [Detection] {
    let likely = found.filter { $0.score >= scores[$0.category] }
    let kept = suppression.map { distinct(likely, by: $0) } ?? likely
    return Array(kept.prefix(top ?? kept.count))
  }

  /// What is no duplicate by the rules of `PostProcessing`, for detections of which each box may be
  /// there several times, under several names.
  private func distinct(
    _ found: [Detection], by suppression: PostProcessing.Suppression
  ) -> [Detection] {
    var candidates = found
    if suppression != .perCategory {
      var seen = Set<Box>()
      candidates = found.filter { seen.insert($0.box).inserted }
    }
    let groups =
      suppression == .agnostic
      ? [Array(candidates.indices)]
      : Array(Dictionary(grouping: candidates.indices) { candidates[$0].category }.values)
    let kept = groups.flatMap { group in
      nonMaximumSuppression(
        boxes: group.map { candidates[$0].box }, scores: group.map { candidates[$0].score },
        iouThreshold: overlap
      ).map { group[$0] }
    }
    return kept.sorted().map { candidates[$0] }
  }
}
