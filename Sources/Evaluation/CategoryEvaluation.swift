/// The ground truth and detections of one category in one image.
struct ImageCase {
  /// Left, top, width, height.
  var truths: [SIMD4<Double>]
  /// In square pixels, as annotated.
  var truthAreas: [Double]
  var crowd: [Bool]
  /// Best first, at most the largest detection limit.
  var detections: [SIMD4<Double>]
  var scores: [Double]
}

/// The scores of one category; `COCOProtocol.absent` where it has no ground truth.
struct CategoryEvaluation {
  /// One value an area range: the mean over thresholds, and at IoU 0.50 and 0.75.
  var precision, precision50, precision75: [Double]
  /// One value an area range, at most 100 detections.
  var recall: [Double]
  /// One value a detection limit, all areas.
  var recallAtLimit: [Double]
  /// Ground-truth boxes that count.
  var truths: Int

  /// - Parameter images: in the order of image ids; equal scores keep it.
  init(images: [ImageCase]) {
    let areas = COCOProtocol.AreaRange.allCases
    let absent = [Double](repeating: COCOProtocol.absent, count: areas.count)
    (precision, precision50, precision75, recall) = (absent, absent, absent, absent)
    recallAtLimit = COCOProtocol.detectionLimits.map { _ in COCOProtocol.absent }
    truths = images.reduce(0) { $0 + $1.crowd.count { !$0 } }

    let overlaps = images.map {
      Overlaps(detections: $0.detections, truths: $0.truths, crowd: $0.crowd)
    }
    let scores = images.flatMap(\.scores)
    let order = scores.indices.sorted {
      scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1
    }
    for area in areas {
      var outcomes: [DetectionOutcome] = []
      outcomes.reserveCapacity(scores.count)
      var counted = 0
      for (image, overlaps) in zip(images, overlaps) {
        let ignored = zip(image.crowd, image.truthAreas).map { crowd, size in
          crowd || !area.bounds.contains(size)
        }
        counted += ignored.count { !$0 }
        outcomes += Self.outcomes(image, overlaps, ignored: ignored, area: area)
      }
      if counted == 0 { continue }
      let curves = COCOProtocol.iouThresholds.indices.map {
        PrecisionRecall(outcomes: outcomes, order: order, threshold: $0, truths: counted)
      }
      precision[area.rawValue] = COCOProtocol.mean(curves.map(\.averagePrecision))
      precision50[area.rawValue] = curves[COCOProtocol.half].averagePrecision
      precision75[area.rawValue] = curves[COCOProtocol.threeQuarters].averagePrecision
      recall[area.rawValue] = COCOProtocol.mean(curves.map(\.recall))
      if area == .all {
        recallAtLimit = COCOProtocol.detectionLimits.map {
          Self.recall(outcomes, images: images, limit: $0, truths: counted)
        }
      }
    }
  }

  private static func outcomes(
    _ image: ImageCase, _ overlaps: Overlaps, ignored: [Bool], area: COCOProtocol.AreaRange
  ) -> [DetectionOutcome] {
    var outcomes = matchGreedily(
      overlaps, detections: image.detections.count, ignored: ignored, crowd: image.crowd)
    for (index, box) in image.detections.enumerated()
    where !area.bounds.contains(box.z * box.w) {
      // Of another size and wrong: not this range's mistake.
      outcomes[index].ignored |= ~outcomes[index].matched
    }
    return outcomes
  }

  /// The mean over thresholds of the share of ground truth found by the first `limit` detections of
  /// each image.
  private static func recall(
    _ outcomes: [DetectionOutcome], images: [ImageCase], limit: Int, truths: Int
  ) -> Double {
    var found = 0
    var start = 0
    for image in images {
      for index in start..<start + min(limit, image.scores.count) {
        found += (outcomes[index].matched & ~outcomes[index].ignored).nonzeroBitCount
      }
      start += image.scores.count
    }
    return Double(found) / Double(truths) / Double(COCOProtocol.iouThresholds.count)
  }
}

/// Precision against recall at one IoU threshold.
private struct PrecisionRecall {
  /// The mean of the interpolated precision at the 101 recall points.
  var averagePrecision = 0.0
  /// The share of ground truth found by all detections.
  var recall = 0.0

  init(outcomes: [DetectionOutcome], order: [Int], threshold: Int, truths: Int) {
    let bit: UInt16 = 1 << UInt16(threshold)
    var right = 0.0
    var wrong = 0.0
    var recalls: [Double] = []
    var precisions: [Double] = []
    recalls.reserveCapacity(order.count)
    precisions.reserveCapacity(order.count)
    for index in order {
      let outcome = outcomes[index]
      if outcome.ignored & bit == 0 {
        if outcome.matched & bit != 0 { right += 1 } else { wrong += 1 }
      }
      recalls.append(right / Double(truths))
      precisions.append(right / (wrong + right + Double.ulpOfOne))
    }
    guard let last = recalls.last else { return }
    recall = last
    for index in precisions.indices.dropFirst().reversed() {
      precisions[index - 1] = max(precisions[index - 1], precisions[index])
    }
    var total = 0.0
    var index = 0
    for point in COCOProtocol.recallPoints {
      while index < recalls.count, recalls[index] < point { index += 1 }
      if index == recalls.count { break }
      total += precisions[index]
    }
    averagePrecision = total / Double(COCOProtocol.recallPoints.count)
  }
}
