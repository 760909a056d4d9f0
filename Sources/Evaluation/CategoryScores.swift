/// The scores of one category; `absentScore` where it has no ground truth.
struct CategoryScores: Sendable {
  /// One value a figure of the protocol.
  var values: [Double]
  /// Ground truth that counts.
  var truths: Int
  /// Detections that were judged.
  var detections: Int
  /// Where there are enough objects for one.
  var threshold: ScoreThresholds.Threshold?

  /// - Parameters:
  ///   - detections: those of the category, in the order of `JudgedDetections`.
  ///   - truths: ground truth that counts, one number an area range.
  init(
    _ detections: some RandomAccessCollection<JudgedDetection>, truths: [Int],
    rules: EvaluationRules
  ) {
    self.truths = truths[0]
    self.detections = detections.count
    let sorted = detections.enumerated().sorted {
      if $0.element.score != $1.element.score { return $0.element.score > $1.element.score }
      // Equal scores: Pascal VOC's tools keep the order of the results, the others' that of images.
      return rules.isVOC
        ? $0.element.position < $1.element.position : $0.offset < $1.offset
    }.map(\.element)
    if truths[0] >= ScoreThresholds.leastTruths {
      threshold = ScoreThresholds.Threshold(
        sorted.compactMap { found in found.isRight.map { (found.score, $0) } }, truths: truths[0])
    }
    if rules.isVOC {
      values = [VOCCurve(sorted, truths: truths[0]).averagePrecision(rules.protocol)]
      return
    }
    let areas = truths.indices.map { AreaScores(sorted, area: $0, truths: truths[$0]) }
    func recall(_ limit: Int?) -> Double {
      if truths[0] == 0 { return absentScore }
      let found = sorted.reduce(0) {
        $0 + ($1.rank < limit ?? .max ? ($1.matched[0] & ~$1.ignored[0]).nonzeroBitCount : 0)
      }
      return Double(found) / Double(truths[0]) / Double(rules.iouThresholds.count)
    }
    values = [areas[0].precision, areas[0].precision50, areas[0].precision75]
    values += areas[1...].map(\.precision)
    values += rules.recallLimits.map(recall) + [recall(nil)]
    values += areas[1...].map(\.recall)
  }
}

/// Average precision and recall over objects of one range of areas.
private struct AreaScores {
  /// The mean over thresholds, and at IoU 0.50 and 0.75.
  var (precision, precision50, precision75) = (absentScore, absentScore, absentScore)
  /// The mean over thresholds, of all detections.
  var recall = absentScore

  init(_ sorted: [JudgedDetection], area: Int, truths: Int) {
    if truths == 0 { return }
    let curves = COCONumbers.iouThresholds.indices.map {
      PrecisionRecall(sorted, area: area, threshold: $0, truths: truths)
    }
    precision = meanScore(curves.map(\.averagePrecision))
    precision50 = curves[COCONumbers.half].averagePrecision
    precision75 = curves[COCONumbers.threeQuarters].averagePrecision
    recall = meanScore(curves.map(\.recall))
  }
}

/// Precision against recall at one IoU threshold. Between two right detections precision only falls,
/// so that the right ones are all there is to the interpolated curve.
private struct PrecisionRecall {
  /// The mean of the interpolated precision at the 101 recall points.
  var averagePrecision = 0.0
  /// The share of ground truth found by all detections.
  var recall = 0.0

  init(_ sorted: [JudgedDetection], area: Int, threshold: Int, truths: Int) {
    let bit: UInt16 = 1 << UInt16(threshold)
    var wrong = 0.0
    var precisions: [Double] = []
    for detection in sorted where detection.ignored[area] & bit == 0 {
      if detection.matched[area] & bit != 0 {
        let right = Double(precisions.count + 1)
        precisions.append(right / (wrong + right + Double.ulpOfOne))
      } else {
        wrong += 1
      }
    }
    recall = Double(precisions.count) / Double(truths)
    for index in precisions.indices.dropFirst().reversed() {
      precisions[index - 1] = max(precisions[index - 1], precisions[index])
    }
    var total = 0.0
    var index = 0
    for point in COCONumbers.recallPoints {
      while index < precisions.count, Double(index + 1) / Double(truths) < point { index += 1 }
      if index == precisions.count { break }
      total += precisions[index]
    }
    averagePrecision = total / Double(COCONumbers.recallPoints.count)
  }
}

/// Precision against recall as Pascal VOC's tools draw it.
private struct VOCCurve {
  private let truths: Int
  /// At each right detection, made to fall only.
  private var precisions: [Double] = []

  init(_ sorted: [JudgedDetection], truths: Int) {
    self.truths = truths
    var counted = 0.0
    for detection in sorted where detection.ignored[0] == 0 {
      counted += 1
      if detection.matched[0] != 0 { precisions.append(Double(precisions.count + 1) / counted) }
    }
    for index in precisions.indices.dropFirst().reversed() {
      precisions[index - 1] = max(precisions[index - 1], precisions[index])
    }
  }

  func averagePrecision(_ protocol: EvaluationProtocol) -> Double {
    if truths == 0 { return absentScore }
    guard `protocol` == .voc2007 else { return precisions.reduce(0, +) / Double(truths) }
    // The first right detection at which recall is at least tenth / 10, in whole numbers.
    let points = (0...10).map { tenth in
      let right = max(1, (tenth * truths + 9) / 10)
      return right <= precisions.count ? precisions[right - 1] : 0
    }
    return points.reduce(0, +) / 11
  }
}
